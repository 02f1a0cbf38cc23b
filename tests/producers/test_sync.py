"""Sync through a real broker: real schedules, and crashes between publishing and recording."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from contract.event import Event, highest_revision
from producers.publisher import Publisher
from producers.sources.pentabarf import read_pentabarf
from producers.sync.directory import read_directory
from producers.sync.plan import plan
from producers.sync.run import SyncRefused, synchronise
from producers.sync.schedule import Content, ObjectKind, Schedule, ScheduledObject
from producers.sync.state import State
from tests.producers.calendars import Calendars, calendars_after, calendars_of, contents_of, steps
from tests.producers.samples import directory_csv, event_xml, schedule_xml, write
from tests.producers.topology import Arrivals, declare_topology

CHECKOUT = Path(__file__).parents[2]
REAL_SCHEDULES = Path(os.environ.get("CALLSHEET_SCHEDULES") or CHECKOUT.parent / "shared/schedules/fosdem-2026")


def real_versions() -> list[Path]:
    """The files of the real schedule, in order."""
    return sorted(REAL_SCHEDULES.glob("*.xml*"))


def made_up_directory(schedule: Schedule) -> dict[ScheduledObject, str]:
    """A mailbox for everybody in a schedule."""
    prefix = {ObjectKind.PERSON: "person", ObjectKind.ROOM: "room"}
    return {
        item: f"{prefix[item.kind]}-{re.sub('[^a-z0-9]+', '-', item.id.lower()).strip('-')}@example.com"
        for item in schedule.names
    }


@pytest.mark.skipif(
    not real_versions(),
    reason=f"no schedules in {REAL_SCHEDULES.name} beside the checkout; name their folder in CALLSHEET_SCHEDULES",
)
async def test_every_version_of_a_real_schedule_publishes_exactly_its_difference(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    before: dict[tuple[str, str], Content] = {}
    versions = real_versions()
    revisions = [-1]
    published = 0
    for path in versions:
        schedule = read_pentabarf(path)
        directory = made_up_directory(schedule)
        with State(tmp_path / "state.sqlite", schedule.source) as state:
            # Whoever left the schedule is still in the directory of a real house.
            for place, entry in state.entries().items():
                directory |= dict.fromkeys(entry.holders, place.mailbox)
            planned = plan(schedule, directory, state)
            summary = await synchronise(planned, state, lambda: Publisher(amqp_url))
            assert plan(schedule, directory, state).events == 0
        after = contents_of(schedule, directory)
        assert (summary.changed, summary.cancelled) == steps(before, after)
        assert summary.changed > 0
        assert summary.revision is not None
        revisions.append(summary.revision)
        published += summary.changed + summary.cancelled
        before = after
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == published)
    assert calendars_after(arrivals.events) == calendars_of(schedule, directory)
    assert revisions == sorted(set(revisions))
    assert len(revisions) == len(versions) + 1


def big_schedule(count: int, *, duration: str) -> str:
    return schedule_xml(
        {"Suite 4": [event_xml(f"g-{n}", persons=(str(n % 50),), duration=duration) for n in range(count)]}
    )


def big_directory() -> str:
    return directory_csv({str(n): f"m{n}@example.com" for n in range(50)}, {"Suite 4": "suite-4@example.com"})


def revision_counts(events: list[Event]) -> Counter[int]:
    """How many events there are of each revision."""
    return Counter(highest_revision(event) for event in events)


class Crashing:
    """A sync in a process of its own that can be broken off."""

    def __init__(self, folder: Path, amqp_url: str, count: int) -> None:
        self.schedule = write(folder / "schedule.xml", big_schedule(count, duration="01:00"))
        self.directory = write(folder / "directory.csv", big_directory())
        self.state = folder / "state.sqlite"
        self._environment = {**os.environ, "CALLSHEET_AMQP_URL": amqp_url, "TERM": "dumb"}

    def start(self, *more: str) -> "subprocess.Popen[str]":
        files = [self.schedule, "--directory", self.directory, "--state", self.state]
        command = [sys.executable, "-m", "producers", "sync", "pentabarf", *map(str, files), *more]
        return subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *more: str) -> tuple[int, str, str]:
        with self.start(*more) as process:
            output, errors = process.communicate(timeout=40)
        return process.returncode, output, errors

    def expected(self) -> Calendars:
        return calendars_of(read_pentabarf(self.schedule), read_directory(self.directory))


async def test_a_state_that_cannot_be_written_repeats_and_loses_nothing(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    sync = Crashing(tmp_path, amqp_url, 300)
    with State(sync.state, "pentabarf://studio"):
        pass
    with sqlite3.connect(sync.state) as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    database.close()
    code, _, errors = sync.run()
    assert code == 1
    assert f"{sync.state}: disk full" in errors
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 500)  # the first batch was confirmed, and not recorded
    assert len(calendars_after(arrivals.events)) == 500

    with sqlite3.connect(sync.state) as database:
        assert database.execute("SELECT count(*) FROM entry").fetchone() == (0,)
        database.execute("DROP TRIGGER full")
    database.close()
    code, output, errors = sync.run()
    assert code == 0, errors
    assert "changed=600 cancelled=0 " in output
    await arrivals.collect(lambda messages: len(messages) == 1100)
    assert calendars_after(arrivals.events) == sync.expected()
    assert "changed=0 cancelled=0 " in sync.run()[1]


async def test_a_sync_that_is_killed_repeats_and_loses_nothing(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    sync = Crashing(tmp_path, amqp_url, 900)
    arrivals = Arrivals(amqp_url)
    with sync.start() as process:
        # Early: what arrives here lags behind what is published.
        await arrivals.collect(lambda messages: len(messages) > 100)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL
    with State(sync.state, "pentabarf://studio") as state:
        recorded = len(state.entries())
        reserved = state.highest_revision()
    assert recorded < 1800
    assert reserved > 0

    write(
        sync.schedule, big_schedule(850, duration="02:00")
    )  # the schedule has gone on: 50 bookings are off, the others last longer
    code, output, errors = sync.run("--json")
    assert code == 0, errors
    summary = json.loads(output)
    published = summary["changed"] + summary["cancelled"]
    assert summary["revision"] > reserved
    assert published >= 1700
    await arrivals.collect(lambda _: revision_counts(arrivals.events)[summary["revision"]] == published)
    assert calendars_after(arrivals.events) == sync.expected()
    assert "changed=0 cancelled=0 " in sync.run()[1]


async def test_revisions_rise_even_when_the_clock_was_set_back(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    path = write(tmp_path / "schedule.xml", schedule_xml({"Suite 4": [event_xml("g")]}))
    schedule = read_pentabarf(path)
    directory = made_up_directory(schedule)
    with State(tmp_path / "state.sqlite", schedule.source) as state:
        first = await synchronise(plan(schedule, directory, state), state, lambda: Publisher(amqp_url))
        assert first.revision is not None
        ahead = first.revision + 30 * 60 * 1000  # as if the clock had been half an hour ahead
        state.announce([], ahead)
        schedule = read_pentabarf(write(path, schedule_xml({"Suite 4": [event_xml("g", title="Mix")]})))
        second = await synchronise(plan(schedule, directory, state), state, lambda: Publisher(amqp_url))
        assert second.revision == ahead + 1
        state.announce([], first.revision + 10 * 60 * 60 * 1000)
        schedule = read_pentabarf(write(path, schedule_xml({"Suite 4": [event_xml("g", title="Cut")]})))
        with pytest.raises(SyncRefused, match="set the clock right"):
            await synchronise(plan(schedule, directory, state), state, lambda: Publisher(amqp_url))
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 4)
