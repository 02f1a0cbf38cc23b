"""Whoever drains the outbox is killed again and again while changes are committed; then everything is compared.

``python -m tests.producers.sources.outbox_kills`` is the long form: 50 kills, 5,000 changes.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aio_pika
import psycopg

from contract import names
from contract.event import CancelledEvent, ChangedEvent, Event
from contract.names import DEFAULT_PARTITIONS
from deploy.sandbox.broker import PrivateBroker
from deploy.sandbox.children import CHECKOUT, Child, ChildError
from deploy.sandbox.installation import clean_environment
from deploy.sandbox.postgres import PrivatePostgres
from tests.producers.sources.studio_database import studio_database, waiting, write_shift
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually

_WRITERS = 4
_SHIFTS = 60
_PEOPLE = 12
_ROLLED_BACK = 0.15
_LONGEST_LIFE_SECONDS = 3.0


@dataclass
class Truth:
    """What the writers did: each change has a title of its own."""

    committed: set[str] = field(default_factory=set)
    rolled_back: set[str] = field(default_factory=set)
    deleted: int = 0


@dataclass(frozen=True)
class Verdict:
    """How a run ended. ``repeated``: messages that the broker has twice, because a kill struck between two commits."""

    kills: int
    changes: int
    rolled_back: int
    messages: int
    repeated: int
    missing: int
    from_nowhere: int
    out_of_order: int
    wrong_at_the_end: int
    seconds: float

    def __str__(self) -> str:
        counts = " ".join(f"{name}={value}" for name, value in vars(self).items() if name != "seconds")
        return f"outbox: {counts} seconds={self.seconds:.0f}"


class Writers:
    """Threads that change shifts, in transactions of one to four changes, as many as they are allowed to so far."""

    def __init__(self, dsn: str, changes: int, seed: int) -> None:
        self._dsn = dsn
        self._changes = changes
        self._seed = seed
        self._lock = threading.Condition()
        self._allowed = self._begun = 0
        self.truth = Truth()
        self._threads = ThreadPoolExecutor(_WRITERS)
        self._done: list[Future[None]] = []

    def start(self) -> None:
        self._done = [self._threads.submit(self._run, number) for number in range(_WRITERS)]

    def allow(self, changes: int) -> None:
        with self._lock:
            self._allowed = min(changes, self._changes)
            self._lock.notify_all()

    def join(self) -> None:
        for writer in self._done:
            writer.result(60)
        self._threads.shutdown()

    def _run(self, number: int) -> None:
        chance = random.Random(f"{self._seed}-{number}")
        with psycopg.connect(self._dsn) as connection:
            while size := self._next(chance.randint(1, 4)):
                self._transaction(connection, chance, size)

    def _next(self, wanted: int) -> int:
        """How many changes the next transaction makes; 0 at the end."""
        with self._lock:
            assert self._lock.wait_for(lambda: self._begun < self._allowed or self._begun == self._changes, 120)
            size = min(wanted, self._allowed - self._begun)
            self._begun += size
            return size

    def _transaction(self, connection: psycopg.Connection[Any], chance: random.Random, size: int) -> None:
        # In the order of their ids: two transactions must not wait for each other.
        shifts = sorted(chance.sample(range(_SHIFTS), size))
        titles = [f"{chance.getrandbits(64):016x}" for _ in shifts]
        deleted = 0
        for shift, title in zip(shifts, titles, strict=True):
            write_shift(connection, f"S-{shift}", f"person-{chance.randrange(_PEOPLE)}@example.com", title)
            if chance.random() < 0.1:
                connection.execute("DELETE FROM shift WHERE id = %s", (f"S-{shift}",))
                deleted += 1
        if chance.random() < _ROLLED_BACK:
            connection.rollback()
            with self._lock:
                self.truth.rolled_back |= set(titles)
                self._begun -= size
            return
        connection.commit()
        with self._lock:
            self.truth.committed |= set(titles)
            self.truth.deleted += deleted


def run(
    kills: int, changes: int, seed: int, server: PrivatePostgres, amqp_url: str, folder: Path
) -> tuple[Verdict, Truth]:
    """Kill, commit, compare. The topology must be there."""
    started = time.monotonic()
    dsn = studio_database(server)
    chance = random.Random(seed)
    writers = Writers(dsn, changes, seed)
    writers.start()
    for number in range(kills):
        producer = _start(dsn, amqp_url, folder / f"producer-{number}.log")
        writers.allow((number + 1) * changes // kills)
        if number % 2:  # every other one while it works, the rest at any time from its start on
            eventually(partial(_has_begun, producer), 30, what="the producer publishes")
        with suppress(ChildError):  # which says that it was killed when its time was over
            producer.wait(chance.uniform(0, 0.3 if number % 2 else _LONGEST_LIFE_SECONDS))
        assert producer.exit_code() == -signal.SIGKILL, producer.tail()
    writers.join()
    last = _start(dsn, amqp_url, folder / "producer-last.log")
    eventually(lambda: _has_begun(last) and not waiting(dsn), 60, what="the outbox is empty")
    assert last.stop() == 0, last.tail()
    events = asyncio.run(_everything(amqp_url))
    return _verdict(kills, events, writers.truth, dsn, time.monotonic() - started), writers.truth


def _start(dsn: str, amqp_url: str, log: Path) -> Child:
    command = [sys.executable, "-m", "producers", "outbox", "postgres", dsn, "--follow"]
    environment = {**clean_environment(), "CALLSHEET_AMQP_URL": amqp_url}
    return Child(log.stem, command, log=log, environment=environment, directory=CHECKOUT)


def _has_begun(producer: Child) -> bool:
    producer.require_running()
    return "publishing" in producer.tail()


async def _everything(amqp_url: str) -> list[Event]:
    """Every message that the partition queues hold, in the order of each queue."""
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        queues = [
            await channel.declare_queue(names.partition_queue(n), passive=True) for n in range(DEFAULT_PARTITIONS)
        ]
        count = sum(queue.declaration_result.message_count or 0 for queue in queues)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) >= count)
    return arrivals.events


def _verdict(kills: int, events: list[Event], truth: Truth, dsn: str, seconds: float) -> Verdict:
    titles = {event.data.title for event in events if isinstance(event, ChangedEvent)}
    return Verdict(
        kills=kills,
        changes=len(truth.committed),
        rolled_back=len(truth.rolled_back),
        messages=len(events),
        repeated=len(events) - len({event.id for event in events}),
        missing=len(truth.committed - titles),
        from_nowhere=len(titles - truth.committed),
        out_of_order=_out_of_order(events),
        wrong_at_the_end=len(_shown(events) ^ _shifts(dsn)),
        seconds=seconds,
    )


def _out_of_order(events: Iterable[Event]) -> int:
    """How often a booking went back to a lower revision that had not been there before: a repeat is none."""
    highest: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    count = 0
    for event in events:
        assert isinstance(event, ChangedEvent | CancelledEvent)
        key = event.mailbox, event.data.booking
        count += event.data.revision < highest.get(key, -1) and event.id not in seen
        highest[key] = max(highest.get(key, -1), event.data.revision)
        seen.add(event.id)
    return count


def _shown(events: Iterable[Event]) -> set[tuple[str, str, str]]:
    """What the calendars show in the end: the highest revision of each booking in each mailbox."""
    highest: dict[tuple[str, str], ChangedEvent | CancelledEvent] = {}
    for event in events:
        assert isinstance(event, ChangedEvent | CancelledEvent)
        key = event.mailbox, event.data.booking
        if key not in highest or highest[key].data.revision <= event.data.revision:
            highest[key] = event
    return {(*key, event.data.title) for key, event in highest.items() if isinstance(event, ChangedEvent)}


def _shifts(dsn: str) -> set[tuple[str, str, str]]:
    with psycopg.connect(dsn) as connection:
        return {(email, shift, job) for email, shift, job in connection.execute("SELECT email, id, job FROM shift")}


def main() -> int:
    """The long form, with a broker and a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--changes", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with PrivateBroker() as broker, PrivatePostgres() as server, tempfile.TemporaryDirectory() as folder:
        amqp_url = broker.new_vhost()
        asyncio.run(declare_topology(amqp_url))
        verdict, _ = run(given.kills, given.changes, given.seed, server, amqp_url, Path(folder))
    print(verdict)
    return int(bool(verdict.missing or verdict.from_nowhere or verdict.out_of_order or verdict.wrong_at_the_end))


if __name__ == "__main__":
    sys.exit(main())
