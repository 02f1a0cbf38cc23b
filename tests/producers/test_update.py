"""Updates from end to end, through a real broker, on a clock that is moved: the window rolls, snapshots follow."""

import sqlite3
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contract.event import CancelledEvent, ChangedEvent, Event, SnapshotEvent, Status
from producers.publisher import Publisher
from producers.sources.pentabarf import read_pentabarf
from producers.sync.patience import PatientReader, TimedOut
from producers.sync.request import CHANGES, Kind, Request
from producers.sync.run import Summary, SyncRefused
from producers.sync.schedule import ObjectKind, ScheduledObject
from producers.sync.update import Job, Updater
from tests.producers.samples import event_xml, schedule_xml, write
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually_async

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)


def on(day: int, guid: str, **more: str) -> str:
    """An hour of Anna's in Suite 4, in December."""
    return event_xml(guid, date=f"2026-12-{day:02d}T09:00:00+01:00", **more)


@dataclass
class House:
    """A house with a schedule, whose clock can be moved; what it publishes arrives in ``events``."""

    folder: Path
    amqp_url: str
    now: datetime = MONDAY
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.schedule = self.folder / "schedule.xml"
        self.directory = write(
            self.folder / "directory.toml",
            '[person]\n1 = "Anna@example.com"\n[room]\n"Suite 4" = "suite-4@example.com"\n',
        )
        self.job = Job(
            read=lambda _: read_pentabarf(self.schedule),
            state=self.folder / "state.sqlite",
            directory=self.directory,
            view_file=None,
            statuses=frozenset(Status),
            days_before=0,
            days_after=7,
            zone=COPENHAGEN,
            source_timeout_seconds=20,
        )

    async def update(self, *events: str, request: Request = CHANGES, arriving: int) -> Summary:
        write(self.schedule, schedule_xml({"Suite 4": events}))
        updater = Updater(self.job, lambda: Publisher(self.amqp_url), lambda: self.now)
        summary = await updater.update(request)
        arrivals = Arrivals(self.amqp_url)
        await arrivals.collect(lambda messages: len(messages) >= arriving)
        assert len(arrivals.events) == arriving
        self.events = arrivals.events
        return summary

    def of(self, mailbox: str) -> list[Event]:
        return [event for event in self.events if event.subject == mailbox]

    def snapshot(self, mailbox: str) -> SnapshotEvent:
        (found,) = [event for event in self.of(mailbox) if isinstance(event, SnapshotEvent)]
        return found


@pytest.fixture
async def house(tmp_path: Path, amqp_url: str) -> House:
    await declare_topology(amqp_url)
    return House(tmp_path, amqp_url)


async def test_as_days_go_by_the_window_rolls_and_snapshots_say_what_stands_in_it(house: House) -> None:
    week, later = on(3, "week"), on(9, "later")
    first = await house.update(week, later, arriving=2)
    assert (first.bookings, first.changed, first.snapshots) == (2, 2, 0)
    assert {type(event) for event in house.events} == {ChangedEvent}

    house.now += timedelta(days=1)
    same = await house.update(week, later, arriving=0)
    assert same.revision is None

    house.now += timedelta(days=1)  # the 2nd: the window reaches to the end of the 9th
    daily = await house.update(week, later, request=Request(Kind.DAILY), arriving=4)
    assert (daily.changed, daily.cancelled, daily.snapshots, daily.mailboxes) == (2, 0, 2, 2)
    changed, snapshot = house.of("anna@example.com")
    assert isinstance(changed, ChangedEvent)
    assert isinstance(snapshot, SnapshotEvent)
    assert changed.data.booking == "later"
    assert snapshot.data.start == datetime(2026, 12, 1, 23, tzinfo=UTC)
    assert snapshot.data.end == datetime(2026, 12, 9, 23, tzinfo=UTC)
    assert snapshot.data.as_of == daily.revision == changed.data.revision
    assert [(listed.booking, listed.revision) for listed in snapshot.data.bookings] == [
        ("week", first.revision),
        ("later", daily.revision),
    ]

    house.now += timedelta(days=3)  # the 5th: "week" is history, and the source no longer knows it
    gone = await house.update(on(9, "later"), request=Request(Kind.DAILY), arriving=2)
    assert (gone.changed, gone.cancelled) == (0, 0)
    assert [listed.booking for listed in house.snapshot("anna@example.com").data.bookings] == ["later"]
    assert gone.revision is not None
    assert daily.revision is not None
    assert gone.revision > daily.revision


async def test_retimed_reassigned_and_cancelled_before_the_snapshot_that_no_longer_lists_them(house: House) -> None:
    await house.update(on(3, "a"), on(3, "b"), on(3, "c"), arriving=6)
    events = (on(30, "a"), on(3, "b", duration="02:00"))
    summary = await house.update(*events, request=Request(Kind.NOW), arriving=8)
    assert (summary.changed, summary.cancelled, summary.snapshots) == (4, 2, 2)
    *single, snapshot = house.of("anna@example.com")
    assert isinstance(snapshot, SnapshotEvent)
    assert [(type(event), event.data.booking) for event in single if not isinstance(event, SnapshotEvent)] == [
        (ChangedEvent, "a"),
        (ChangedEvent, "b"),
        (CancelledEvent, "c"),
    ]
    assert [listed.booking for listed in snapshot.data.bookings] == ["b"]
    assert snapshot.data.bookings[0] == single[1].data


async def test_an_enrolment_sends_the_snapshot_and_what_it_cannot_say(house: House) -> None:
    await house.update(on(3, "a"), on(3, "b"), on(3, "c"), arriving=6)
    await house.update(on(30, "a"), on(3, "b"), arriving=4)
    anna = frozenset([ScheduledObject(ObjectKind.PERSON, "1")])
    summary = await house.update(on(30, "a"), on(3, "b"), request=Request(Kind.AGAIN, anna), arriving=3)
    assert (summary.changed, summary.cancelled, summary.sent_again, summary.snapshots) == (0, 0, 2, 1)
    assert {(type(event), event.data.booking) for event in house.events if not isinstance(event, SnapshotEvent)} == {
        (ChangedEvent, "a"),
        (CancelledEvent, "c"),
    }
    assert [listed.booking for listed in house.snapshot("anna@example.com").data.bookings] == ["b"]


async def test_a_mailbox_without_any_booking_gets_an_empty_snapshot_when_asked_for(house: House) -> None:
    write(house.directory, house.directory.read_text().replace("[room]", '9 = "new@example.com"\n[room]'))
    await house.update(on(3, "a"), request=Request(Kind.DAILY), arriving=4)
    assert house.of("new@example.com") == []
    await house.update(on(3, "a"), request=Request(Kind.NOW), arriving=3)
    assert house.snapshot("new@example.com").data.bookings == ()


async def test_without_a_window_a_snapshot_is_of_everything(house: House) -> None:
    house.job = replace(house.job, days_before=None, days_after=None)
    await house.update(on(3, "a"), on(30, "b"), request=Request(Kind.DAILY), arriving=6)
    snapshot = house.snapshot("suite-4@example.com")
    assert (snapshot.data.start.year, snapshot.data.end.year) == (1969, 2199)
    assert {listed.booking for listed in snapshot.data.bookings} == {"a", "b"}


async def test_privacy_templates_and_statuses_reach_the_mailboxes(house: House) -> None:
    settings = write(
        house.folder / "settings.toml",
        '[templates]\ntitle = "{project} / {container} / {booking}"\n'
        '[privacy.mailboxes]\n"suite-*@example.com" = "busy_only"\n',
    )
    house.job = replace(house.job, view_file=settings, statuses=frozenset([Status.CONFIRMED]))
    tentative = on(3, "b", more="<status>tentative</status>")
    summary = await house.update(on(3, "a", more="<track>Reel 3</track>"), tentative, arriving=2)
    assert summary.bookings == 1
    titles = {event.subject: event.data.title for event in house.events if isinstance(event, ChangedEvent)}
    assert titles == {"anna@example.com": "studio / Reel 3 / Grading", "suite-4@example.com": "Busy"}
    places = {event.subject: event.data.location for event in house.events if isinstance(event, ChangedEvent)}
    assert places == {"anna@example.com": "Suite 4", "suite-4@example.com": ""}


async def test_a_state_of_the_first_release_goes_on_without_publishing_again(house: House) -> None:
    await house.update(on(3, "a"), arriving=2)
    with sqlite3.connect(house.job.state) as database:
        for table in ("entry", "announced"):
            database.execute(f"ALTER TABLE {table} DROP COLUMN inside")
        database.execute("PRAGMA user_version = 1")
    database.close()
    summary = await house.update(on(3, "a"), on(4, "b"), arriving=2)
    assert (summary.changed, summary.cancelled) == (2, 0)


async def test_a_source_without_addresses_asks_for_a_directory(house: House) -> None:
    house.job = replace(house.job, directory=None)
    with pytest.raises(SyncRefused, match="say with --directory"):
        await house.update(on(3, "a"), arriving=0)


async def test_the_addresses_of_the_source_itself_are_used_and_the_directory_goes_before_them(house: House) -> None:
    anna, suite = ScheduledObject(ObjectKind.PERSON, "1"), ScheduledObject(ObjectKind.ROOM, "Suite 4")
    addresses = {anna: "From-source@example.com", suite: "no address"}
    job = replace(house.job, read=lambda _: replace(read_pentabarf(house.schedule), addresses=addresses))
    house.job = replace(job, directory=None)
    summary = await house.update(on(3, "a"), arriving=1)
    assert [event.subject for event in house.events] == ["from-source@example.com"]
    assert [item for item, _ in summary.unmapped] == [suite]
    house.job = job
    await house.update(on(3, "a"), arriving=3)
    assert {(event.subject, type(event)) for event in house.events} == {
        ("from-source@example.com", CancelledEvent),
        ("anna@example.com", ChangedEvent),
        ("suite-4@example.com", ChangedEvent),
    }


async def test_a_reading_that_hangs_is_not_begun_twice_and_its_result_is_not_used() -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def read() -> int:
        begun.append(len(begun))
        if len(begun) == 1:
            go_on.wait(30)
        return begun[-1]

    reader = PatientReader(read, 0.1)
    for _ in range(2):
        with pytest.raises(TimedOut, match="is it reachable"):
            await reader.read()
    assert begun == [0]
    go_on.set()

    async def answers() -> bool:
        try:
            return await reader.read() > 0
        except TimedOut:
            return False

    await eventually_async(answers, what="a reading that was begun later")


async def test_what_a_reading_raises_is_raised() -> None:
    def read() -> int:
        raise OSError("no such share")

    reader = PatientReader(read, 5)
    for _ in range(2):
        with pytest.raises(OSError, match="no such share"):
            await reader.read()
