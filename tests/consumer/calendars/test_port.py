"""What every implementation of the port promises: what is written is what is loaded, and who wins when two write."""

from datetime import timedelta

import pytest

from consumer.calendars.port import Calendars
from consumer.core.actions import (
    Action,
    CreateItem,
    DeleteEntry,
    DeleteItem,
    FenceItem,
    RaiseFloor,
    ReleaseItem,
    UpdateItem,
)
from consumer.core.mailbox import ItemRef, MailboxState
from contract.identity import booking_key, source_mark
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import (
    SINCE,
    SOURCE,
    START,
    appointment,
    cancelled,
    change,
    errors,
    load,
    only_item,
    recorded,
    written,
)

KEY, MARK = booking_key(SOURCE, "B-1"), source_mark(SOURCE)


async def test_an_empty_mailbox(calendars: Calendars, mailbox: str, emulator: RunningEmulator, owner: Owner) -> None:
    assert await load(calendars, mailbox) == MailboxState()
    assert emulator.counters()["requests"] == {"FindFolder": 1, "FindItem": 1}
    assert owner.folder("Callsheet") is None, "reading makes no folder"


async def test_a_new_item(calendars: Calendars, mailbox: str, emulator: RunningEmulator, owner: Owner) -> None:
    state = MailboxState()
    wanted = change(17, appointment())
    emulator.reset_counters()
    await written(calendars, mailbox, state, CreateItem(wanted))
    assert emulator.counters()["requests"] == {"CreateItem": 1}
    assert await load(calendars, mailbox) == state
    shown = owner.only()
    assert (shown["Subject"], shown["Location"], shown.categories) == ("Feature X / Grading", "Suite 4", ("Grading",))
    assert (shown["Start"], shown["End"]) == ("2026-12-01T07:00:00Z", "2026-12-01T16:00:00Z")
    assert (shown["LegacyFreeBusyStatus"], shown["Sensitivity"], shown["ReminderIsSet"]) == ("Busy", "Normal", "false")
    assert owner.body(shown).strip() == "Client: Nordlys Film"
    assert wanted.appointment is not None
    assert shown.marks == {
        "Key": KEY,
        "Revision": "17",
        "Digest": wanted.appointment.digest,
        "Source": MARK,
        "Booking": "B-1",
        "Event": "event-17 2026-11-22T15:00:00Z",
    }


async def test_an_update_sets_everything_that_is_ours(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    edited = appointment(
        "Feature X / Mix",
        start=START + timedelta(days=2),
        notes="",
        location="",
        show_as="tentative",
        private=True,
        categories=("Mix", "Night"),
    )
    await written(calendars, mailbox, state, UpdateItem(only_item(state), change(2, edited)))
    assert await load(calendars, mailbox) == state
    shown = owner.only()
    assert (shown["Subject"], shown.fields.get("Location", "")) == ("Feature X / Mix", "")
    assert (shown["Start"], shown["End"]) == ("2026-12-03T07:00:00Z", "2026-12-03T16:00:00Z")
    assert (shown["LegacyFreeBusyStatus"], shown["Sensitivity"]) == ("Tentative", "Private")
    assert (set(shown.categories), shown.marks["Revision"]) == ({"Mix", "Night"}, "2")
    assert owner.body(shown).strip() == ""


async def test_a_deletion(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    await written(calendars, mailbox, state, DeleteItem(only_item(state)))
    assert state == MailboxState()
    assert await load(calendars, mailbox) == MailboxState()
    assert owner.calendar() == []


async def test_somebody_wrote_in_between(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    owner.change(owner.only(), "item:Subject", "<t:Subject>My own words</t:Subject>")
    update = UpdateItem(only_item(state), change(2, appointment("Mix")))
    results = await calendars.write(mailbox, state, [update])
    assert errors(results) == ["IrresolvableConflict"]
    assert owner.only()["Subject"] == "My own words"
    loaded = await load(calendars, mailbox)
    assert not only_item(loaded).as_written
    await written(calendars, mailbox, loaded, UpdateItem(only_item(loaded), change(2, appointment("Mix"))))
    assert owner.only()["Subject"] == "Mix"
    assert only_item(await load(calendars, mailbox)).as_written


async def test_a_fenced_item_takes_no_more_writes(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    duplicate = only_item(state)
    await written(calendars, mailbox, state, FenceItem(duplicate))
    late = UpdateItem(duplicate, change(2, appointment("Late")))
    assert errors(await calendars.write(mailbox, state, [late])) == ["IrresolvableConflict"]
    await written(calendars, mailbox, state, DeleteItem(duplicate))
    assert owner.calendar() == []


async def test_a_copy_that_the_user_changed_becomes_the_user_s_own(
    calendars: Calendars, mailbox: str, owner: Owner
) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment(categories=()))))
    owner.copy(owner.only(), Subject="My copy")
    loaded = await load(calendars, mailbox)
    original, copy = sorted(loaded.items[KEY], key=lambda item: not item.as_written)
    assert (original.as_written, copy.as_written) == (True, False)
    assert original == only_item(state)
    await written(calendars, mailbox, loaded, ReleaseItem(copy))
    assert only_item(await load(calendars, mailbox)) == original
    mine = next(item for item in owner.calendar() if item["Subject"] == "My copy")
    assert mine.marks == {}


async def test_what_is_gone_cannot_be_deleted_or_updated(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())), cancelled(1, "B-0"))
    owner.delete(owner.only(), "HardDelete")
    item = only_item(state)
    assert errors(await calendars.write(mailbox, state, [DeleteItem(item)])) == ["ItemNotFound"]
    update = UpdateItem(item, change(2, appointment()))
    assert errors(await calendars.write(mailbox, state, [update])) == ["ItemNotFound"]
    (entry,) = state.tombstones.values()
    owner.delete(owner.ledger()[0], "HardDelete")
    assert errors(await calendars.write(mailbox, state, [DeleteEntry(entry.ref, entry.key)])) == ["ItemNotFound"]


async def test_what_the_user_threw_away_is_a_gate(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    wanted = change(5, appointment())
    await written(calendars, mailbox, state, CreateItem(wanted))
    owner.delete(owner.only())
    loaded = await load(calendars, mailbox)
    assert loaded.items == {}
    assert loaded.discarded == {KEY: wanted.standing}


async def test_what_we_delete_is_no_gate(calendars: Calendars, mailbox: str) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(5, appointment())))
    await written(calendars, mailbox, state, DeleteItem(only_item(state)))
    assert (await load(calendars, mailbox)).discarded == {}


async def test_what_the_user_keeps(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment(reminder=15))))
    assert (owner.only()["ReminderIsSet"], owner.only()["ReminderMinutesBeforeStart"]) == ("true", "15")
    own = "<t:Categories><t:String>Grading</t:String><t:String>Mine</t:String></t:Categories>"
    owner.change(owner.only(), "item:Categories", own)
    minutes = "<t:ReminderMinutesBeforeStart>90</t:ReminderMinutesBeforeStart>"
    owner.change(owner.only(), "item:ReminderMinutesBeforeStart", minutes)
    loaded = await load(calendars, mailbox)
    assert only_item(loaded).other_categories == ("Mine",)
    assert only_item(loaded).as_written, "these are no edits of what is ours"
    edited = change(2, appointment("Mix", reminder=15, categories=("Mix",)))
    await written(calendars, mailbox, loaded, UpdateItem(only_item(loaded), edited))
    shown = owner.only()
    assert sorted(shown.categories) == ["Mine", "Mix"]
    assert shown["ReminderMinutesBeforeStart"] == "90", "the event asks for the same reminder as before"
    off = change(3, appointment("Mix", reminder=None, categories=()))
    await written(calendars, mailbox, loaded, UpdateItem(only_item(loaded), off))
    assert (owner.only()["ReminderIsSet"], owner.only().categories) == ("false", ("Mine",))
    on = change(4, appointment("Mix", reminder=5, categories=()))
    await written(calendars, mailbox, loaded, UpdateItem(only_item(loaded), on))
    assert (owner.only()["ReminderIsSet"], owner.only()["ReminderMinutesBeforeStart"]) == ("true", "5")


async def test_the_user_s_own_reminder_survives_events_without_one(
    calendars: Calendars, mailbox: str, owner: Owner
) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    owner.change(owner.only(), "item:ReminderIsSet", "<t:ReminderIsSet>true</t:ReminderIsSet>")
    loaded = await load(calendars, mailbox)
    await written(calendars, mailbox, loaded, UpdateItem(only_item(loaded), change(2, appointment("Mix"))))
    assert owner.only()["ReminderIsSet"] == "true"


async def test_items_of_others_are_not_seen(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    owner.create(
        "<t:Subject>Dentist</t:Subject><t:Start>2026-12-01T08:00:00Z</t:Start><t:End>2026-12-01T09:00:00Z</t:End>"
    )
    assert await load(calendars, mailbox) == MailboxState()


async def test_what_ended_long_ago_is_not_loaded(calendars: Calendars, mailbox: str) -> None:
    state = MailboxState()
    old, recent = appointment(start=SINCE - timedelta(days=9)), appointment(start=SINCE - timedelta(hours=1))
    actions: list[Action] = [CreateItem(change(1, old, "B-old")), CreateItem(change(1, recent, "B-recent"))]
    recorded(state, actions, await calendars.write(mailbox, state, actions))
    assert set((await load(calendars, mailbox)).items) == {booking_key(SOURCE, "B-recent")}


async def test_more_than_one_page_of_items(calendars: Calendars, mailbox: str, emulator: RunningEmulator) -> None:
    state = MailboxState()
    actions: list[Action] = [
        CreateItem(change(1, appointment(f"Shot {number}", start=START + timedelta(hours=number)), f"B-{number}"))
        for number in range(601)
    ]
    emulator.reset_counters()
    recorded(state, actions, await calendars.write(mailbox, state, actions))
    assert emulator.counters()["requests"] == {"CreateItem": 13}, "batches of 50"
    emulator.reset_counters()
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert len(loaded.items) == 601
    assert emulator.counters()["requests"] == {"FindFolder": 1, "FindItem": 3}


@pytest.mark.parametrize("count", [249, 250, 251, 499])
async def test_the_edges_of_a_page(calendars: Calendars, mailbox: str, owner: Owner, count: int) -> None:
    state = MailboxState()
    actions: list[Action] = [cancelled(1, f"B-{number}") for number in range(count)]
    recorded(state, actions, await calendars.write(mailbox, state, actions))
    loaded = await load(calendars, mailbox)
    assert len(loaded.tombstones) == count
    assert loaded == state


async def test_one_result_for_each_action_in_their_order(calendars: Calendars, mailbox: str) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment(), "B-1")), cancelled(1, "B-9"))
    ((item,),) = state.items.values()
    mixed: list[Action] = [
        cancelled(2, "B-8"),
        UpdateItem(item, change(2, appointment("Mix"), "B-1")),
        CreateItem(change(1, appointment(), "B-2")),
        cancelled(2, "B-9", replaces=next(iter(state.tombstones.values())).ref),
        CreateItem(change(1, appointment(), "B-3")),
        RaiseFloor(MARK, 1),
    ]
    recorded(state, mixed, await calendars.write(mailbox, state, mixed))
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert len({ref.item_id for ref in refs(loaded)}) == 6


def refs(state: MailboxState) -> list[ItemRef]:
    return [
        *(item.ref for items in state.items.values() for item in items),
        *(tombstone.ref for tombstone in state.tombstones.values()),
        *(floor.ref for floor in state.floors.values()),
    ]


async def test_nothing_to_write_is_no_request(calendars: Calendars, mailbox: str, emulator: RunningEmulator) -> None:
    emulator.reset_counters()
    assert await calendars.write(mailbox, MailboxState(), []) == []
    assert emulator.requests() == 0
