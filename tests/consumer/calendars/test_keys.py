"""What every implementation of the port promises of a look at single keys: the same as a load, for one request."""

from datetime import timedelta

from consumer.calendars.port import Calendars
from consumer.core.actions import Action, CreateItem, RaiseFloor
from consumer.core.mailbox import MailboxState
from contract.identity import booking_key
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import (
    SINCE,
    SOURCE,
    START,
    appointment,
    cancelled,
    change,
    known,
    load,
    recorded,
    written,
)

KEY, OTHER = booking_key(SOURCE, "B-1"), booking_key(SOURCE, "B-2")


async def test_the_same_as_a_load_for_one_request(
    calendars: Calendars, mailbox: str, emulator: RunningEmulator, owner: Owner
) -> None:
    """An item and its tombstone, one that the owner made a meeting, what was thrown away, what is not asked for."""
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())), cancelled(1, "B-1"))
    await written(calendars, mailbox, state, CreateItem(change(3, appointment("Mix"), "B-2")), RaiseFloor("s" * 16, 4))
    await written(calendars, mailbox, state, CreateItem(change(5, appointment("Trailer"), "B-3")))
    owner.copy(next(item for item in owner.calendar() if item["Subject"] == "Mix"), Subject="My copy")
    owner.delete(next(item for item in owner.calendar() if item["Subject"] == "Feature X / Grading"))
    loaded = await load(calendars, mailbox)
    emulator.reset_counters()
    found = await known(calendars, mailbox, state, "B-1", "B-2")
    assert emulator.counters()["requests"] == {"FindItem": 1}
    assert (dict(found.items), dict(found.tombstones)) == ({OTHER: loaded.items[OTHER]}, dict(loaded.tombstones))
    assert len(found.items[OTHER]) == 2
    assert dict(found.discarded) == dict(loaded.discarded) == {KEY: change(1, appointment()).standing}
    assert found.floors == {}
    assert await known(calendars, mailbox, state, "B-9") == MailboxState(state.ledger_folder)


async def test_without_a_ledger(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    owner.change(owner.only(), "item:Subject", "<t:Subject>My own words</t:Subject>")
    found = await known(calendars, mailbox, state, "B-1")
    assert found == await load(calendars, mailbox)
    assert not found.items[KEY][0].as_written


async def test_what_ended_long_ago_is_not_found(calendars: Calendars, mailbox: str) -> None:
    state = MailboxState()
    old = appointment(start=SINCE - timedelta(days=9))
    actions: list[Action] = [CreateItem(change(1, old, "B-1")), CreateItem(change(1, appointment(), "B-2"))]
    recorded(state, actions, await calendars.write(mailbox, state, actions))
    assert set((await known(calendars, mailbox, state, "B-1", "B-2")).items) == {OTHER}


async def test_a_hundred_keys_of_three_hundred(calendars: Calendars, mailbox: str, emulator: RunningEmulator) -> None:
    state = MailboxState()
    actions: list[Action] = [
        CreateItem(change(1, appointment(f"Shot {number}", start=START + timedelta(hours=number)), f"B-{number}"))
        for number in range(300)
    ]
    recorded(state, actions, await calendars.write(mailbox, state, actions))
    emulator.reset_counters()
    found = await known(calendars, mailbox, state, *(f"B-{number}" for number in range(100)))
    assert emulator.counters()["requests"] == {"FindItem": 1}
    assert dict(found.items) == {key: state.items[key] for key in list(state.items)[:100]}
