"""The calendars behind the breaker: while Exchange as a whole is unusable nothing is asked of it but a probe."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

from consumer.breaker import REFUSED_LOGIN, Breaker, BreakerState
from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.port import Calendars, Result
from consumer.core.actions import Action
from consumer.core.mailbox import MailboxState

BREAKER_OPEN: Final = "BreakerOpen"


class Probed(Calendars, Protocol):
    """Calendars that can also be asked whether they are there."""

    async def probe(self, mailbox: str | None) -> None:
        """One small request, for a mailbox or for the server itself. Raises :class:`CalendarError`."""
        ...


class GuardedCalendars:
    """Implements :class:`consumer.calendars.port.Calendars`, tells the breaker of every result, and probes for it.

    ``renew`` is called while a log-in is refused: it reads the password again and says whether it is another one.
    ``changed`` is called after every change of the breaker's state.
    """

    def __init__(
        self, calendars: Probed, breaker: Breaker, renew: Callable[[], bool], changed: Callable[[], None]
    ) -> None:
        self._calendars = calendars
        self._breaker = breaker
        self._renew = renew
        self._changed = changed
        self._confirming: asyncio.Task[None] | None = None
        self._hold = asyncio.Event()
        self._hold.set()

    async def load(self, mailbox: str, since: datetime, ledger_folder: str | None) -> MailboxState:
        """See :class:`consumer.calendars.port.Calendars`."""
        return await self._reading(mailbox, lambda: self._calendars.load(mailbox, since, ledger_folder))

    async def load_keys(
        self, mailbox: str, since: datetime, ledger_folder: str | None, keys: Collection[str]
    ) -> MailboxState:
        """See :class:`consumer.calendars.port.Calendars`."""
        return await self._reading(mailbox, lambda: self._calendars.load_keys(mailbox, since, ledger_folder, keys))

    async def write(self, mailbox: str, state: MailboxState, actions: Sequence[Action]) -> list[Result]:
        """See :class:`consumer.calendars.port.Calendars`."""
        try:
            await self._admitted()
        except CalendarError as error:
            return [error] * len(actions)
        results = await self._calendars.write(mailbox, state, actions)
        errors = [result for result in results if isinstance(result, CalendarError)]
        if len(errors) < len(results):
            self._breaker_hears_success(mailbox)
        elif errors:
            self._failed(mailbox, errors[0])
        return results

    async def close(self) -> None:
        """See :class:`consumer.calendars.port.Calendars`."""
        if self._confirming is not None:
            self._confirming.cancel()
            await asyncio.wait([self._confirming])
        await self._calendars.close()

    async def watch(self) -> None:
        """Probe while the breaker is open, until cancelled."""
        first = True
        while True:
            if self._breaker.state is not BreakerState.OPEN:
                first = False
                if self._breaker.settle_down():
                    self._changed()
                await asyncio.sleep(0.1)
                continue
            if not first:
                await self._until_next_probe()
            first = False
            target = self._breaker.probe_target()
            try:
                await self._calendars.probe(target)
            except CalendarError as error:
                self._breaker.confirmed(error, target)
            else:
                self._breaker.reached()
            self._changed()

    async def _until_next_probe(self) -> None:
        """The breaker's pause; after a refused log-in it ends at once when the password has become another one."""
        pause = self._breaker.seconds_to_next_probe()
        if self._breaker.code != REFUSED_LOGIN:
            await asyncio.sleep(pause)
            return
        for _ in range(round(pause)):
            await asyncio.sleep(1.0)
            if self._renew():
                return

    async def _reading(self, mailbox: str, read: Callable[[], Awaitable[MailboxState]]) -> MailboxState:
        await self._admitted()
        try:
            state = await read()
        except CalendarError as error:
            self._failed(mailbox, error)
            raise
        self._breaker_hears_success(mailbox)
        return state

    async def _admitted(self) -> None:
        await self._hold.wait()
        if self._breaker.state is BreakerState.OPEN:
            raise CalendarError(BREAKER_OPEN, self._breaker.reason, Remedy.RETRY_SOON)

    def _breaker_hears_success(self, mailbox: str) -> None:
        before = self._breaker.state
        self._breaker.succeeded(mailbox)
        if self._breaker.state is not before:
            self._changed()

    def _failed(self, mailbox: str, error: CalendarError) -> None:
        if self._breaker.failed(mailbox, error) and (self._confirming is None or self._confirming.done()):
            # What may be a refused log-in is not repeated by others while it is being confirmed.
            if error.remedy is Remedy.OUTAGE:
                self._hold.clear()
            self._confirming = asyncio.create_task(self._confirm(mailbox), name="breaker")

    async def _confirm(self, mailbox: str) -> None:
        target = self._breaker.probe_target(mailbox)
        try:
            await self._calendars.probe(target)
        except CalendarError as confirmation:
            self._breaker.confirmed(confirmation, target)
            self._changed()
        else:
            self._breaker.disproved()
        finally:
            self._hold.set()
