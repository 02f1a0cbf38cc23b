"""What each property of a stored item says: what a client set, the default, or what the server works out."""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.ews.bodies import as_text
from emulator.ews.fields import BODY_TYPE, DEFAULTS
from emulator.ews.xmltext import text
from emulator.ews.zones import display_name
from emulator.store import Item, MailboxStore, Value
from emulator.store.ids import change_key, folder_id, item_id

Reader = Callable[[Item, MailboxStore], Value | None]
"""Gives a property of an item, or None when the item has none."""

_NAME = re.compile(r"<t:Name>([^<]*)</t:Name>|<t:EmailAddress>([^<]*)</t:EmailAddress>")
_MAILBOX = re.compile(r"<t:Mailbox>(.*?)</t:Mailbox>", re.DOTALL)
_RIGHTS = "".join(
    f"<t:{right}>true</t:{right}>"
    for right in (
        "CreateAssociated",
        "CreateContents",
        "CreateHierarchy",
        "Delete",
        "Modify",
        "Read",
        "ViewPrivateItems",
    )
)
EFFECTIVE_RIGHTS = f"<t:EffectiveRights>{_RIGHTS}</t:EffectiveRights>"
"""Everybody who reaches a mailbox here acts as its owner, who may do everything."""

_ATTENDEES = ("calendar:RequiredAttendees", "calendar:OptionalAttendees", "calendar:Resources")


def item_id_element(item: Item, mailbox: MailboxStore) -> str:
    """``t:ItemId`` with the ChangeKey of now."""
    key = change_key(item.number, item.change)
    return f'<t:ItemId Id="{item_id(mailbox.number, item.number)}" ChangeKey="{key}"/>'


def _parent(item: Item, mailbox: MailboxStore) -> str:
    folder = mailbox.folders[item.folder]
    key = change_key(folder.number, folder.change)
    return f'<t:ParentFolderId Id="{folder_id(mailbox.number, folder.number)}" ChangeKey="{key}"/>'


def _created(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return int(item.created)


def _modified(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return int(item.modified)


def _size(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return item.size


def _names(*paths: str) -> Reader:
    def read(item: Item, mailbox: MailboxStore) -> Value:
        del mailbox
        shown = []
        for path in paths:
            for recipient in _MAILBOX.findall(str(item.values.get(path, ""))):
                name, address = next(iter(_NAME.findall(recipient)), ("", ""))
                shown.append(name or address)
        joined = "; ".join(shown)
        return joined.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")

    return read


def _has_attachments(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return "item:Attachments" in item.values


def _associated(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return item.associated


def _reminder_due(item: Item, mailbox: MailboxStore) -> Value | None:
    del mailbox
    return item.values.get("item:ReminderDueBy", item.values.get("calendar:Start"))


def _reminder_next(item: Item, mailbox: MailboxStore) -> Value | None:
    due = _reminder_due(item, mailbox)
    kept, defaults = item.values, DEFAULTS[item.kind]
    if not isinstance(due, int) or not kept.get("item:ReminderIsSet", defaults["item:ReminderIsSet"]):
        return None
    minutes = kept.get("item:ReminderMinutesBeforeStart", defaults["item:ReminderMinutesBeforeStart"])
    return due - 60 * int(str(minutes))


def _meeting(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return any(path in item.values for path in _ATTENDEES)


def _recurring(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    return "calendar:Recurrence" in item.values


def _calendar_item_type(item: Item, mailbox: MailboxStore) -> Value:
    return "RecurringMaster" if _recurring(item, mailbox) else "Single"


def _my_response(item: Item, mailbox: MailboxStore) -> Value:
    return "Organizer" if _meeting(item, mailbox) else "Unknown"


def _organizer(item: Item, mailbox: MailboxStore) -> str:
    del item
    address = text(mailbox.address)
    return (
        f"<t:Organizer><t:Mailbox><t:Name>{address}</t:Name><t:EmailAddress>{address}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType></t:Mailbox></t:Organizer>"
    )


def _duration(item: Item, mailbox: MailboxStore) -> Value | None:
    del mailbox
    start, end = item.values.get("calendar:Start"), item.values.get("calendar:End")
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    days, rest = divmod(end - start, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    day = f"{days}D" if days else ""
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return f"P{day}T{time}" if time else f"P{day}" if day else "PT0S"


def _zone_part(path: str, part: int) -> Reader:
    def read(item: Item, mailbox: MailboxStore) -> Value | None:
        del mailbox
        kept = item.values.get(path)
        return (kept[part] or None) if isinstance(kept, list) else None

    return read


def _zone_name(item: Item, mailbox: MailboxStore) -> Value | None:
    del mailbox
    kept = item.values.get("calendar:StartTimeZone")
    return (kept[1] or display_name(kept[0])) if isinstance(kept, list) else None


def _preview(item: Item, mailbox: MailboxStore) -> Value:
    del mailbox
    body = str(item.values.get("item:Body", ""))
    return as_text(body, str(item.values.get(BODY_TYPE, "Text")))[:255]


def _last_modified_name(item: Item, mailbox: MailboxStore) -> Value:
    del item
    return mailbox.address


def _conversation_topic(item: Item, mailbox: MailboxStore) -> Value | None:
    del mailbox
    return item.values.get("item:Subject")


_WORKED_OUT: dict[str, Reader] = {
    "item:ItemId": item_id_element,
    "item:ParentFolderId": _parent,
    "item:DateTimeReceived": _created,
    "item:DateTimeSent": _created,
    "item:DateTimeCreated": _created,
    "item:LastModifiedTime": _modified,
    "item:LastModifiedName": _last_modified_name,
    "item:Size": _size,
    "item:DisplayTo": _names("message:ToRecipients", "calendar:RequiredAttendees"),
    "item:DisplayCc": _names("message:CcRecipients", "calendar:OptionalAttendees"),
    "item:HasAttachments": _has_attachments,
    "item:IsAssociated": _associated,
    "item:EffectiveRights": lambda _item, _mailbox: EFFECTIVE_RIGHTS,
    "item:ReminderDueBy": _reminder_due,
    "item:ReminderNextTime": _reminder_next,
    "item:Preview": _preview,
    "message:ConversationTopic": _conversation_topic,
    "calendar:DateTimeStamp": _modified,
    "calendar:IsMeeting": _meeting,
    "calendar:IsRecurring": _recurring,
    "calendar:CalendarItemType": _calendar_item_type,
    "calendar:MyResponseType": _my_response,
    "calendar:Organizer": _organizer,
    "calendar:Duration": _duration,
    "calendar:TimeZone": _zone_name,
    "calendar:StartTimeZoneId": _zone_part("calendar:StartTimeZone", 0),
    "calendar:EndTimeZoneId": _zone_part("calendar:EndTimeZone", 0),
    "calendar:IsOrganizer": lambda _item, _mailbox: True,
}


def reader(path: str) -> Reader:
    """How to read one property, by FieldURI or extended key, from an item of any class."""
    worked_out = _WORKED_OUT.get(path)
    if worked_out is not None:
        return worked_out
    if path.startswith("x:"):
        mirrored = _MIRRORED.get(path)
        if mirrored is not None:
            return reader(mirrored)
        return lambda item, _mailbox: item.values.get(path)
    message, calendar = DEFAULTS["Message"].get(path), DEFAULTS["CalendarItem"].get(path)

    def read(item: Item, mailbox: MailboxStore) -> Value | None:
        del mailbox
        found = item.values.get(path)
        if found is None:
            return calendar if item.kind == "CalendarItem" else message
        return found

    return read


_MIRRORED = {
    "x:0x0037:String": "item:Subject",
    "x:0x001a:String": "item:ItemClass",
    "x:0x3007:SystemTime": "item:DateTimeCreated",
    "x:0x3008:SystemTime": "item:LastModifiedTime",
    "x:0x0e08:Integer": "item:Size",
}
"""MAPI properties that are the same as a property with a FieldURI."""
