"""The hidden ledger: tombstones and floors, and what happens when somebody deletes it."""

from datetime import timedelta

import pytest

from consumer.calendars.port import Calendars
from consumer.core.actions import (
    CreateItem,
    DeleteEntry,
    DeleteItem,
    RaiseFloor,
    WriteTombstone,
)
from consumer.core.mailbox import MailboxState, Standing, TombstoneState
from contract.identity import booking_key, source_mark
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import (
    EXPIRES,
    SOURCE,
    appointment,
    cancelled,
    change,
    errors,
    load,
    only_item,
    written,
)

KEY, MARK = booking_key(SOURCE, "B-1"), source_mark(SOURCE)


async def test_a_cancellation(calendars: Calendars, mailbox: str, emulator: RunningEmulator, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())))
    await written(calendars, mailbox, state, cancelled(2), DeleteItem(only_item(state)))
    assert state.ledger_folder is not None
    assert await load(calendars, mailbox) == state
    assert await load(calendars, mailbox, state.ledger_folder) == state
    tombstone = state.tombstones[KEY]
    assert (tombstone.revision, tombstone.state, tombstone.dead_up_to) == (2, TombstoneState.CANCELLED, 2)
    assert tombstone.expires == EXPIRES
    (entry,) = owner.ledger()
    assert entry["ItemClass"] == "IPM.Callsheet.Tombstone"
    assert owner.hidden_folders() == ["Callsheet"], "no client shows it"


async def test_a_cancellation_in_a_known_mailbox_is_two_requests(
    calendars: Calendars, mailbox: str, emulator: RunningEmulator
) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())), cancelled(1, "B-0"))
    emulator.reset_counters()
    await written(calendars, mailbox, state, cancelled(2), DeleteItem(only_item(state)))
    assert emulator.counters()["requests"] == {"CreateItem": 1, "DeleteItem": 1}


async def test_a_tombstone_is_replaced(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, cancelled(2))
    outside = change(3, appointment())
    present = state.tombstones[KEY]
    later = EXPIRES + timedelta(days=1)
    await written(
        calendars, mailbox, state, WriteTombstone(outside, TombstoneState.OUTSIDE, later, 2, replaces=present.ref)
    )
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert loaded.tombstones[KEY].standing == outside.standing
    assert (loaded.tombstones[KEY].dead_up_to, loaded.tombstones[KEY].expires) == (2, later)
    assert len(owner.ledger()) == 1


async def test_a_cancellation_after_an_outside_tombstone(calendars: Calendars, mailbox: str) -> None:
    """The digest of the appointment must not stay behind on a tombstone that remembers a cancellation."""
    state = MailboxState()
    outside = WriteTombstone(change(3, appointment()), TombstoneState.OUTSIDE, EXPIRES, -1)
    await written(calendars, mailbox, state, outside)
    await written(calendars, mailbox, state, cancelled(4, replaces=state.tombstones[KEY].ref))
    loaded = await load(calendars, mailbox)
    assert loaded.tombstones[KEY].standing == Standing(4, True, "")
    assert loaded == state


async def test_a_floor_is_raised(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, RaiseFloor(MARK, 40))
    assert await load(calendars, mailbox) == state
    await written(calendars, mailbox, state, RaiseFloor(MARK, 41, state.floors[MARK].ref))
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert loaded.floors[MARK].revision == 41
    (entry,) = owner.ledger()
    assert entry["ItemClass"] == "IPM.Callsheet.Floor"


async def test_a_tombstone_is_swept(calendars: Calendars, mailbox: str) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, cancelled(2), RaiseFloor(MARK, 2))
    await written(calendars, mailbox, state, DeleteEntry(state.tombstones[KEY].ref, KEY))
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert loaded.tombstones == {}
    assert loaded.floors[MARK].revision == 2


async def test_several_entries_of_one_key(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    """Two replicas at once may leave two tombstones: the greater counts, the other is spare."""
    state = MailboxState()
    await written(calendars, mailbox, state, cancelled(2), cancelled(5), RaiseFloor(MARK, 7), RaiseFloor(MARK, 9))
    loaded = await load(calendars, mailbox)
    assert (loaded.tombstones[KEY].revision, loaded.floors[MARK].revision) == (5, 9)
    assert len(loaded.spare) == 2
    await written(calendars, mailbox, loaded, *(DeleteEntry(ref) for ref in loaded.spare))
    again = await load(calendars, mailbox)
    assert again == loaded
    assert (again.spare, len(owner.ledger())) == ((), 2)


@pytest.mark.parametrize("folder", ["before", "after"])
async def test_a_lost_ledger(calendars: Calendars, mailbox: str, owner: Owner, folder: str) -> None:
    """Somebody deleted the folder: said so, and made anew."""
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment())), cancelled(1, "B-0"))
    lost = owner.folder("Callsheet")
    assert lost == state.ledger_folder
    assert lost is not None
    owner.delete_folder(lost)
    if folder == "before":
        assert errors(await calendars.write(mailbox, state, [cancelled(2)])) == ["FolderNotFound"]
    else:
        with pytest.raises(Exception, match=r"^FolderNotFound: "):
            await load(calendars, mailbox, lost)
    fresh = await load(calendars, mailbox)
    assert fresh.ledger_folder is None
    await written(calendars, mailbox, fresh, cancelled(2))
    assert fresh.ledger_folder not in (None, lost)
    assert await load(calendars, mailbox) == fresh


async def test_a_ledger_that_another_replica_has_just_made(calendars: Calendars, mailbox: str, owner: Owner) -> None:
    first, second = MailboxState(), MailboxState()
    await written(calendars, mailbox, first, cancelled(1, "B-1"))
    await written(calendars, mailbox, second, cancelled(1, "B-2"))
    assert first.ledger_folder == second.ledger_folder
    assert len((await load(calendars, mailbox)).tombstones) == 2
