"""The lane of a mailbox on a real server: coalescing, errors, unknown outcomes, the second look, leaving."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from consumer.calendars.ews.gateway import EwsGateway
from consumer.core.actions import Outcome
from consumer.lanes.delivery import Done, Park, Retry
from consumer.lanes.lanes import MAX_UNSETTLED_BYTES
from contract.reasons import Reason
from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import EWS_PASSWORD, StartEmulator
from tests.consumer.calendars.conftest import OpenGateway
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.replica import APPLIED, SUPERSEDED, Replica
from tests.consumer.calendars.samples import START, appointment, change
from tests.support import eventually_async


@pytest.fixture
async def replica(calendars: EwsGateway, mailbox: str) -> AsyncIterator[Replica]:
    one = Replica(calendars, mailbox)
    yield one
    await one.lanes.give_up(0)


async def test_first_contact_and_then_one_request(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"FindFolder": 1, "FindItem": 1, "CreateItem": 1}
    emulator.reset_counters()
    replica.accept(change(2, appointment("Mix")))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"UpdateItem": 1}
    replica.accept(change(2, appointment("Mix")), change(1, appointment()))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"UpdateItem": 1}, "nothing new, nothing written"
    assert replica.settled.of() == [APPLIED, APPLIED, Done(Outcome.UNCHANGED), Done(Outcome.STALE)]
    assert owner.only()["Subject"] == "Mix"


async def test_a_backfill_of_100(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    replica.accept(*(change(1, appointment(f"Shot {number}"), f"B-{number}") for number in range(100)))
    await replica.until_idle()
    assert emulator.requests() <= 6
    assert len(owner.calendar()) == len(replica.settled.all) == 100


async def test_what_arrives_meanwhile_joins_the_next_round(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    emulator.add_fault("latency", operation="CreateItem", ms=200)
    replica.accept(change(1, appointment("Mix 1")))
    await eventually_async(lambda: emulator.counters()["requests"].get("CreateItem") == 1)
    replica.accept(*(change(revision, appointment(f"Mix {revision}")) for revision in (4, 2, 5, 3)))
    await replica.until_idle()
    assert emulator.counters()["requests"]["UpdateItem"] == 1
    assert owner.only()["Subject"] == "Mix 5"
    assert replica.settled.of() == [APPLIED, SUPERSEDED, SUPERSEDED, APPLIED, SUPERSEDED]


async def test_what_has_waited_too_long_is_put_off(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    emulator.add_fault("latency", operation="CreateItem", ms=300, count=1)
    replica.accept(change(1, appointment("Mix 1")), seconds_ago=400)
    await eventually_async(lambda: emulator.counters()["requests"].get("CreateItem") == 1)
    replica.accept(change(2, appointment("Mix 2")), seconds_ago=400)
    replica.accept(change(3, appointment("Mix 3")))
    replica.accept(change(4, appointment("Mix 4")), seconds_ago=301)
    await replica.lanes.relieve()
    put_off = replica.settled.of()
    assert [type(one) for one in put_off] == [Retry, Retry]
    assert all(isinstance(one, Retry) and (one.rung, one.climb.attempts) == ("1s", 0) for one in put_off)
    await replica.until_idle()
    assert replica.settled.of()[2:] == [APPLIED, APPLIED], "what was under way, and what had just come"
    assert owner.only()["Subject"] == "Mix 3"


async def test_when_too_much_is_held_all_that_waits_is_put_off(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    emulator.add_fault("latency", operation="CreateItem", ms=300, count=1)
    replica.accept(change(1, appointment("Mix 1")))
    await eventually_async(lambda: emulator.counters()["requests"].get("CreateItem") == 1)
    waiting = [change(revision, appointment(f"Mix {revision}")) for revision in range(2, 252)]
    replica.accept(*waiting)
    await replica.lanes.relieve()
    assert replica.settled.of() == [], "there is room for so many small ones"
    replica.accept(change(300, appointment("Mix 300")), size=MAX_UNSETTLED_BYTES)
    await replica.lanes.relieve()
    put_off = [delivery.change.revision for delivery, one in replica.settled.all if isinstance(one, Retry)]
    assert sorted(put_off) == [*range(2, 252), 300]
    assert replica.lanes.unsettled_bytes() == 100
    await replica.until_idle()
    assert replica.settled.of()[251:] == [APPLIED]
    assert owner.only()["Subject"] == "Mix 1"


@pytest.mark.parametrize("fault", ["commit_then_drop", "drop", "truncate"])
async def test_no_answer_makes_no_duplicate(
    replica: Replica, emulator: RunningEmulator, owner: Owner, fault: str
) -> None:
    emulator.add_fault(fault, operation="CreateItem", count=1)
    replica.accept(change(1, appointment()), change(1, appointment("Mix"), "B-2"))
    await replica.until_idle()
    assert sorted(item["Subject"] for item in owner.calendar()) == ["Feature X / Grading", "Mix"]
    # What was written without an answer is found unchanged by the look that follows.
    expected = APPLIED if fault == "drop" else Done(Outcome.UNCHANGED)
    assert replica.settled.of("B-1") == replica.settled.of("B-2") == [expected]


async def test_one_retry_for_odd_refusals_whatever_came_before(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    emulator.add_fault("drop", operation="CreateItem", count=1)
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorCorruptData", index=0, count=1)
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    assert replica.settled.of() == [APPLIED]
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorItemSave", index=0, count=2)
    replica.accept(change(1, appointment("Mix"), "B-2"))
    await replica.until_idle()
    (parked,) = replica.settled.of("B-2")
    assert isinstance(parked, Park)
    assert parked.reason is Reason.REJECTED_BY_EXCHANGE
    assert [item["Subject"] for item in owner.calendar()] == ["Feature X / Grading"]


async def test_a_batch_that_breaks_off_is_finished(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    emulator.add_fault("partial_commit", operation="CreateItem", items=7, count=1)
    replica.accept(*(change(1, appointment(f"Shot {number}"), f"B-{number}") for number in range(20)))
    await replica.until_idle()
    assert len({item.marks["Key"] for item in owner.calendar()}) == len(owner.calendar()) == 20
    assert {type(disposition) for _, disposition in replica.settled.all} == {Done}


async def test_a_back_off_is_waited_for(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    emulator.add_fault("server_busy", operation="CreateItem", back_off_ms=150, count=2)
    started = time.monotonic()
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    assert time.monotonic() - started >= 0.3
    assert replica.settled.of() == [APPLIED]
    assert len(owner.calendar()) == 1


async def test_leaving_in_the_middle_of_a_back_off(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    emulator.add_fault("server_busy", operation="CreateItem", back_off_ms=30_000)
    replica.accept(change(1, appointment()))
    await eventually_async(lambda: emulator.counters()["faults"].get("server_busy") == 1)
    async with asyncio.timeout(5):
        await replica.lanes.give_up(0)
    assert replica.settled.all == [], "the broker gives it to the next replica"
    assert owner.calendar() == []


async def test_leaving_finishes_what_is_under_way(replica: Replica, emulator: RunningEmulator, owner: Owner) -> None:
    emulator.add_fault("latency", operation="CreateItem", ms=200)
    replica.accept(change(1, appointment()))
    await eventually_async(lambda: emulator.counters()["requests"].get("CreateItem") == 1)
    replica.accept(change(2, appointment("Mix")))
    await replica.lanes.give_up(0)
    assert replica.settled.of() == [APPLIED], "the second was never begun"
    assert owner.only()["Subject"] == "Feature X / Grading"


async def test_a_mailbox_that_is_refused(replica: Replica) -> None:
    replica.accept(change(1, appointment()), mailbox="locked@other.example")
    await replica.until_idle()
    (disposition,) = replica.settled.of()
    assert isinstance(disposition, Retry)
    assert (disposition.rung, disposition.climb.attempts) == ("1s", 1)
    assert disposition.reason is Reason.MAILBOX_UNAVAILABLE
    assert disposition.error.startswith("ImpersonateUserDenied: ")
    assert EWS_PASSWORD not in disposition.error


async def test_one_bad_event_parks_alone(replica: Replica, owner: Owner) -> None:
    too_long = change(1, appointment("Shot 2", hours=24 * 365 * 6), "B-2")
    replica.accept(change(1, appointment("Shot 1"), "B-1"), too_long, change(1, appointment("Shot 3"), "B-3"))
    await replica.until_idle()
    assert replica.settled.of("B-1") == replica.settled.of("B-3") == [APPLIED]
    (disposition,) = replica.settled.of("B-2")
    assert isinstance(disposition, Park)
    assert (disposition.reason, disposition.error[:25]) == (Reason.REJECTED_BY_EXCHANGE, "CalendarDurationIsTooLong")
    assert sorted(item["Subject"] for item in owner.calendar()) == ["Shot 1", "Shot 3"]


async def test_the_owner_writes_in_between(replica: Replica, owner: Owner) -> None:
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    own = "<t:Categories><t:String>Mine</t:String></t:Categories>"
    owner.change(owner.only(), "item:Categories", own)
    replica.accept(change(2, appointment("Mix")))
    await replica.until_idle()
    assert replica.settled.of() == [APPLIED, APPLIED]
    assert (owner.only()["Subject"], set(owner.only().categories)) == ("Mix", {"Mine", "Grading"})


async def test_a_conflict_costs_one_look_at_that_booking(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    replica.accept(*(change(1, appointment(f"Shot {number}"), f"B-{number}") for number in range(5)))
    replica.accept(change(2, None, "B-0"))
    await replica.until_idle()
    for number in (1, 2):
        item = next(item for item in owner.calendar() if item["Subject"] == f"Shot {number}")
        owner.change(item, "item:Subject", "<t:Subject>My own words</t:Subject>")
    emulator.reset_counters()
    replica.accept(*(change(3, appointment(f"Mix {number}"), f"B-{number}") for number in range(1, 5)))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"UpdateItem": 2, "FindItem": 1}
    assert sorted(item["Subject"] for item in owner.calendar()) == ["Mix 1", "Mix 2", "Mix 3", "Mix 4"]
    emulator.reset_counters()
    replica.accept(*(change(4, appointment("Cut"), f"B-{number}") for number in range(1, 5)))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"UpdateItem": 1}, "all of it is known again"


async def test_a_conflict_after_a_newer_write_changes_nothing(
    calendars: EwsGateway, mailbox: str, emulator: RunningEmulator, owner: Owner
) -> None:
    """What the other replica has written is seen by the look, and is newer."""
    one, other = Replica(calendars, mailbox), Replica(calendars, mailbox)
    one.accept(change(1, appointment()))
    await one.until_idle()
    other.accept(change(3, appointment("Mix 3")))
    await other.until_idle()
    emulator.reset_counters()
    one.accept(change(2, appointment("Mix 2")))
    await one.until_idle()
    assert emulator.counters()["requests"] == {"UpdateItem": 1, "FindItem": 1}
    assert owner.only()["Subject"] == "Mix 3"
    assert one.settled.of() == [APPLIED, Done(Outcome.STALE)]


@pytest.mark.parametrize("thrown_away", [False, True], ids=["by the other replica", "by the owner"])
async def test_what_is_gone_when_it_is_looked_at_is_loaded_in_full(
    calendars: EwsGateway, mailbox: str, emulator: RunningEmulator, owner: Owner, thrown_away: bool
) -> None:
    """It may have been cancelled, and the ledger made, since this replica looked: a look alone would bring it back."""
    one, other = Replica(calendars, mailbox), Replica(calendars, mailbox)
    one.accept(change(1, appointment()))
    await one.until_idle()
    emulator.add_fault("item_error", operation="UpdateItem", code="ErrorIrresolvableConflict", index=0, count=1)
    if thrown_away:
        owner.delete(owner.only())
    else:
        other.accept(change(3, None))
        await other.until_idle()
    emulator.reset_counters()
    one.accept(change(2, appointment("Mix")))
    await one.until_idle()
    asked = emulator.counters()["requests"]
    assert asked["FindFolder"] == 1, "the ledger was looked for"
    assert [item["Subject"] for item in owner.calendar()] == (["Mix"] if thrown_away else [])
    assert one.settled.of()[1:] == [APPLIED if thrown_away else Done(Outcome.STALE)]


async def test_two_looks_in_a_row_and_then_all_is_loaded(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    emulator.add_fault("item_error", operation="UpdateItem", code="ErrorIrresolvableConflict", index=0, count=3)
    emulator.reset_counters()
    replica.accept(change(2, appointment("Mix")))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"UpdateItem": 4, "FindItem": 3, "FindFolder": 1}
    assert owner.only()["Subject"] == "Mix"


async def test_an_item_that_became_a_meeting_is_replaced_after_a_conflict(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    guest = "<t:Attendee><t:Mailbox><t:EmailAddress>guest@elsewhere.com</t:EmailAddress></t:Mailbox></t:Attendee>"
    owner.change(owner.only(), "calendar:RequiredAttendees", f"<t:RequiredAttendees>{guest}</t:RequiredAttendees>")
    before = owner.only().item_id
    emulator.reset_counters()
    replica.accept(change(2, appointment("Mix")))
    await replica.until_idle()
    assert owner.only()["Subject"] == "Mix"
    assert owner.only().item_id != before
    assert "FindFolder" not in emulator.counters()["requests"]


async def test_change_keys_that_change_by_themselves_cost_one_look(
    open_gateway: OpenGateway, mailbox: str, start_emulator: StartEmulator
) -> None:
    """Exchange touches new items once more, seconds later: their next edit is a conflict."""
    restless = start_emulator([mailbox], args=["--late-change-keys"])
    replica, owner = Replica(open_gateway(restless), mailbox), Owner(restless, mailbox)
    replica.accept(*(change(1, appointment(f"Shot {number}"), f"B-{number}") for number in range(40)))
    await replica.until_idle()
    state = replica.memory.recall(mailbox)
    assert state is not None
    written = {item.ref.change_key for items in state.items.values() for item in items}
    await eventually_async(lambda: not written & {item.change_key for item in owner.calendar()})
    restless.reset_counters()
    replica.accept(*(change(2, appointment(f"Mix {number}"), f"B-{number}") for number in range(40)))
    await replica.until_idle()
    assert restless.counters()["requests"] == {"UpdateItem": 2, "FindItem": 1}
    assert {item["Subject"] for item in owner.calendar()} == {f"Mix {number}" for number in range(40)}
    await replica.lanes.give_up(0)


async def test_the_owner_deletes_in_between(replica: Replica, owner: Owner) -> None:
    replica.accept(change(1, appointment()))
    await replica.until_idle()
    owner.delete(owner.only())
    replica.accept(change(2, appointment("Mix")))
    await replica.until_idle()
    assert owner.only()["Subject"] == "Mix"
    owner.delete(owner.only())
    replica.accept(change(3, None))
    await replica.until_idle()
    assert owner.calendar() == []
    assert replica.settled.of() == [APPLIED, APPLIED, APPLIED]


async def test_a_ledger_that_somebody_deleted(
    replica: Replica, owner: Owner, mailbox: str, capsys: pytest.CaptureFixture[str]
) -> None:
    replica.accept(change(1, appointment()), change(1, None, "B-2"))
    await replica.until_idle()
    lost = owner.folder("Callsheet")
    assert lost is not None
    owner.delete_folder(lost)
    replica.accept(change(2, None))
    await replica.until_idle()
    assert replica.settled.of() == [APPLIED, APPLIED]
    assert owner.calendar() == []
    assert [entry.marks["Revision"] for entry in owner.ledger()] == ["2"]
    said = capsys.readouterr()
    assert "ledger_lost" in said.out + said.err
    assert mailbox in said.out + said.err


async def test_after_a_take_over_the_mailbox_is_looked_at_twice(
    replica: Replica, emulator: RunningEmulator, owner: Owner
) -> None:
    """What another replica was still writing arrives after the first look; the second one puts it in order."""
    replica.accept(change(1, appointment(categories=())))
    await replica.until_idle()
    owner.copy(owner.only())
    assert len(owner.calendar()) == 2
    replica.accept(change(1, appointment(categories=())), delivered_before=True)
    await eventually_async(lambda: len(owner.calendar()) == 1, what="one item is left")
    await replica.until_idle()
    assert owner.only()["Start"] == START.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert replica.settled.of() == [APPLIED, Done(Outcome.UNCHANGED)]


async def test_a_write_that_arrives_late_is_no_duplicate_in_the_end(
    open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str, owner: Owner
) -> None:
    """The request of which we heard nothing is carried out after we have looked and written again."""
    replica = Replica(open_gateway(timeout_seconds=0.5), mailbox, second_look_seconds=2.0)
    emulator.add_fault("commit_late", operation="CreateItem", ms=900, count=1)
    replica.accept(change(1, appointment(categories=())))
    await eventually_async(lambda: len(owner.calendar()) == 2)
    await eventually_async(lambda: len(owner.calendar()) == 1)
    await replica.until_idle()
    assert replica.settled.of() == [APPLIED]
    await replica.lanes.give_up(0)


async def test_two_replicas_at_once_end_in_one_calendar(calendars: EwsGateway, mailbox: str, owner: Owner) -> None:
    """A replica that was paused does not know that another has taken over: both write."""
    one, other = Replica(calendars, mailbox), Replica(calendars, mailbox)
    for revision in range(1, 9):
        (one if revision % 2 else other).accept(
            change(revision, None if revision == 6 else appointment(f"Mix {revision}", categories=())),
            delivered_before=True,
        )
    for replica in (one, other):
        await replica.until_idle()
    await eventually_async(lambda: [item["Subject"] for item in owner.calendar()] == ["Mix 8"])
    for replica in (one, other):
        await replica.until_idle()
        assert all(isinstance(disposition, Done) for disposition in replica.settled.of())
        await replica.lanes.give_up(0)
