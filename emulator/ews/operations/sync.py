"""SyncFolderItems (MS-OXWSSYNC 3.1.4.2)."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from emulator.ews import access
from emulator.ews.call import Call
from emulator.ews.failure import FaultError, ResponseError
from emulator.ews.messages import Reply
from emulator.ews.properties import item_id_element
from emulator.ews.shapes import Shape, read_shape
from emulator.ews.values import format_boolean, parse_integer
from emulator.ews.xmltext import M
from emulator.store import Folder, Item, MailboxStore
from emulator.store.ids import MalformedIdError, WrongKindOfIdError, change_key, item_id, read_item_id

MOST_CHANGES = 512
"""MaxChangesReturned may not ask for more."""
_STATE = struct.Struct(">4sQQQQ")


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a client knows a folder: everything up to change ``known``, and in this round up to ``reached``."""

    mailbox: int
    folder: int
    known: int = 0
    reached: int = 0

    def text(self) -> str:
        """The opaque form for clients."""
        packed = _STATE.pack(b"SYNC", self.mailbox, self.folder, self.known, self.reached)
        return base64.b64encode(packed).decode()


def read_state(given: str) -> SyncState:
    """Raises ResponseError ErrorInvalidSyncStateData for what this server never gave out."""
    try:
        mark, *numbers = _STATE.unpack(binascii.a2b_base64(given.encode("ascii"), strict_mode=True))
    except (ValueError, struct.error) as error:
        raise ResponseError("ErrorInvalidSyncStateData", "The synchronization state is invalid.") from error
    if mark != b"SYNC":
        raise ResponseError("ErrorInvalidSyncStateData", "The synchronization state is invalid.")
    return SyncState(*numbers)


def sync_folder_items(call: Call) -> Reply:
    """Tell what changed in a folder since the state a client had, in the order it changed.

    Without SyncState everything is new (MS-OXWSSYNC_R382), with it only what changed since (R504). Items in Ignore are
    skipped (R3851). MaxChangesReturned is from 1 to 512 (R389); IncludesLastItemInRange is false when more is to come
    (R6702).
    """
    shape = read_shape(call.element.find(f"{M}ItemShape"), find=True)
    return call.batch(call.listed("SyncFolderId"), lambda element: _sync(call, shape, element))


def _sync(call: Call, shape: Shape, element: etree._Element) -> str:
    folder, mailbox = access.folder(call, element, missing="ErrorSyncFolderNotFound"), call.own_mailbox()
    given = (call.element.findtext(f"{M}SyncState") or "").strip()
    state = read_state(given) if given else SyncState(mailbox.number, folder.number)
    if (state.mailbox, state.folder) != (mailbox.number, folder.number) or state.reached > mailbox.last_change:
        raise ResponseError("ErrorInvalidSyncStateData", "The synchronization state belongs to another folder.")
    most = _most(call)
    ignored = _ignored(call)
    scope = call.element.findtext(f"{M}SyncScope") or "NormalItems"
    changes = sorted(_changes(folder, state, associated=scope == "NormalAndAssociatedItems"))
    changes = [change for change in changes if change[1] not in ignored]
    last = len(changes) <= most
    changes = changes[:most]
    reached = mailbox.last_change if last else changes[-1][0]
    new = SyncState(mailbox.number, folder.number, reached if last else state.known, reached)
    content = "".join(_write(kind, number, mailbox, shape) for _, number, kind in changes)
    return (
        f"<m:SyncState>{new.text()}</m:SyncState>"
        f"<m:IncludesLastItemInRange>{format_boolean(last)}</m:IncludesLastItemInRange><m:Changes>{content}</m:Changes>"
    )


def _most(call: Call) -> int:
    try:
        most = parse_integer(call.needed("MaxChangesReturned").text or "")
    except ValueError as error:
        raise FaultError("ErrorSchemaValidation", f"The 'MaxChangesReturned' element is invalid - {error}") from error
    if not 1 <= most <= MOST_CHANGES:
        message = f"The request failed schema validation: MaxChangesReturned must be from 1 to {MOST_CHANGES}."
        raise FaultError("ErrorSchemaValidation", message)
    return most


def _ignored(call: Call) -> set[int]:
    numbers = set()
    given = call.element.find(f"{M}Ignore")
    for element in () if given is None else given:
        try:
            numbers.add(read_item_id(element.get("Id", ""))[1])
        except MalformedIdError as error:
            raise ResponseError("ErrorInvalidIdMalformed", "Id is malformed.") from error
        except WrongKindOfIdError as error:
            raise ResponseError("ErrorCannotUseFolderIdForItemId", "A folder id cannot be used for an item.") from error
    return numbers


def _changes(folder: Folder, state: SyncState, *, associated: bool) -> Iterator[tuple[int, int, str]]:
    """(change, item number, kind of change) of all that happened since the state."""
    tables = (folder.items, folder.associated) if associated else (folder.items,)
    for table in tables:
        for number, item in table.items():
            if item.change > state.reached:
                yield item.change, number, _kind(item, state)
    for number, (born, left) in folder.gone.items():
        if born <= state.reached < left:
            yield left, number, "Delete"


def _kind(item: Item, state: SyncState) -> str:
    if item.born > state.known:
        return "Create"
    if item.read_change and item.read_change <= state.reached:
        return "ReadFlagChange"
    return "Update"


def _write(kind: str, number: int, mailbox: MailboxStore, shape: Shape) -> str:
    if kind == "Delete":
        key = change_key(number, mailbox.last_change)
        return f'<t:Delete><t:ItemId Id="{item_id(mailbox.number, number)}" ChangeKey="{key}"/></t:Delete>'
    item = mailbox.items[number]
    if kind == "ReadFlagChange":
        read = format_boolean(item.values.get("message:IsRead", True))
        return f"<t:ReadFlagChange>{item_id_element(item, mailbox)}<t:IsRead>{read}</t:IsRead></t:ReadFlagChange>"
    return f"<t:{kind}>{shape.write(item, mailbox)}</t:{kind}>"
