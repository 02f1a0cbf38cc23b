"""CreateItem (MS-OXWSCORE 3.1.4.2, MS-OXWSMTGS 3.1.4.2)."""

from __future__ import annotations

from functools import partial

from lxml import etree

from emulator.ews import access, calendar_rules
from emulator.ews.call import Call
from emulator.ews.failure import ResponseError
from emulator.ews.messages import Reply
from emulator.ews.operations.items import INVITATIONS, NO_ITEMS
from emulator.ews.properties import item_id_element
from emulator.ews.reading import Draft, read_item
from emulator.ews.xmltext import M
from emulator.store import Folder, Item, Value

DISPOSITIONS = ("SaveOnly", "SendOnly", "SendAndSaveCopy")
OVERHEAD = 400
"""Bytes an item takes beside the text of its properties, for quotas and the Size property."""


def create_item(call: Call) -> Reply:
    """Create the items of a batch in order, each with its own result.

    The whole request is read before anything is created, so that one that violates the schema changes nothing.
    """
    call.choice("SendMeetingInvitations", INVITATIONS)
    call.choice("MessageDisposition", DISPOSITIONS)
    drafts = [_read(call, element) for element in call.listed("Items")]
    given = call.element.find(f"{M}SavedItemFolderId")
    saved: Folder | ResponseError | None = None
    if given is not None:
        try:
            saved = access.folder(call, next(iter(given), None))
        except ResponseError as error:
            saved = error
    return call.batch(drafts, partial(_create, call, saved), on_error=NO_ITEMS)


def _read(call: Call, element: etree._Element) -> Draft | ResponseError:
    try:
        return read_item(element, call.zone)
    except ResponseError as error:
        return error


def _create(call: Call, saved: Folder | ResponseError | None, draft: Draft | ResponseError) -> str:
    if isinstance(draft, ResponseError):
        raise draft
    calendar = draft.kind == "CalendarItem"
    if calendar and call.element.get("SendMeetingInvitations") is None:
        code = "ErrorSendMeetingInvitationsRequired"
        raise ResponseError(code, "SendMeetingInvitations is required when a calendar item is created.")
    disposition = call.element.get("MessageDisposition")
    if not calendar and disposition is None:
        # MS-OXWSMTGS_R1241: when the item that is being created or updated is a MessageType object.
        raise ResponseError(
            "ErrorMessageDispositionRequired", "MessageDisposition is required when a message is created."
        )
    if draft.refused is not None:
        raise draft.refused
    mailbox = call.own_mailbox()
    if isinstance(saved, ResponseError):
        raise saved
    if saved is None:
        sent = disposition == "SendAndSaveCopy"
        folder = mailbox.distinguished["calendar" if calendar else "sentitems" if sent else "drafts"]
    else:
        folder = saved
    if calendar and folder.kind != "CalendarFolder":
        code = "ErrorCannotCreateCalendarItemInNonCalendarFolder"
        raise ResponseError(code, "A calendar item can only be created in a calendar folder.")
    if calendar:
        calendar_rules.complete(draft.values, call.zone, call.now, zone_id=call.request.time_zone)
    elif disposition == "SendOnly":
        # There is no mail transport here; a message that is only sent leaves nothing behind.
        return "<m:Items/>"
    size = size_of(draft.values)
    call.check_room(size)
    item = Item(
        mailbox.next_number(), draft.kind, folder.number, draft.values, created=call.now, modified=call.now, size=size
    )
    options = call.options
    mailbox.add(item, late_at=call.now + options.late_change_seconds if options.late_change_keys else None)
    call.created += 1
    return f"<m:Items><t:{draft.kind}>{item_id_element(item, mailbox)}</t:{draft.kind}></m:Items>"


def size_of(kept: dict[str, Value]) -> int:
    """The bytes an item with these values takes."""
    size = OVERHEAD
    for value in kept.values():
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, list):
            size += sum(map(len, value))
        else:
            size += 8
    return size
