"""The publisher for programs without an event loop: same promises, ordinary calls."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Self

from contract.event import Event
from contract.names import DEFAULT_PARTITIONS
from producers.publisher import DEFAULT_DEADLINE_SECONDS, BrokerAway, Publisher


class BlockingPublisher:
    """What :class:`producers.publisher.Publisher` is, for threads: every method returns when it is done.

    Use it as a context manager; entering connects. One may serve any number of threads; the connection lives in a
    thread and an event loop of its own. It does not survive a fork: make one in each process.
    """

    def __init__(
        self,
        amqp_url: str,
        *,
        partitions: int = DEFAULT_PARTITIONS,
        deadline_seconds: float = DEFAULT_DEADLINE_SECONDS,
    ) -> None:
        self._publisher = Publisher(amqp_url, partitions=partitions, deadline_seconds=deadline_seconds)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        # Held while work is handed over, so that nothing is handed to a loop that has ended: nobody would answer.
        self._handing_over = threading.Lock()
        self._open = False

    @property
    def in_flight(self) -> int:
        """How many events wait for the broker's confirm now."""
        return self._publisher.in_flight

    def __enter__(self) -> Self:
        """Connects. Raises the errors of :meth:`publish`."""
        if self._thread is not None:
            raise RuntimeError("this publisher is open already: make one for each `with`")
        started = threading.Event()
        # A daemon: a program that ends without leaving the context must not hang.
        self._thread = threading.Thread(target=self._run, args=(started,), name="callsheet-publisher", daemon=True)
        self._thread.start()
        started.wait()
        self._open = True
        try:
            self._call(self._publisher.connect())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def publish(self, event: Event) -> None:
        """Returns when the broker has confirmed the event.

        Raises what :meth:`Publisher.publish` raises, and :class:`BrokerAway` when another thread closes the publisher
        meanwhile.
        """
        self._call(self._publisher.publish(event))

    def publish_all(self, events: Iterable[Event], confirmed: Callable[[Event], None] | None = None) -> None:
        """Returns when the broker has confirmed every event; ``confirmed`` is called after each, in another thread.

        Raises the first error of :meth:`publish`; then any of the events may or may not be with the broker.
        """
        self._call(self._publisher.publish_all(list(events), confirmed))

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        with self._handing_over:
            if self._loop is None or not self._open or self._process != os.getpid():
                work.close()
                raise RuntimeError(
                    "this publisher is not open here: publish inside `with BlockingPublisher(…)`, in the process that "
                    "has entered it"
                )
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            future.result()
        except CancelledError:
            raise BrokerAway(
                "the publisher was closed before the broker had confirmed: publish it again with another one"
            ) from None
        except BaseException:  # Ctrl-C in the caller's thread: nobody waits for the rest
            future.cancel()
            raise

    def _run(self, started: threading.Event) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._loop.call_soon(started.set)
            self._loop.run_forever()
            runner.run(self._end())

    async def _end(self) -> None:
        """What other threads still wait for ends as cancelled, while the loop can tell them; then the connection."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._publisher.close()

    def _stop(self) -> None:
        with self._handing_over:
            if self._loop is None or self._thread is None or not self._open or self._process != os.getpid():
                return
            self._open = False
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
