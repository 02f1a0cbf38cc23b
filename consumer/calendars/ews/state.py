"""What was read of a mailbox, put together as its state."""

from dataclasses import replace
from typing import Any

from consumer.calendars.ews import answers
from consumer.core.mailbox import Floor, ItemRef, MailboxState, Tombstone


def state_of(ledger: str | None, calendar: list[Any], deleted: list[Any], entries: list[Any]) -> MailboxState:
    """The state from the elements of calendar, Deleted Items and ledger. ``ledger`` is the folder's id."""
    state = MailboxState(ledger_folder=ledger)
    for item in answers.items_of(calendar):
        state.items[item.key] = (*state.items.get(item.key, ()), item)
    for item in answers.items_of(deleted):
        state.discarded[item.key] = max(item.standing, state.discarded.get(item.key, item.standing))
    for key, at in answers.repairs_of([*calendar, *deleted]):
        state.repaired[key] = max(at, state.repaired.get(key, at))
    spare: list[ItemRef] = []
    for tombstone in answers.tombstones_of(entries):
        present = state.tombstones.get(tombstone.key)
        if present is not None:
            tombstone, covered = _merged(present, tombstone)
            spare += covered
        state.tombstones[tombstone.key] = tombstone
    for floor in answers.floors_of(entries):
        other = state.floors.get(floor.source)
        if other is not None:
            floor, covered = _joined(floor, other)
            spare += covered
        state.floors[floor.source] = floor
    state.spare = tuple(spare)
    return state


def _merged(one: Tombstone, other: Tombstone) -> tuple[Tombstone, list[ItemRef]]:
    """Of two tombstones of a key the one that counts, and the other where it says nothing more."""
    best, rest = (one, other) if one.standing >= other.standing else (other, one)
    if best.dead_up_to >= rest.dead_up_to:
        return best, [rest.ref]
    return replace(best, dead_up_to=rest.dead_up_to), []


def _joined(one: Floor, other: Floor) -> tuple[Floor, list[ItemRef]]:
    """Of two floors of a source what they say together, and the one that says nothing more."""
    best, rest = (
        (one, other)
        if (one.revision, one.last is not None) > (other.revision, other.last is not None)
        else (other, one)
    )
    if rest.last is None or best.last == rest.last:
        return best, [rest.ref]
    return replace(best, last=rest.last if best.last is None else best.last.joined(rest.last)), []
