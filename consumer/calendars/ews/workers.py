"""The worker threads that speak to Exchange, each with a connection of its own.

A request that does not end in time is watched from outside: its worker is given up and a new one takes its place, so
that the number of workers cannot drain away.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.connection import Connection

_GRACE_SECONDS = 5.0
"""How much longer than the request's own deadline a worker may take before it counts as stuck."""

Request = tuple[str, str | None, str]
"""Operation, mailbox, body: the arguments of :meth:`Connection.ask`."""


class Workers:
    """A fixed number of workers; a request waits until one is free, first come, first served.

    ``on_stuck`` is told of every worker that had to be replaced: operation and mailbox of the request that did not end.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        count: int,
        timeout_seconds: float,
        on_stuck: Callable[[str, str | None], None] = lambda *_: None,
    ) -> None:
        self._connect = connect
        self._timeout_seconds = timeout_seconds
        self._free: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for _ in range(count):
            self._free.put_nowait(_Worker(connect))
        self._on_stuck = on_stuck
        self._generation = 0

    async def ask(self, operation: str, mailbox: str | None, body: str) -> list[Any]:
        """Let a worker send a request. Raises :class:`CalendarError`; one that is stuck is ``Deadline``."""
        worker = await self._free.get()
        generation = self._generation
        answer = worker.submit((operation, mailbox, body))
        try:
            async with asyncio.timeout(self._timeout_seconds + _GRACE_SECONDS):
                return await answer
        except TimeoutError:
            raise CalendarError("Deadline", "no end of the answer in time", Remedy.LOOK_FIRST) from None
        finally:
            if not answer.done() or answer.cancelled():
                worker.give_up()
                self._on_stuck(operation, mailbox)
                worker = _Worker(self._connect)
            elif generation != self._generation:
                worker.give_up()
                worker = _Worker(self._connect)
            self._free.put_nowait(worker)

    def reconnect(self) -> None:
        """Let every worker make a new connection: those that are free now, the others when their request has ended."""
        self._generation += 1
        old = [self._free.get_nowait() for _ in range(self._free.qsize())]
        for worker in old:
            worker.give_up()
            self._free.put_nowait(_Worker(self._connect))

    async def close(self) -> None:
        """Give up the workers that are free; one that is still at work ends with its request."""
        while not self._free.empty():
            self._free.get_nowait().give_up()


class _Worker:
    """One daemon thread. Daemon, so that a request which hangs cannot keep the process from ending."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._jobs: SimpleQueue[tuple[Request, asyncio.Future[list[Any]]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(connect,), name="ews-worker", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> asyncio.Future[list[Any]]:
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._jobs.put((request, answer))
        return answer

    def give_up(self) -> None:
        self._jobs.put(None)

    def _run(self, connect: Callable[[], Connection]) -> None:
        connection = connect()
        while (job := self._jobs.get()) is not None:
            request, answer = job
            try:
                result = connection.ask(*request)
            except CalendarError as error:
                _deliver(answer, error)
            except Exception as error:  # noqa: BLE001 - a fault of ours must reach the lane, not end the thread
                connection.close()
                _deliver(answer, CalendarError("Fault", f"{type(error).__name__}: {error}", Remedy.LOOK_FIRST))
            else:
                _deliver(answer, result)
        connection.close()


def _deliver(answer: asyncio.Future[list[Any]], result: list[Any] | Exception) -> None:
    """Hand a result over to the event loop, where somebody may have stopped waiting for it."""

    def settle() -> None:
        if answer.done():
            return
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    loop = answer.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
