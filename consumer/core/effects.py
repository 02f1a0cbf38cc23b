"""What a write that succeeded has changed in a mailbox."""

from consumer.core.actions import (
    Action,
    Change,
    CreateItem,
    DeleteEntry,
    DeleteItem,
    FenceItem,
    RaiseFloor,
    ReleaseItem,
    RememberSnapshot,
    UpdateItem,
    WriteTombstone,
)
from consumer.core.mailbox import Floor, Item, ItemRef, MailboxState, Tombstone
from consumer.core.repair import repaired_at


def record(state: MailboxState, action: Action, ref: ItemRef) -> None:
    """Enter a write into the state. ``ref`` is what the server answered; for a deletion it says nothing."""
    match action:
        case CreateItem(change):
            _put(state, _written(action, ref))
            _note_repair(state, change)
            state.discarded.pop(change.key, None)
        case UpdateItem(item, change):
            _take(state, item)
            _put(state, _written(action, ref))
            _note_repair(state, change)
        case FenceItem(item):
            pass  # its deletion follows, and needs no change key
        case ReleaseItem(item) | DeleteItem(item):
            _take(state, item)
        case WriteTombstone(change):
            state.tombstones[change.key] = Tombstone(
                ref=ref,
                key=change.key,
                source=change.source,
                revision=change.revision,
                state=action.state,
                digest=change.standing.digest,
                expires=action.expires,
                dead_up_to=action.dead_up_to,
                absent=action.absent,
            )
        case RaiseFloor(source, revision) | RememberSnapshot(source, revision):
            state.floors[source] = Floor(ref, source, revision, action.last)
        case DeleteEntry(entry, key):
            if key:
                state.tombstones.pop(key, None)
            state.spare = tuple(spare for spare in state.spare if spare != entry)


def _written(action: CreateItem | UpdateItem, ref: ItemRef) -> Item:
    change = action.change
    assert change.appointment is not None
    return Item(
        ref=ref,
        key=change.key,
        source=change.source,
        revision=change.revision,
        digest=change.appointment.digest,
        start=change.appointment.fields.start,
        end=change.appointment.fields.end,
        other_categories=action.item.other_categories if isinstance(action, UpdateItem) else (),
    )


def _note_repair(state: MailboxState, change: Change) -> None:
    at = repaired_at(change.event)
    if at is not None:
        state.repaired[change.key] = at


def _put(state: MailboxState, item: Item) -> None:
    state.items[item.key] = (*state.items.get(item.key, ()), item)


def _take(state: MailboxState, item: Item) -> None:
    left = tuple(other for other in state.items.get(item.key, ()) if other.ref.item_id != item.ref.item_id)
    if left:
        state.items[item.key] = left
    else:
        state.items.pop(item.key, None)
