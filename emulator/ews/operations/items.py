"""GetItem, DeleteItem and MoveItem (MS-OXWSCORE 3.1.4.4, 3.1.4.3, 3.1.4.7)."""

from __future__ import annotations

from functools import partial

from lxml import etree

from emulator.ews import access
from emulator.ews.call import Call
from emulator.ews.failure import ResponseError
from emulator.ews.messages import Reply
from emulator.ews.properties import item_id_element
from emulator.ews.shapes import Shape, read_shape
from emulator.ews.xmltext import M
from emulator.store import Folder, Item

INVITATIONS = ("SendToNone", "SendOnlyToAll", "SendToAllAndSaveCopy")
DISPOSALS = ("HardDelete", "SoftDelete", "MoveToDeletedItems")
NO_ITEMS = "<m:Items/>"


def get_item(call: Call) -> Reply:
    """Give the items asked for, in order."""
    shape = read_shape(call.element.find(f"{M}ItemShape"))
    return call.batch(call.listed("ItemIds"), partial(_get, call, shape), on_error=NO_ITEMS)


def _get(call: Call, shape: Shape, element: etree._Element) -> str:
    item, _ = access.item(call, element)
    return f"<m:Items>{shape.write(item, call.own_mailbox())}</m:Items>"


def delete_item(call: Call) -> Reply:
    """Delete items in one of three ways. ChangeKeys are not looked at: Exchange has no conditional delete.

    A calendar item needs SendMeetingCancellations (MS-OXWSMTGS_R1213). HardDelete removes it for good
    (MS-OXWSCORE_R1667), MoveToDeletedItems moves it there under a new id (R1668), SoftDelete moves it to the dumpster,
    which is the folder recoverableitemsdeletions (R1669).
    """
    how = call.choice("DeleteType", DISPOSALS, required=True)
    call.choice("SendMeetingCancellations", INVITATIONS)
    return call.batch(call.listed("ItemIds"), partial(_delete, call, str(how)))


def _delete(call: Call, how: str, element: etree._Element) -> str:
    item, _ = access.item(call, element)
    if item.kind == "CalendarItem" and call.element.get("SendMeetingCancellations") is None:
        code = "ErrorSendMeetingCancellationsRequired"
        raise ResponseError(code, "SendMeetingCancellations is required when a calendar item is deleted.")
    dispose(call, item, how)
    call.deleted += 1
    return ""


def dispose(call: Call, item: Item, how: str) -> None:
    """Take an item away in the way ``how`` names. What is already where it would go is removed for good."""
    mailbox = call.own_mailbox()
    where = {"SoftDelete": "recoverableitemsdeletions", "MoveToDeletedItems": "deleteditems"}.get(how)
    target = mailbox.distinguished.get(where) if where else None
    if target is None or target.number == item.folder:
        mailbox.remove(item)
    else:
        mailbox.move(item, target)


def move_item(call: Call) -> Reply:
    """Move items to another folder of the same mailbox; each gets a new id, which the reply names in order."""
    try:
        target: Folder | ResponseError = access.folder(
            call, next(iter(call.needed("ToFolderId")), None), missing="ErrorToFolderNotFound"
        )
    except ResponseError as error:
        target = error
    return call.batch(call.listed("ItemIds"), partial(_move, call, target), on_error=NO_ITEMS)


def _move(call: Call, target: Folder | ResponseError, element: etree._Element) -> str:
    if isinstance(target, ResponseError):
        raise target
    item, _ = access.item(call, element)
    moved = call.own_mailbox().move(item, target)
    call.updated += 1
    wanted = call.element.findtext(f"{M}ReturnNewItemIds")
    if wanted in ("false", "0"):
        return NO_ITEMS
    return f"<m:Items><t:{moved.kind}>{item_id_element(moved, call.own_mailbox())}</t:{moved.kind}></m:Items>"
