"""Each safeguard of the promise "nothing lost, nothing twice, nothing resurrected", in the scenario that needs it.

Whatever the way, what counts is the calendar in the end, as its owner sees it. Every one of these ends wrong when its
safeguard is switched off: ``make mutations`` does that and says how.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from consumer.calendars.ews.gateway import EwsGateway
from consumer.core.actions import CreateItem, Outcome
from consumer.core.decide import decide
from consumer.core.survivors import sorted_out
from consumer.lanes.delivery import Done, Park
from consumer.lanes.writing import carry_out
from contract.reasons import Reason
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.conftest import OpenGateway
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.replica import APPLIED, NOW, WINDOW, Replica
from tests.consumer.calendars.samples import START, appointment, change, load, written
from tests.support import eventually_async

STALE = Done(Outcome.STALE)
ONE = appointment("Mix 1", categories=())
TWO = appointment("Mix 2", categories=())
THREE = appointment("Mix 3", categories=())
NEXT_YEAR = appointment("Mix, next year", start=START + timedelta(days=365), categories=())

StartReplica = Callable[..., Replica]
"""One that knows nothing yet; keywords as :class:`Replica` takes them."""


@pytest.fixture
async def start_replica(open_gateway: OpenGateway, mailbox: str) -> AsyncIterator[StartReplica]:
    started: list[Replica] = []

    def start(calendars: EwsGateway | None = None, **how: Any) -> Replica:
        one = Replica(calendars or open_gateway(), mailbox, **how)
        started.append(one)
        return one

    yield start
    for one in started:
        await one.lanes.give_up(0)


def titles(owner: Owner) -> list[str]:
    return [item["Subject"] for item in owner.calendar()]


async def test_the_revision_check(start_replica: StartReplica, owner: Owner) -> None:
    """An older event that comes late does not take the place of a newer one, with or without memory."""
    first = start_replica()
    for revision, content in ((2, TWO), (1, ONE)):
        first.accept(change(revision, content))
        await first.until_idle()
    second = start_replica()
    second.accept(change(1, ONE))
    await second.until_idle()
    assert titles(owner) == ["Mix 2"]
    assert first.settled.of() == [APPLIED, STALE]
    assert second.settled.of() == [STALE]


async def test_the_tombstone(start_replica: StartReplica, owner: Owner) -> None:
    """What was cancelled does not come back with an older event, though whoever cancelled it has forgotten it."""
    first = start_replica()
    for revision, content in ((1, ONE), (3, None)):
        first.accept(change(revision, content))
        await first.until_idle()
    assert titles(owner) == []
    second = start_replica()
    second.accept(change(2, TWO))
    await second.until_idle()
    assert titles(owner) == []
    assert second.settled.of() == [STALE]


async def test_the_mark_outside(start_replica: StartReplica, owner: Owner) -> None:
    """Moved out of the window before it was ever seen inside: the older event finds its revision all the same."""
    first = start_replica()
    first.accept(change(2, NEXT_YEAR))
    await first.until_idle()
    assert titles(owner) == []
    second = start_replica()
    second.accept(change(1, ONE))
    await second.until_idle()
    assert titles(owner) == []
    assert second.settled.of() == [STALE]
    in_a_year = start_replica(now=lambda: NOW + timedelta(days=300))
    in_a_year.accept(change(2, NEXT_YEAR))
    await in_a_year.until_idle()
    assert titles(owner) == ["Mix, next year"], "the same event passes once the window has reached it"


async def test_what_comes_late_beside_the_mark_outside(
    start_replica: StartReplica, emulator: RunningEmulator, owner: Owner
) -> None:
    """The item of an older revision arrives when the booking has left the window: it is a leftover, and goes."""
    paused = start_replica()
    emulator.add_fault("commit_late", operation="CreateItem", ms=1500, count=1)
    paused.accept(change(1, ONE))
    await eventually_async(lambda: emulator.counters()["requests"].get("CreateItem") == 1)
    successor = start_replica()
    successor.accept(change(2, NEXT_YEAR))
    await successor.until_idle()
    await paused.until_idle()
    assert titles(owner) == ["Mix 1"], "it has arrived"
    reader = start_replica()
    reader.accept(change(1, ONE))
    await reader.until_idle()
    assert titles(owner) == []
    assert reader.settled.of() == [STALE]


async def test_the_floor(start_replica: StartReplica, owner: Owner) -> None:
    """The tombstone's time is over and it was swept away: the floor still knows up to where it may have spoken."""
    first = start_replica()
    for revision, content in ((6, ONE), (7, None)):
        first.accept(change(revision, content))
        await first.until_idle()
    later = NOW + WINDOW.lifetime + timedelta(days=2)
    soon = appointment("Mix 2", start=later + timedelta(days=3), categories=())
    second = start_replica(now=lambda: later)
    second.accept(change(1000, soon, "B-2"))
    await second.until_idle()
    assert [(entry["ItemClass"], entry.marks["Revision"]) for entry in owner.ledger()] == [("IPM.Callsheet.Floor", "7")]
    third = start_replica(now=lambda: later)
    third.accept(change(6, appointment("Mix 1", start=later + timedelta(days=4), categories=())))
    await third.until_idle()
    assert titles(owner) == ["Mix 2"]
    (disposition,) = third.settled.of()
    assert isinstance(disposition, Park)
    assert disposition.reason is Reason.TOO_OLD


async def test_the_look_before_a_create_is_repeated(
    start_replica: StartReplica, emulator: RunningEmulator, owner: Owner
) -> None:
    """It was written and the answer was lost: that is seen, and it is not written again."""
    replica = start_replica(second_look_seconds=60)
    emulator.add_fault("commit_then_drop", operation="CreateItem", count=1)
    replica.accept(change(1, ONE))
    await replica.until_idle()
    assert titles(owner) == ["Mix 1"]
    assert emulator.counters()["items"]["CreateItem"] == 1
    assert replica.settled.of() == [Done(Outcome.UNCHANGED)]


async def test_the_second_look(
    start_replica: StartReplica, open_gateway: OpenGateway, emulator: RunningEmulator, owner: Owner
) -> None:
    """It is written long after we gave it up, looked and wrote again: only a later look can see that."""
    replica = start_replica(open_gateway(timeout_seconds=0.5), second_look_seconds=2.0)
    emulator.add_fault("commit_late", operation="CreateItem", ms=900, count=1)
    replica.accept(change(1, ONE))
    await eventually_async(lambda: titles(owner) == ["Mix 1", "Mix 1"], what="both are there")
    await eventually_async(lambda: titles(owner) == ["Mix 1"], 5, what="only one is left")
    await replica.until_idle()


async def test_an_item_is_dead_for_ever_after_its_cancellation(
    start_replica: StartReplica, emulator: RunningEmulator, owner: Owner
) -> None:
    """A deletion that is still under way cannot be stopped: so a booking that comes back is a new item."""
    paused = start_replica()
    paused.accept(change(1, ONE))
    await paused.until_idle()
    emulator.add_fault("commit_late", operation="DeleteItem", ms=1500, count=1)
    paused.accept(change(2, None))
    await eventually_async(lambda: emulator.counters()["requests"].get("DeleteItem") == 1)
    successor = start_replica()
    successor.accept(change(3, THREE))
    await successor.until_idle()
    assert titles(owner) == ["Mix 3"]
    await paused.until_idle()
    assert titles(owner) == ["Mix 3"], "the late deletion found nothing to delete"
    assert successor.settled.of() == [APPLIED]


async def test_the_fence_before_healing(calendars: EwsGateway, mailbox: str, owner: Owner) -> None:
    """Of two items one is to go; meanwhile a late writer, who knows only that one, makes it the newest revision."""
    writer = await load(calendars, mailbox)
    await written(calendars, mailbox, writer, CreateItem(change(1, ONE)))
    owner.copy(owner.only())
    healer = await load(calendars, mailbox)
    ((key, items),) = healer.items.items()
    (loser,) = sorted_out(items, None).duplicates
    healing = decide(healer, [], WINDOW, NOW)
    writer.items[key], writer.tidy = (loser,), True
    late = decide(writer, [change(5, THREE)], WINDOW, NOW)
    assert await carry_out(calendars, mailbox, writer, late, lambda _: None) == {}
    failed = await carry_out(calendars, mailbox, healer, healing, lambda _: None)
    assert sorted(titles(owner)) == ["Mix 1", "Mix 3"], "the newest revision is still there"
    assert [error.code for error in failed.values()] == ["IrresolvableConflict"]
    healer = await load(calendars, mailbox)
    again = decide(healer, [], WINDOW, NOW)
    assert await carry_out(calendars, mailbox, healer, again, lambda _: None) == {}
    assert titles(owner) == ["Mix 3"]


async def test_what_is_superseded_is_settled_with_what_took_its_place(
    start_replica: StartReplica, emulator: RunningEmulator, owner: Owner
) -> None:
    """Nothing is acknowledged before its revision or a higher one stands in the mailbox."""
    replica = start_replica()
    emulator.add_fault("server_busy", operation="CreateItem", back_off_ms=30_000)
    replica.accept(change(1, ONE), change(2, TWO))
    await eventually_async(lambda: emulator.counters()["faults"].get("server_busy") == 1)
    async with asyncio.timeout(5):
        await replica.lanes.give_up(0)
    assert owner.calendar() == []
    assert replica.settled.of() == [], "the broker gives both to the next replica"
