"""A sync that stays: its timetable, signals, the HTTP port, sources that fail and come back, a clock that is moved."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.event import SnapshotEvent
from producers.publisher import Publisher
from producers.sync.daemon import Daemon
from producers.sync.failure import FailureKind
from producers.sync.port import SyncPort
from producers.sync.request import CHANGES, Kind, Request
from producers.sync.timetable import Timetable
from producers.sync.update import Updater
from tests.producers.command import Studio
from tests.producers.samples import event_xml, schedule_xml, write
from tests.producers.test_update import COPENHAGEN, House, on
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually, eventually_async


def ask(url: str, body: bytes | None = None) -> tuple[int, str]:
    """Status and body; a request with a body is a POST."""
    try:
        with urllib.request.urlopen(url, body, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Staying:
    """``callsheet-producer sync … --every`` in a process of its own."""

    def __init__(self, studio: Studio, amqp_url: str, *options: str) -> None:
        self.status_file = studio.state.with_suffix(".json")
        files = [studio.schedule, "--directory", studio.directory, "--state", studio.state]
        more = ["--status", self.status_file, "--http-port", "0", "--json", *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "producers", "sync", "pentabarf", *map(str, [*files, *more])],
            env={**os.environ, "CALLSHEET_AMQP_URL": amqp_url, "TERM": "dumb"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stderr.readline())
        assert found is not None
        self.url = found[0]

    def status(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.status_file.read_bytes()) if self.status_file.exists() else {}
        return read

    def until(self, updates: int) -> dict[str, Any]:
        """The status once so many updates have ended."""
        eventually(lambda: self.status().get("updates", 0) >= updates, 40, what=f"{updates} updates")
        return self.status()

    def metric(self, sample: str) -> float:
        (line,) = [line for line in ask(f"{self.url}/metrics")[1].splitlines() if line.startswith(sample + " ")]
        return float(line.split()[-1])


@contextmanager
def staying(studio: Studio, amqp_url: str, *options: str) -> Iterator[Staying]:
    sync = Staying(studio, amqp_url, *options)
    try:
        yield sync
    finally:
        sync.process.kill()
        sync.process.communicate(timeout=10)


def test_it_follows_the_source_through_failures_and_stops_when_it_is_told(tmp_path: Path, amqp_url: str) -> None:
    asyncio.run(declare_topology(amqp_url))
    studio = Studio(tmp_path, amqp_url)
    whole = schedule_xml({"Suite 4": [event_xml("g-1")]})
    write(studio.schedule, whole)
    with staying(studio, amqp_url, "--every", "0.2s") as sync:
        first = sync.until(1)["last_success"]
        assert (first["changed"], first["snapshots"], first["error"]) == (2, 0, None)

        write(studio.schedule, whole[:-40])
        eventually(lambda: sync.status()["failures"]["source"] >= 2, 30, what="the damaged file is met twice")
        told = sync.status()
        assert "not well-formed" in told["last"]["error"]
        assert told["last_success"]["error"] is None
        assert sync.metric('callsheet_sync_failures_total{kind="source"}') >= 2

        write(studio.schedule, schedule_xml({"Suite 4": [event_xml("g-1", title="Mix")]}))
        eventually(lambda: sync.metric('callsheet_sync_events_total{kind="changed"}') == 4, 30, what="the mended file")
        assert sync.metric("callsheet_sync_bookings") == 1
        assert sync.metric("callsheet_sync_last_success_timestamp_seconds") > 0
        sync.process.send_signal(signal.SIGTERM)
        output, errors = sync.process.communicate(timeout=20)
        assert sync.process.returncode == 0, errors
        summaries = [json.loads(line) for line in output.splitlines()]
        assert sum(summary["changed"] for summary in summaries) == 4
        assert "not well-formed" in errors


def test_update_now_by_signal_and_over_http(tmp_path: Path, amqp_url: str) -> None:
    asyncio.run(declare_topology(amqp_url))
    studio = Studio(tmp_path, amqp_url)
    write(studio.schedule, schedule_xml({"Suite 4": [event_xml("g-1")]}))
    with staying(studio, amqp_url, "--every", "1h") as sync:
        assert sync.until(1)["last"]["asked_for"] == "changes"
        sync.process.send_signal(signal.SIGHUP)
        everybody = sync.until(2)["last"]
        assert (everybody["asked_for"], everybody["changed"], everybody["snapshots"]) == ("now", 0, 3)
        wanted = json.dumps({"mailboxes": ["Anna@example.com"], "objects": ["room:Suite 4"]}).encode()
        assert ask(f"{sync.url}/trigger", wanted) == (202, '{"accepted":true}')
        assert sync.until(3)["last"]["snapshots"] == 2
        assert ask(f"{sync.url}/trigger", b"")[0] == 202
        assert sync.until(4)["last"]["snapshots"] == 3
        assert ask(f"{sync.url}/trigger", b'{"mailboxes": ["typo@example.com"]}')[0] == 202
        refused = sync.until(5)
        assert refused["failures"]["refused"] == 1
        assert "typo@example.com" in refused["last"]["error"]
        assert json.loads(ask(f"{sync.url}/status")[1])["updates"] == 5
        assert ask(f"{sync.url}/healthz") == (200, '{"alive":true}')
        for body in (
            b"[]",
            b'{"who": "anna@example.com"}',
            b'{"mailboxes": "anna@example.com"}',
            b'{"objects": ["car:1"]}',
        ):
            status, said = ask(f"{sync.url}/trigger", body)
            assert status == 400
            assert "error" in json.loads(said)
        assert ask(f"{sync.url}/elsewhere")[0] == 404
        assert sync.status()["updates"] == 5


def test_what_was_accepted_holds_for_the_first_update_alone(tmp_path: Path, amqp_url: str) -> None:
    asyncio.run(declare_topology(amqp_url))
    studio = Studio(tmp_path, amqp_url)
    assert studio.sync(schedule=schedule_xml({"Suite 4": [event_xml("g-1")]})).returncode == 0
    write(studio.schedule, schedule_xml({}))
    with staying(studio, amqp_url, "--every", "0.2s", "--allow-empty") as sync:
        assert sync.until(1)["last_success"]["cancelled"] == 2
        write(studio.schedule, schedule_xml({"Suite 4": [event_xml("g-2")]}))
        eventually(lambda: sync.status()["last_success"]["bookings"] == 1, 30, what="a booking again")
        write(studio.schedule, schedule_xml({}))
        eventually(lambda: sync.status()["failures"]["refused"] >= 1, 30, what="empty once more")
        assert "--allow-empty" in sync.status()["last"]["error"]


@asynccontextmanager
async def daemon(house: House, timetable: Timetable) -> AsyncIterator[Daemon]:
    """A daemon in this process, on the clock of the house."""
    updater = Updater(house.job, lambda: Publisher(house.amqp_url), lambda: house.now)
    made = Daemon(updater, timetable, lambda _: None, lambda: house.now)
    running = asyncio.create_task(made.run(CHANGES))
    try:
        yield made
    finally:
        made.stop()
        async with asyncio.timeout(20):
            await running


async def test_at_the_update_time_of_each_day_snapshots_are_sent(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    house = House(tmp_path, amqp_url, now=datetime(2026, 11, 30, 4, 59, tzinfo=UTC))
    write(house.schedule, schedule_xml({"Suite 4": [on(3, "a"), on(8, "b")]}))
    async with daemon(house, Timetable(None, time(6), COPENHAGEN)) as sync:
        await eventually_async(lambda: sync.status.updates == 1, what="the update at the start")
        assert sync.status.next_at == datetime(2026, 11, 30, 5, tzinfo=UTC)
        for day in (0, 1):
            house.now = datetime(2026, 11, 30, 5, tzinfo=UTC) + timedelta(days=day)
            sync.ask(Request(Kind.NOW, frozenset(["anna@example.com"])))  # wakes it, so that it looks at the clock
            await eventually_async(lambda day=day: sync.status.updates == 3 + 2 * day, what="the daily update")
            assert sync.status.next_at == datetime(2026, 12, 1, 5, tzinfo=UTC) + timedelta(days=day)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) >= 10)
    to_suite = [event for event in arrivals.events if event.subject == "suite-4@example.com"]
    listed = [len(event.data.bookings) if isinstance(event, SnapshotEvent) else None for event in to_suite]
    assert listed == [None, 1, None, 2]


async def test_a_failed_daily_update_is_not_forgotten(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    house = House(tmp_path, amqp_url)
    async with daemon(house, Timetable(None, time(6), COPENHAGEN)) as sync:
        await eventually_async(lambda: sync.status.failures[FailureKind.SOURCE] == 1, what="no schedule there")
        sync.ask(Request(Kind.DAILY))
        await eventually_async(
            lambda: sync.status.failures[FailureKind.SOURCE] == 2, what="no schedule there, asked again"
        )
        write(house.schedule, schedule_xml({"Suite 4": [on(3, "a")]}))
        assert sync.status.next_at == house.now + timedelta(minutes=5)
        house.now += timedelta(minutes=5)
        sync.ask(Request(Kind.NOW, frozenset(["anna@example.com"])))
        await eventually_async(lambda: sync.status.updates == 5, what="all that was owed")
        assert sync.status.last_success is not None
        assert sum(sync.status.failures.values()) == 2
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) >= 5)
    snapshots = sorted(event.subject for event in arrivals.events if isinstance(event, SnapshotEvent))
    assert snapshots == ["anna@example.com", "anna@example.com", "suite-4@example.com"]


async def test_the_health_of_a_loop_that_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path, "amqp://nobody")
    async with daemon(house, Timetable(None, time(6), COPENHAGEN)) as sync:
        await eventually_async(lambda: sync.status.updates == 1)
        port = SyncPort("127.0.0.1", 0, sync)
        try:
            url = f"http://127.0.0.1:{port.port}/healthz"
            assert (await asyncio.to_thread(ask, url))[0] == 200
            monkeypatch.setattr("producers.sync.daemon._ALIVE_SECONDS", 0.0)
            assert (await asyncio.to_thread(ask, url))[0] == 503
        finally:
            port.close()
