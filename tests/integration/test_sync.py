"""A producer that keeps a schedule, consumers that apply it, and people who meddle: every calendar ends right."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.event import Status, now_in_ms
from producers.publisher import Publisher
from producers.sources.pentabarf import read_pentabarf
from producers.sync.request import CHANGES, Kind, Request
from producers.sync.run import Summary
from producers.sync.update import Job, Updater
from tests.consumer.calendars.owner import Owner
from tests.integration.conftest import StartSystem
from tests.integration.system import ZONE, System, changed
from tests.operator import call
from tests.producers.samples import directory_csv, event_xml, schedule_xml, write
from tests.support import eventually_async

ANNA, SUITE = "anna@example.com", "suite-4@example.com"
TODAY = datetime.now(ZoneInfo(ZONE)).replace(hour=9, minute=0, second=0, microsecond=0)


def on(day: int, guid: str, *persons: str, title: str) -> str:
    """An hour in Suite 4, so many days from today."""
    return event_xml(guid, date=(TODAY + timedelta(days=day)).isoformat(), persons=persons, title=title)


@dataclass
class House:
    """A schedule in a file, kept by a sync whose clock can be moved."""

    system: System
    folder: Path
    days: int = 0

    async def update(self, *events: str, request: Request = CHANGES) -> Summary:
        file = write(self.folder / "schedule.xml", schedule_xml({"Suite 4": events}, zone=ZONE))
        directory = write(self.folder / "directory.csv", directory_csv({"1": ANNA}, {"Suite 4": SUITE}))
        job = Job(
            read=lambda _: read_pentabarf(file),
            state=self.folder / "state.sqlite",
            directory=directory,
            view_file=None,
            statuses=frozenset(Status),
            days_before=0,
            days_after=7,
            zone=ZoneInfo(ZONE),
            source_timeout_seconds=20,
        )
        clock = datetime.now(UTC) + timedelta(days=self.days)
        return await Updater(job, lambda: Publisher(self.system.amqp_url), lambda: clock).update(request)

    def shown(self, mailbox: str) -> dict[str, int]:
        """Titles in a calendar, and on which day from today each begins."""
        items = Owner(self.system.emulator, mailbox).calendar()
        starts = {item["Subject"]: datetime.fromisoformat(item["Start"]) for item in items}
        assert len(starts) == len(items)
        return {title: (start.astimezone(TODAY.tzinfo).date() - TODAY.date()).days for title, start in starts.items()}


async def stray(one: System, source: str, name: str, day: int) -> None:
    """Leave a booking of this source with Anna that no state knows of."""
    start = TODAY + timedelta(days=day)
    times = {"start": start, "end": start + timedelta(hours=1), "timezone": ZONE}
    event = changed(ANNA, name, now_in_ms(), title=name, **times)
    await one.publish([event.model_copy(update={"source": source})])


async def enrol(one: System, *mailboxes: str) -> None:
    """These and nobody else, from now on and in every replica."""
    before = [replica.child.tail(500).count("enrolment_changed") for replica in one.replicas]
    listed = ", ".join(f'"{mailbox}"' for mailbox in mailboxes)
    write(Path(one.settings["CALLSHEET_ENROLMENT_FILE"]), f"[enrolment]\nmailboxes = [{listed}]\n")
    await eventually_async(
        lambda: all(
            replica.child.tail(500).count("enrolment_changed") > seen
            for replica, seen in zip(one.replicas, before, strict=True)
        ),
        what="the enrolment is read again",
    )


def count(system: System, name: str) -> int:
    return int(sum(replica.sample(f"callsheet_{name}") for replica in system.replicas))


async def test_a_schedule_is_kept_while_days_pass_and_people_meddle(system: StartSystem, tmp_path: Path) -> None:
    one = system([ANNA, SUITE])
    house, owner = House(one, tmp_path), Owner(one.emulator, ANNA)
    await one.start_replicas(2)
    await enrol(one, SUITE)
    mix, cut, far = (
        on(day, guid, "1", title=title) for day, guid, title in [(4, "m", "Mix"), (5, "c", "Cut"), (9, "f", "Far")]
    )
    first = await house.update(mix, cut, far)
    assert (first.changed, first.snapshots) == (4, 0)
    assert await one.settled(4) == {"applied": 2, "not_enrolled": 2}
    assert house.shown(SUITE) == {"Mix": 4, "Cut": 5}
    assert house.shown(ANNA) == {}

    # Anna joins the pilot group.
    await enrol(one, SUITE, ANNA)
    joined = await house.update(mix, cut, far, request=Request(Kind.AGAIN, frozenset({ANNA})))
    assert (joined.changed, joined.cancelled, joined.snapshots) == (0, 0, 1)
    await one.settled(5)
    assert house.shown(ANNA) == house.shown(SUITE) == {"Mix": 4, "Cut": 5}

    # A leftover that no state knows of, an edit, and a deletion; and two days pass.
    await stray(one, first.source, "Stray", 6)
    await one.settled(6)
    by_title = {item["Subject"]: item for item in owner.calendar()}
    owner.change(by_title["Mix"], "item:Subject", "<t:Subject>Mine now</t:Subject>")
    owner.delete(by_title["Cut"])
    assert house.shown(ANNA) == {"Mine now": 4, "Stray": 6}
    house.days = 2
    second = await house.update(mix, cut, far, request=Request(Kind.NOW))
    assert (second.changed, second.cancelled, second.snapshots) == (2, 0, 2)
    await one.settled(10)
    assert house.shown(ANNA) == house.shown(SUITE) == {"Mix": 4, "Cut": 5, "Far": 9}
    assert (count(one, "repaired_total"), count(one, "removed_total")) == (2, 1)

    # One is retimed beyond the window, one taken from Anna, one cancelled; then the window reaches the retimed one.
    later, taken = on(30, "m", "1", title="Mix"), on(5, "c", title="Cut")
    third = await house.update(later, taken, request=Request(Kind.DAILY))
    assert (third.changed, third.cancelled, third.snapshots) == (3, 3, 2)
    await one.settled(18)
    assert house.shown(ANNA) == {"Mix": 30}
    assert house.shown(SUITE) == {"Mix": 30, "Cut": 5}
    house.days = 23
    fourth = await house.update(later, request=Request(Kind.DAILY))
    assert (fourth.changed, fourth.cancelled, fourth.snapshots) == (2, 0, 2)
    await one.settled(22)
    assert house.shown(ANNA) == {"Mix": 30}
    assert house.shown(SUITE) == {"Mix": 30, "Cut": 5}, "what has left the window stays, also when the source drops it"
    assert (count(one, "repaired_total"), count(one, "removed_total")) == (2, 1)

    # Too much goes at once: it stays until a person has said that it may.
    for number in range(8):
        await stray(one, first.source, f"Stray {number}", 25)
    await one.settled(30)
    await house.update(later, request=Request(Kind.NOW))
    assert (await one.settled(32))["held"] == 1
    assert len(house.shown(ANNA)) == 9
    assert call(one, "held", "release", "--mailbox", ANNA).out == "released: 1, left: 0, looked at: 1\n"
    await one.settled(33)
    assert house.shown(ANNA) == {"Mix": 30}
    assert (count(one, "repaired_total"), count(one, "removed_total")) == (2, 9)
    assert one.parked() == []
