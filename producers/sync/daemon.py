"""A sync that stays: it updates by its timetable, and now when somebody asks."""

import asyncio
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from producers.sync.failure import FAILURES, kind_of
from producers.sync.metrics import SyncMetrics
from producers.sync.plan import NOTHING, Accepted
from producers.sync.request import CHANGES, Kind, Request, UnknownName, merged
from producers.sync.status import Status
from producers.sync.timetable import Timetable
from producers.sync.update import Updater

_BEAT_SECONDS: Final = 1.0
_ALIVE_SECONDS: Final = 60.0
_LONGEST_WAIT: Final = timedelta(seconds=30)
"""How long it relies on the clock not having been set meanwhile."""


class Daemon:
    """Updates until it is stopped, one update at a time.

    What is asked for meanwhile comes next, what is asked for twice is done once. A failed update is reported and
    counted, and done again when the timetable says so.
    """

    def __init__(
        self,
        updater: Updater,
        timetable: Timetable,
        report: Callable[[Status], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``report`` is called after each update."""
        self._updater = updater
        self._timetable = timetable
        self._report = report
        self._clock = clock
        self._asked: dict[Kind, Request] = {}
        self._owed: list[Request] = []
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._last_beat = time.monotonic()
        self.status = Status(clock())
        self.metrics = SyncMetrics()

    @property
    def alive(self) -> bool:
        """False when the event loop has stood still for too long: the process should be restarted."""
        return time.monotonic() - self._last_beat < _ALIVE_SECONDS

    def ask(self, request: Request) -> None:
        """Update now, or as soon as the update that is under way has ended."""
        self._asked[request.kind] = merged(self._asked.get(request.kind), request)
        self._wake.set()

    def stop(self) -> None:
        """End now. An update that is under way is broken off; the next start publishes the rest."""
        self._stop.set()
        self._wake.set()

    async def run(self, first: Request, accepted: Accepted = NOTHING) -> None:
        """Begins with the first request at once; what was accepted holds for that one alone.

        SIGHUP asks for an update now, SIGTERM and SIGINT stop.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.ask, Request(Kind.NOW))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        beating = asyncio.create_task(self._beat())
        try:
            await self._update_by_the_timetable(first, accepted)
        finally:
            beating.cancel()

    async def _update_by_the_timetable(self, first: Request, accepted: Accepted) -> None:
        self.ask(first)
        daily = self._timetable.next_daily(self._clock())
        change: datetime | None = None
        while not self._stop.is_set():
            now = self._clock()
            if daily is not None and now >= daily:
                self.ask(Request(Kind.DAILY))
                daily = self._timetable.next_daily(now)
            if change is not None and now >= change:
                owed, self._owed, change = self._owed, [], None
                for request in owed or [CHANGES]:
                    self.ask(request)
            if self._asked:
                request = self._asked.pop(next(iter(self._asked)))
                await self._update(request, accepted)
                accepted = NOTHING
                if not request.who or change is None or self._owed:  # who asks for a few puts off nobody else
                    change = self._timetable.next_change(self._clock(), failed=bool(self._owed))
                self.status.next_at = min(due for due in (daily, change) if due is not None)
                self._report(self.status)
            elif self.status.next_at is not None:
                await self._sleep_until(self.status.next_at)

    async def _update(self, request: Request, accepted: Accepted) -> None:
        update = asyncio.create_task(self._updater.update(request, accepted))
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait({update, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not update.done():
            update.cancel()
            await asyncio.wait({update})
            return
        try:
            summary = update.result()
        except FAILURES as error:
            self.status.failed(request, self._clock(), error)
            self.metrics.failed(kind_of(error))
            if not isinstance(error, UnknownName):
                self._owed.append(request)
        else:
            self.status.succeeded(request, self._clock(), summary)
            self.metrics.succeeded(summary)

    async def _sleep_until(self, due: datetime) -> None:
        left = min(due - self._clock(), _LONGEST_WAIT).total_seconds()
        self._wake.clear()
        if self._asked or self._stop.is_set() or left <= 0:
            return
        try:
            async with asyncio.timeout(left):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _beat(self) -> None:
        while True:
            self._last_beat = time.monotonic()
            await asyncio.sleep(_BEAT_SECONDS)
