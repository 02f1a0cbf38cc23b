"""Snapshots through a lane, on a real server: what is written can be read, and what fails holds up nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consumer.calendars.ews.gateway import EwsGateway
from consumer.calendars.port import Calendars
from consumer.core.actions import Change, CreateItem, Outcome, RaiseFloor, RememberSnapshot, WriteTombstone
from consumer.core.coverage import Coverage
from consumer.core.guard import Guard
from consumer.core.mailbox import MailboxState, TombstoneState
from consumer.core.repair import repairing
from consumer.core.snapshot import Snapshot
from consumer.lanes.delivery import Done, Park
from contract.identity import source_mark
from contract.reasons import Reason
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.replica import APPLIED, Replica
from tests.consumer.calendars.samples import EXPIRES, SOURCE, START, appointment, change, load, written

MARK = source_mark(SOURCE)
COVERED = Coverage(START - timedelta(days=2), START + timedelta(days=20), 9)


@pytest.fixture
async def replica(calendars: EwsGateway, mailbox: str) -> AsyncIterator[Replica]:
    one = Replica(calendars, mailbox)
    yield one
    await one.lanes.give_up(0)


def snapshot(*changes: Change, as_of: int = 9) -> Snapshot:
    """All bookings of some three weeks."""
    event = f"snapshot-{as_of} 2026-11-23T06:00:00Z"
    named = tuple(replace(one, as_of=as_of, event=event) for one in changes)
    return Snapshot(MARK, replace(COVERED, as_of=as_of), named, event, Guard())


def booking(number: int, revision: int = 1) -> Change:
    """A booking of its own hour."""
    return change(revision, appointment(f"Shot {number}", start=START + timedelta(hours=number)), f"B-{number}")


async def test_what_a_snapshot_writes_into_the_ledger_can_be_read(calendars: Calendars, mailbox: str) -> None:
    state = MailboxState()
    absent = replace(change(9), booking="")
    await written(
        calendars,
        mailbox,
        state,
        WriteTombstone(absent, TombstoneState.ABSENT, EXPIRES, dead_up_to=2**53 - 1, absent=COVERED),
        RememberSnapshot(MARK, -1, None, COVERED),
    )
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert loaded.floors[MARK].last == loaded.tombstones[absent.key].absent == COVERED
    later = replace(COVERED, as_of=12)
    await written(calendars, mailbox, state, RaiseFloor(MARK, 7, state.floors[MARK].ref, COVERED))
    await written(calendars, mailbox, state, RememberSnapshot(MARK, 7, state.floors[MARK].ref, later))
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert (loaded.floors[MARK].revision, loaded.floors[MARK].last) == (7, later)


async def test_two_floors_say_together_what_each_of_them_says(calendars: Calendars, mailbox: str) -> None:
    """Two replicas at once made one each."""
    await written(calendars, mailbox, MailboxState(), RaiseFloor(MARK, 7), RememberSnapshot(MARK, -1, None, COVERED))
    loaded = await load(calendars, mailbox)
    assert (loaded.floors[MARK].revision, loaded.floors[MARK].last, loaded.spare) == (7, COVERED, ())
    both = loaded.floors[MARK]
    await written(calendars, mailbox, loaded, RememberSnapshot(MARK, 7, both.ref, COVERED))
    assert len((await load(calendars, mailbox)).spare) == 1


async def test_a_repair_shows_on_the_item_wherever_it_lies(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    at = datetime(2026, 11, 22, 15, tzinfo=UTC)
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(repairing(booking(1))), CreateItem(booking(2)))
    assert state.repaired == {booking(1).key: at}
    assert (await load(calendars, mailbox)).repaired == state.repaired
    owner.delete(owner.calendar()[0])
    loaded = await load(calendars, mailbox)
    assert (loaded.repaired, list(loaded.discarded)) == (state.repaired, [booking(1).key])


async def test_a_users_edit_is_noticed_though_the_mailbox_was_known(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    replica.accept(booking(1), booking(2))
    await replica.until_idle()
    owner.change(owner.calendar()[0], "item:Subject", "<t:Subject>Mine</t:Subject>")
    replica.accept(snapshot(booking(1), booking(2)))
    await replica.until_idle()
    assert [item["Subject"] for item in owner.calendar()] == ["Shot 1", "Shot 2"]
    assert replica.settled.all[-1][1] == APPLIED


async def test_one_booking_that_is_refused_parks_the_snapshot_and_stops_no_other(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorCalendarDurationIsTooLong", index=1, count=1)
    replica.accept(snapshot(booking(1), booking(2), booking(3)))
    await replica.until_idle()
    assert sorted(item["Subject"] for item in owner.calendar()) == ["Shot 1", "Shot 3"]
    (parked,) = [disposition for _, disposition in replica.settled.all if isinstance(disposition, Park)]
    assert (parked.reason, "CalendarDurationIsTooLong" in parked.error) == (Reason.REJECTED_BY_EXCHANGE, True)
    assert not any(entry["Subject"].startswith("floor") for entry in owner.ledger()), "it is not remembered"
    # So the booking's own event is not stale on the strength of it.
    replica.accept(booking(2))
    await replica.until_idle()
    assert replica.settled.of("B-2") == [APPLIED]


@pytest.mark.parametrize("operation", ["CreateItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("fault", ["commit_then_drop", "drop", "partial_commit"])
async def test_a_snapshot_whose_answers_are_lost_ends_right(
    replica: Replica, emulator: RunningEmulator, owner: Owner, fault: str, operation: str
) -> None:
    replica.accept(*(booking(number) for number in range(6)))
    await replica.until_idle()
    edited, thrown_away, *_ = owner.calendar()
    owner.change(edited, "item:Subject", "<t:Subject>Mine</t:Subject>")
    owner.delete(thrown_away)
    fields = {"items": 1} if fault == "partial_commit" else {}
    emulator.add_fault(fault, operation=operation, count=1, **fields)
    replica.accept(snapshot(*(booking(number) for number in (0, 1, 2, 3, 8))))
    await replica.until_idle()
    assert [item["Subject"] for item in owner.calendar()] == [f"Shot {number}" for number in (0, 1, 2, 3, 8)]
    outcomes = [disposition for delivery, disposition in replica.settled.all if delivery.change.key[:8] == "snapshot"]
    assert outcomes in ([APPLIED], [Done(Outcome.UNCHANGED)])


async def test_a_full_mailbox_keeps_the_snapshot_on_the_ladder(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    replica.accept(booking(1), booking(2))
    await replica.until_idle()
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorQuotaExceeded")
    replica.accept(snapshot(booking(1)))
    await replica.until_idle()
    assert [item["Subject"] for item in owner.calendar()] == ["Shot 1"], "the deletion makes room"
    assert type(replica.settled.all[-1][1]).__name__ == "Retry"
    emulator.clear_faults()
    replica.accept(snapshot(booking(1)))
    await replica.until_idle()
    assert replica.settled.all[-1][1] == Done(Outcome.UNCHANGED)
    replica.accept(booking(2))
    await replica.until_idle()
    assert replica.settled.of("B-2")[-1] == Done(Outcome.STALE), "it does not come back"
