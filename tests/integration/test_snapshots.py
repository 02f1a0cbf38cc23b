"""Snapshots on the whole system: what a user did is put right, leftovers go, and too much of it waits for a person."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contract import names
from contract.event import ChangedEvent, MailboxSnapshot, SnapshotEvent
from contract.reasons import Reason
from tests.consumer.calendars.owner import Owner
from tests.integration.conftest import StartSystem
from tests.integration.system import SOURCE, System, cancelled, changed
from tests.operator import call, call_each, count_of
from tests.support import eventually_async

ANNA = "anna@example.com"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def snapshot(
    as_of: int, bookings: Iterable[ChangedEvent], days_later: int = 0, source: str = SOURCE, mailbox: str = ANNA
) -> SnapshotEvent:
    """All bookings of the next 30 days; ``days_later`` is when it was made."""
    return SnapshotEvent(
        id=uuid4().hex,
        source=source,
        subject=mailbox,
        time=datetime.now(UTC) + timedelta(days=days_later),
        data=MailboxSnapshot(
            start=TODAY, end=TODAY + timedelta(days=30), as_of=as_of, bookings=tuple(one.data for one in bookings)
        ),
    )


def booking(number: int, revision: int = 1, **data: object) -> ChangedEvent:
    """A booking of two hours, each at its own time."""
    start = TODAY + timedelta(days=1 + number // 10, hours=number % 10)
    times = {"start": start, "end": start + timedelta(hours=2)}
    return changed(ANNA, f"B-{number:03d}", revision, **{"title": f"Mix {number:03d}", **times, **data})


def _titles(system: System) -> list[str]:
    return sorted(item["Subject"] for item in Owner(system.emulator, ANNA).calendar())


def _sample(system: System, name: str) -> int:
    return int(sum(replica.sample(f"callsheet_{name}") for replica in system.replicas))


async def test_what_a_user_changed_or_threw_away_is_put_back_once_a_day(system: StartSystem) -> None:
    one = system([ANNA])
    owner = Owner(one.emulator, ANNA)
    bookings = [booking(number) for number in range(4)]
    missed = booking(9, 5)
    await one.start_replicas(1)
    await one.publish(bookings)
    await one.settled(4)

    def meddle() -> None:
        edited, thrown_away, *_ = owner.calendar()
        owner.change(edited, "item:Subject", "<t:Subject>Mine now</t:Subject>")
        owner.delete(thrown_away)

    meddle()
    await one.publish([snapshot(8, [*bookings, missed])])
    await one.settled(5)
    assert _titles(one) == ["Mix 000", "Mix 001", "Mix 002", "Mix 003", "Mix 009"]
    assert (_sample(one, "repaired_total"), _sample(one, "repair_conflicts_total")) == (2, 0)
    assert [item.marks["Revision"] for item in owner.calendar()] == ["1", "1", "1", "1", "5"]

    meddle()
    await one.publish([snapshot(9, [*bookings, missed])])
    await one.settled(6)
    assert _titles(one) == ["Mine now", "Mix 002", "Mix 003", "Mix 009"]
    assert (_sample(one, "repaired_total"), _sample(one, "repair_conflicts_total")) == (2, 2)
    assert "repair_conflict" in one.replicas[0].child.tail(200)

    # Another replica knows of it, too, and the next day it is put right.
    one.replicas[0].child.stop()
    await one.start_replicas(1)
    await one.publish([snapshot(10, [*bookings, missed])])
    await one.settled(1)
    assert one.replicas[1].sample("callsheet_repair_conflicts_total") == 2
    await one.publish([snapshot(11, [*bookings, missed], days_later=1)])
    await one.settled(2)
    assert _titles(one) == ["Mix 000", "Mix 001", "Mix 002", "Mix 003", "Mix 009"]
    assert one.replicas[1].sample("callsheet_repaired_total") == 2


async def test_leftovers_go_and_what_the_snapshot_does_not_speak_of_stays(system: StartSystem) -> None:
    one = system([ANNA])
    owner = Owner(one.emulator, ANNA)
    later = TODAY + timedelta(days=40)
    kept = [booking(number) for number in range(10)]
    newer, beyond = booking(20, 12), booking(21, start=later, end=later + timedelta(hours=1))
    across = booking(22, start=TODAY + timedelta(days=29), end=TODAY + timedelta(days=31))
    leftovers = [booking(number) for number in (30, 31, 32)]
    foreign = booking(40).model_copy(update={"source": "other://schedule"})
    await one.start_replicas(1)
    everything = [*kept, newer, beyond, across, *leftovers, foreign]
    await one.publish(everything)
    await one.settled(len(everything))
    owner.copy(owner.calendar()[0])
    await one.publish([snapshot(9, kept)])
    outcomes = await one.settled(len(everything) + 1)
    assert outcomes["held"] == 0
    stays = [*kept, newer, beyond, across, foreign]
    assert _titles(one) == sorted(f"Mix {event.data.booking[2:]}" for event in stays), "the copy is gone, too"
    assert _sample(one, "removed_total") == 3
    # What was removed stays so: neither its own event again nor one that was never seen brings it back.
    await one.publish([leftovers[0], booking(33, 4)])
    assert (await one.settled(len(everything) + 3))["stale"] == 2
    removed, kept_one = call_each(one, ["explain", ANNA, "B-030", "--source", SOURCE], ["explain", ANNA, "B-000"])
    assert "Tombstone, absent" in removed.out
    assert "Last snapshot" in kept_one.out
    await one.publish([booking(30, 10)])
    await one.settled(len(everything) + 4)
    assert "Mix 030" in _titles(one)


async def test_an_empty_snapshot_of_a_full_calendar_is_held_until_it_is_released(system: StartSystem) -> None:
    one = system([ANNA])
    bookings = [booking(number) for number in range(20)]
    await one.start_replicas(1)
    await one.publish(bookings)
    await one.settled(20)
    await one.publish([snapshot(8, [booking(50, 7)])])
    assert (await one.settled(21))["held"] == 1
    assert len(_titles(one)) == 21, "the rest of it was applied, and nothing removed"
    assert await count_of(one, names.HELD_QUEUE) == 1
    assert "20 of the 20 items" in one.replicas[0].child.tail(200)

    shown, looked = call_each(one, ["held", "list", "--json"], ["held", "release", "--dry-run"])
    (listed,) = shown.json()["messages"]
    assert (listed["reason"], listed["mailbox"], listed["attempts"]) == (Reason.MASS_REMOVAL, ANNA, 0)
    assert "20 of the 20 items" in listed["error"]
    assert looked.code == 0
    await eventually_async(lambda: _sample(one, "held_messages") == 1, 30, what="the held one in the metrics")
    assert await count_of(one, names.HELD_QUEUE) == 1
    assert call(one, "held", "release", "--mailbox", ANNA).out == "released: 1, left: 0, looked at: 1\n"
    assert (await one.settled(22))["applied"] >= 1
    await eventually_async(lambda: _titles(one) == ["Mix 050"], 20, what="released")
    assert _sample(one, "removed_total") == 20

    # It was a mistake after all: the next snapshot brings everything back, at the old revisions.
    await one.publish([snapshot(9, [*bookings, booking(50, 7)])])
    await one.settled(23)
    assert len(_titles(one)) == 21


async def test_what_is_held_can_be_dropped_and_cancellations_are_never_held(system: StartSystem) -> None:
    one = system([ANNA], CALLSHEET_GUARD_SHARE="10", CALLSHEET_GUARD_COUNT="1")
    bookings = [booking(number) for number in range(10)]
    await one.start_replicas(1)
    await one.publish(bookings)
    await one.settled(10)
    await one.publish([snapshot(8, bookings[2:])])
    assert (await one.settled(11))["held"] == 1
    assert call(one, "held", "drop", "--yes").code == 0
    assert await count_of(one, names.HELD_QUEUE) == 0
    assert len(_titles(one)) == 10
    await one.publish([cancelled(ANNA, f"B-{number:03d}", 9) for number in range(10)])
    assert (await one.settled(21))["held"] == 1
    assert _titles(one) == []


async def test_what_a_snapshot_of_300_bookings_costs(system: StartSystem) -> None:
    one = system([ANNA])
    bookings = [booking(number, start=TODAY, end=TODAY + timedelta(hours=1 + number)) for number in range(300)]
    await one.start_replicas(1)

    async def requests(event: SnapshotEvent, settled: int) -> int:
        before = one.emulator.requests()
        await one.publish([event])
        await one.settled(settled)
        return one.emulator.requests() - before

    first = await requests(snapshot(5, bookings), 1)
    assert first <= 2 + 1 + 6 + 1, "first contact, the ledger, 50 bookings a request, the memory of the snapshot"
    assert len(_titles(one)) == 300
    again = await requests(snapshot(6, bookings), 2)
    assert again <= 2 + 1 + 1, "two pages of items, the ledger, and the memory of the snapshot"
    removed = await requests(snapshot(7, bookings[:-60]), 3)
    assert removed <= 2 + 1 + 2 + 2 + 1, "read, 60 tombstones and 60 deletions, the memory"
    assert len(_titles(one)) == 240
