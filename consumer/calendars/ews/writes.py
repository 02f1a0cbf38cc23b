"""Actions as requests: which operation carries which action, and its XML."""

from collections.abc import Sequence
from enum import Enum

from consumer.calendars.ews import elements, messages
from consumer.calendars.ews.versions import Dialect
from consumer.core.actions import (
    Action,
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
from consumer.core.mailbox import ItemRef, MailboxState


class Kind(Enum):
    """What one request can serve: an operation, and where one request cannot serve all, the folder."""

    NEW_ITEMS = "CreateItem", "calendar"
    NEW_ENTRIES = "CreateItem", "ledger"
    CHANGES = "UpdateItem", ""
    ITEMS_TO_DELETE = "DeleteItem", "calendar"
    ENTRIES_TO_DELETE = "DeleteItem", "ledger"

    @property
    def operation(self) -> str:
        """The name of the EWS operation."""
        return self.value[0]


def kind_of(action: Action) -> Kind:
    """The kind of request that carries an action."""
    match action:
        case CreateItem():
            return Kind.NEW_ITEMS
        case WriteTombstone(replaces=None) | RaiseFloor(replaces=None) | RememberSnapshot(replaces=None):
            return Kind.NEW_ENTRIES
        case DeleteItem():
            return Kind.ITEMS_TO_DELETE
        case DeleteEntry():
            return Kind.ENTRIES_TO_DELETE
        case _:
            return Kind.CHANGES


def body_of(kind: Kind, mailbox: str, state: MailboxState, actions: Sequence[Action], dialect: Dialect) -> str:
    """The XML of one request for actions of one kind. For new entries ``state`` must know the ledger folder."""
    match kind:
        case Kind.NEW_ITEMS:
            changes = (action.change for action in actions if isinstance(action, CreateItem))
            return messages.create_items(mailbox, changes, dialect)
        case Kind.NEW_ENTRIES:
            assert state.ledger_folder is not None
            return messages.create_entries(state.ledger_folder, map(_entry, actions))
        case Kind.CHANGES:
            return messages.update_items(_item_change(action, dialect) for action in actions)
        case Kind.ITEMS_TO_DELETE:
            return messages.delete_items(map(_deleted, actions), "SoftDelete")
        case Kind.ENTRIES_TO_DELETE:
            return messages.delete_items(map(_deleted, actions), "HardDelete")


def _item_change(action: Action, dialect: Dialect) -> str:
    match action:
        case UpdateItem():
            return elements.update_item(action, dialect)
        case FenceItem(item):
            return elements.fence_item(item)
        case ReleaseItem(item):
            return elements.release_item(item)
        case WriteTombstone(replaces=ItemRef() as ref):
            return elements.replace_tombstone(action, ref)
        case RaiseFloor(replaces=ItemRef() as ref) | RememberSnapshot(replaces=ItemRef() as ref):
            return elements.replace_floor(ref, action.source, action.revision, action.last)
    raise AssertionError(f"not an update: {action}")


def _deleted(action: Action) -> ItemRef:
    assert isinstance(action, (DeleteItem, DeleteEntry))
    return action.item.ref if isinstance(action, DeleteItem) else action.ref


def _entry(action: Action) -> str:
    if isinstance(action, WriteTombstone):
        return elements.tombstone(action)
    assert isinstance(action, RaiseFloor | RememberSnapshot)
    return elements.floor(action.source, action.revision, action.last)
