"""Reading a source that may never answer: a share that is gone, a pipe that nobody writes to, a server that hangs."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Generic, TypeVar

T = TypeVar("T")


class TimedOut(Exception):
    """The source has not answered in time. Nothing was published; the text says since when it is being read."""


class PatientReader(Generic[T]):
    """Reads in a thread of its own and gives up waiting after ``timeout_seconds``; a thread cannot be stopped.

    While one reading still hangs, no other is begun: the next call waits for the same one, and takes nothing from it
    when it ends, because what it read is old by then.
    """

    def __init__(self, read: Callable[[], T], timeout_seconds: float) -> None:
        self._read = read
        self._timeout_seconds = timeout_seconds
        self._hanging: Future[T] | None = None
        self._since = datetime.now(UTC)

    async def read(self) -> T:
        """What the source says now. Raises :class:`TimedOut`, and whatever the reading raises."""
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        if self._hanging is not None:
            await self._wait(self._hanging, deadline)
        self._since = datetime.now(UTC)
        self._hanging = self._begin()
        await self._wait(self._hanging, deadline)
        done, self._hanging = self._hanging, None
        return done.result()

    async def _wait(self, reading: "Future[T]", deadline: float) -> None:
        waiting = asyncio.wrap_future(reading)
        # Else asyncio complains that nobody looked at the error of a reading that was given up.
        waiting.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        left = max(0.0, deadline - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait([waiting], timeout=left)
        if not done:
            since = self._since.strftime("%Y-%m-%d %H:%M:%S")
            raise TimedOut(
                f"the source has not been read within {self._timeout_seconds:g} s (since {since} UTC): "
                "is it reachable? Nothing was published, the next update tries again"
            )

    def _begin(self) -> "Future[T]":
        reading: Future[T] = Future()

        def run() -> None:
            try:
                reading.set_result(self._read())
            except BaseException as error:  # noqa: BLE001 - handed over to whoever waits
                reading.set_exception(error)

        # A daemon thread, because one of the loop's own pool would be waited for when the process ends.
        threading.Thread(target=run, name="source", daemon=True).start()
        return reading
