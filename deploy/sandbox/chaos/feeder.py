"""Publishes the events of a run through ``callsheet-producer``, each when it is due, and keeps a journal of them."""

import heapq
import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from deploy.sandbox.chaos.events import Due, Event
from deploy.sandbox.chaos.verdict import Model
from deploy.sandbox.children import Child, ChildError

StartProducer = Callable[[Path], Child]
"""Starts ``callsheet-producer publish`` on a pipe; its summary is on ``stdout``."""

_END_SECONDS: Final = 150.0
"""How long the producer may take to get its last events confirmed."""


@dataclass(frozen=True, slots=True)
class Published:
    """One time that an event was handed to the producer."""

    event: Event
    time: datetime


class Feeder:
    """Hands events to the producer over a pipe.

    ``stream`` is spread over ``storm_seconds``; :meth:`add` may be called from any thread for more. A thread of its own
    does the writing, since the producer reads no further while the broker is away.
    """

    def __init__(self, start: StartProducer, folder: Path, stream: Sequence[Due], storm_seconds: float) -> None:
        self.model = Model()
        self._journal: dict[tuple[str, str], list[Published]] = {}
        self._count = 0
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Event]] = []
        self._stream = stream
        self._storm_seconds = storm_seconds
        self._changed = threading.Condition()
        self._ending = False
        self._failure: Exception | None = None
        pipe = folder / "events.pipe"
        os.mkfifo(pipe, 0o600)
        self._producer = start(pipe)
        self._pipe = pipe
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    @property
    def published(self) -> int:
        """How many events were handed over, repeated ones counted again."""
        return self._count

    def begin(self) -> None:
        """Let the storm's time begin."""
        now = time.monotonic()
        with self._changed:
            for due in self._stream:
                self._push(now + due.at * self._storm_seconds, due.event)
        self._thread.start()

    def add(self, event: Event, after_seconds: float = 0.0) -> None:
        """Publish one more event, so much later."""
        with self._changed:
            self._push(time.monotonic() + after_seconds, event)
            self._changed.notify()

    def require_going_on(self) -> None:
        """Raise what the writing raised, or ChildError if the producer has ended too early."""
        if self._failure is not None:
            raise self._failure
        if not self._ending:
            self._producer.require_running()

    def wait_until_handed_over(self, timeout_seconds: float, tick: Callable[[], None]) -> None:
        """Wait until nothing is due any more; ``tick`` is called meanwhile. Raises ChildError after the time limit."""
        deadline = time.monotonic() + timeout_seconds
        while self._queue:
            tick()
            if time.monotonic() > deadline:
                raise ChildError(f"{len(self._queue)} events could not be handed to the producer")
            time.sleep(0.1)

    def end(self) -> None:
        """Hand over what is left and wait for the producer's end. Raises ChildError if it did not publish all of it."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(_END_SECONDS)
        if self._failure is not None:
            raise self._failure
        summary = self._producer.stdout.read()
        code = self._producer.wait(_END_SECONDS)
        if code:
            raise ChildError(f"callsheet-producer ended with code {code}: {summary.decode()}\n{self._producer.tail()}")
        published = json.loads(summary)["published"]
        if published != self._count:
            raise ChildError(f"callsheet-producer was given {self._count} events and published {published}")

    def history(self, mailbox: str, booking: str) -> Sequence[Published]:
        """Every time that an event of this booking was handed over."""
        return self._journal.get((mailbox, booking), ())

    def write_journal(self, file: Path) -> None:
        """Everything that was handed over, as lines of JSON."""
        with file.open("w", encoding="utf-8") as sink:
            for published in sorted(itertools.chain(*self._journal.values()), key=lambda one: one.time):
                event = published.event
                line = {
                    "time": published.time.isoformat(),
                    "id": event.id,
                    "type": event.type,
                    "mailbox": event.mailbox,
                    "booking": event.booking,
                    "revision": event.revision,
                }
                sink.write(json.dumps(line) + "\n")

    def _push(self, at: float, event: Event) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), event))

    def _run(self) -> None:
        try:
            with self._pipe.open("wb", buffering=0) as pipe:
                while (due := self._next()) is not None:
                    self._hand_over(pipe, due)
        except OSError as error:
            self._failure = ChildError(f"the producer takes no more events ({error}):\n{self._producer.tail()}")

    def _next(self) -> list[Event] | None:
        """What is due now; waits for it. None at the end."""
        with self._changed:
            while True:
                now = time.monotonic()
                due: list[Event] = []
                while self._queue and (self._ending or self._queue[0][0] <= now):
                    due.append(heapq.heappop(self._queue)[2])
                if due:
                    return due
                if self._ending:
                    return None
                self._changed.wait(min(0.5, self._queue[0][0] - now) if self._queue else 0.5)

    def _hand_over(self, pipe: IO[bytes], events: Iterable[Event]) -> None:
        for event in events:
            now = datetime.now(UTC)
            # Noted before it is written: what may have been published is part of the model.
            self.model.note(event)
            self._journal.setdefault((event.mailbox, event.booking), []).append(Published(event, now))
            self._count += 1
            view = memoryview(event.line(now))
            while view:
                view = view[pipe.write(view) :]
