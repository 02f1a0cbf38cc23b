"""The XML of the requests, in the fixed shapes that Callsheet sends. Text is escaped here and nowhere else.

Element order follows the schema (messages.xsd, types.xsd): it is a sequence, and Exchange refuses another order.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from exchangelib.winzone import IANA_TO_MS_TIMEZONE_MAP

from consumer.calendars.ews.versions import Dialect
from consumer.core.actions import Change, UpdateItem, WriteTombstone
from consumer.core.appointment import Appointment
from consumer.core.digest import Digest
from consumer.core.mailbox import Item, ItemRef
from contract import names
from contract.text import without_illegal_characters

SHOWABLE_ZONES: Final = frozenset(IANA_TO_MS_TIMEZONE_MAP)
"""The IANA zones that have a Windows zone, by which Exchange knows them."""

PAGE_SIZE: Final = 250
"""Exchange answers a restricted FindItem with at most 250 items a page."""

_SHOW_AS: Final = {
    "busy": "Busy",
    "free": "Free",
    "tentative": "Tentative",
    "oof": "OOF",
    "working_elsewhere": "WorkingElsewhere",
}
# PidTagAttributeHidden: no client shows the folder (MS-OXPROPS, section 2.610).
_HIDDEN_TAG: Final = '<t:ExtendedFieldURI PropertyTag="0x10F4" PropertyType="Boolean"/>'
_PROPERTIES: Final = (
    names.PROPERTY_KEY,
    names.PROPERTY_REVISION,
    names.PROPERTY_DIGEST,
    names.PROPERTY_SOURCE,
    names.PROPERTY_BOOKING,
    names.PROPERTY_EVENT,
)


def _property_uri(name: str) -> str:
    return f'<t:ExtendedFieldURI PropertySetId="{names.PROPERTY_SET}" PropertyName="{name}" PropertyType="String"/>'


_URI: Final = {name: _property_uri(name) for name in _PROPERTIES}


def _field_uri(path: str) -> str:
    return f'<t:FieldURI FieldURI="{path}"/>'


def distinguished(folder: str, mailbox: str) -> str:
    """A well-known folder of a mailbox, which needs no look-up."""
    address = escape(mailbox)
    return (
        f'<t:DistinguishedFolderId Id="{folder}"><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>'
        "</t:DistinguishedFolderId>"
    )


def folder_id(identifier: str) -> str:
    """A folder by its id."""
    return f'<t:FolderId Id="{_attribute(identifier)}"/>'


def knock() -> str:
    """GetServerTimeZones, for one zone: a small question to the server itself."""
    return '<m:GetServerTimeZones ReturnFullTimeZoneData="false"><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>'


def find_ledger(mailbox: str) -> str:
    """FindFolder: our folder below the root of the mailbox."""
    return (
        '<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>'
        f"<m:Restriction><t:IsEqualTo>{_field_uri('folder:DisplayName')}<t:FieldURIOrConstant>"
        f'<t:Constant Value="{names.LEDGER_FOLDER}"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>'
        f"<m:ParentFolderIds>{distinguished('msgfolderroot', mailbox)}</m:ParentFolderIds></m:FindFolder>"
    )


def create_ledger(mailbox: str) -> str:
    """CreateFolder: our folder, hidden from the moment it is there."""
    return (
        f"<m:CreateFolder><m:ParentFolderId>{distinguished('msgfolderroot', mailbox)}</m:ParentFolderId><m:Folders>"
        f"<t:Folder><t:DisplayName>{names.LEDGER_FOLDER}</t:DisplayName><t:ExtendedProperty>{_HIDDEN_TAG}"
        "<t:Value>true</t:Value></t:ExtendedProperty></t:Folder></m:Folders></m:CreateFolder>"
    )


def find_items(mailbox: str, since: datetime, offset: int) -> str:
    """FindItem: our items in the calendar and in Deleted Items that end after ``since``, from ``offset`` on."""
    fields = (
        "item:ItemClass item:Subject item:Sensitivity item:Categories calendar:Start calendar:End "
        "calendar:IsAllDayEvent calendar:LegacyFreeBusyStatus calendar:Location calendar:IsMeeting "
        "calendar:CalendarItemType"
    )
    restriction = (
        f"<t:And><t:Exists>{_URI[names.PROPERTY_KEY]}</t:Exists><t:IsGreaterThan>{_field_uri('calendar:End')}"
        f'<t:FieldURIOrConstant><t:Constant Value="{instant(since)}"/></t:FieldURIOrConstant></t:IsGreaterThan></t:And>'
    )
    folders = distinguished("calendar", mailbox) + distinguished("deleteditems", mailbox)
    return _find(fields.split(), _PROPERTIES, restriction, folders, offset)


def find_ledger_entries(ledger: str, offset: int) -> str:
    """FindItem: tombstones and floors, from ``offset`` on."""
    properties = (names.PROPERTY_KEY, names.PROPERTY_REVISION, names.PROPERTY_DIGEST, names.PROPERTY_SOURCE)
    restriction = f"<t:Exists>{_URI[names.PROPERTY_SOURCE]}</t:Exists>"
    return _find(["item:ItemClass", "item:Subject"], properties, restriction, folder_id(ledger), offset)


def _find(fields: Sequence[str], properties: Sequence[str], restriction: str, folders: str, offset: int) -> str:
    wanted = "".join(map(_field_uri, fields)) + "".join(_URI[name] for name in properties)
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{wanted}</t:AdditionalProperties></m:ItemShape>"
        f'<m:IndexedPageItemView MaxEntriesReturned="{PAGE_SIZE}" Offset="{offset}" BasePoint="Beginning"/>'
        f"<m:Restriction>{restriction}</m:Restriction><m:ParentFolderIds>{folders}</m:ParentFolderIds></m:FindItem>"
    )


def create_items(mailbox: str, changes: Iterable[Change], dialect: Dialect) -> str:
    """CreateItem: new calendar items; nobody is invited."""
    items = "".join(_calendar_item(change, dialect) for change in changes)
    return (
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>'
        f"{distinguished('calendar', mailbox)}</m:SavedItemFolderId><m:Items>{items}</m:Items></m:CreateItem>"
    )


def create_entries(ledger: str, entries: Iterable[str]) -> str:
    """CreateItem: new entries of the ledger."""
    return (
        f'<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId>{folder_id(ledger)}</m:SavedItemFolderId>'
        f"<m:Items>{''.join(entries)}</m:Items></m:CreateItem>"
    )


def update_items(changes: Iterable[str]) -> str:
    """UpdateItem that fails where somebody wrote in between."""
    return (
        '<m:UpdateItem ConflictResolution="NeverOverwrite" MessageDisposition="SaveOnly"'
        ' SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges>'
        f"{''.join(changes)}</m:ItemChanges></m:UpdateItem>"
    )


def delete_items(refs: Iterable[ItemRef], delete_type: str) -> str:
    """DeleteItem: ``SoftDelete`` (a person can bring it back) or ``HardDelete``; nobody gets a cancellation."""
    ids = "".join(f'<t:ItemId Id="{_attribute(ref.item_id)}"/>' for ref in refs)
    return (
        f'<m:DeleteItem DeleteType="{delete_type}" SendMeetingCancellations="SendToNone"><m:ItemIds>{ids}</m:ItemIds>'
        "</m:DeleteItem>"
    )


def instant(value: datetime) -> str:
    """An instant in UTC, in whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _calendar_item(change: Change, dialect: Dialect) -> str:
    wanted = change.appointment
    assert wanted is not None
    fields = wanted.fields
    reminder = wanted.reminder_minutes
    parts = [
        f"<t:CalendarItem><t:Subject>{_text(fields.title)}</t:Subject>",
        f"<t:Sensitivity>{'Private' if fields.private else 'Normal'}</t:Sensitivity>",
        f'<t:Body BodyType="Text">{_text(wanted.notes)}</t:Body>',
        _categories(fields.categories) if fields.categories else "",
        f"<t:ReminderIsSet>{_boolean(reminder is not None)}</t:ReminderIsSet>",
        "" if reminder is None else f"<t:ReminderMinutesBeforeStart>{reminder}</t:ReminderMinutesBeforeStart>",
        *(_extended(name, value) for name, value in marks(change).items()),
        f"<t:Start>{instant(fields.start)}</t:Start><t:End>{instant(fields.end)}</t:End>",
        f"<t:IsAllDayEvent>{_boolean(fields.all_day)}</t:IsAllDayEvent>",
        f"<t:LegacyFreeBusyStatus>{_SHOW_AS[fields.show_as]}</t:LegacyFreeBusyStatus>",
        f"<t:Location>{_text(fields.location)}</t:Location>",
        "".join(_zones(wanted, dialect).values()),
        "</t:CalendarItem>",
    ]
    return "".join(parts)


def update_item(action: UpdateItem, dialect: Dialect) -> str:
    """One ItemChange: all the fields that we own, and nothing that is the user's."""
    wanted = action.change.appointment
    assert wanted is not None
    fields = wanted.fields
    categories = (*action.item.other_categories, *fields.categories)
    sets = [
        _set("item:Subject", f"<t:Subject>{_text(fields.title)}</t:Subject>"),
        _set("item:Sensitivity", f"<t:Sensitivity>{'Private' if fields.private else 'Normal'}</t:Sensitivity>"),
        _set("item:Body", f'<t:Body BodyType="Text">{_text(wanted.notes)}</t:Body>'),
        _set("item:Categories", _categories(categories)) if categories else _unset(_field_uri("item:Categories")),
        *_reminder(action, wanted),
        *(_set_extended(name, value) for name, value in marks(action.change).items()),
        _set("calendar:Start", f"<t:Start>{instant(fields.start)}</t:Start>"),
        _set("calendar:End", f"<t:End>{instant(fields.end)}</t:End>"),
        _set("calendar:IsAllDayEvent", f"<t:IsAllDayEvent>{_boolean(fields.all_day)}</t:IsAllDayEvent>"),
        _set(
            "calendar:LegacyFreeBusyStatus",
            f"<t:LegacyFreeBusyStatus>{_SHOW_AS[fields.show_as]}</t:LegacyFreeBusyStatus>",
        ),
        _set("calendar:Location", f"<t:Location>{_text(fields.location)}</t:Location>")
        if fields.location
        else _unset(_field_uri("calendar:Location")),
        *(_set(f"calendar:{name}", element) for name, element in _zones(wanted, dialect).items()),
    ]
    return _item_change(action.item.ref, sets)


def fence_item(item: Item) -> str:
    """One ItemChange that only moves the change key on."""
    return _item_change(item.ref, [_set_extended(names.PROPERTY_EVENT, "duplicate, to be deleted", "CalendarItem")])


def release_item(item: Item) -> str:
    """One ItemChange that takes our marks off."""
    return _item_change(item.ref, [_unset(uri) for uri in _URI.values()])


def tombstone(action: WriteTombstone) -> str:
    """A new tombstone: a message that no client shows, in the hidden folder."""
    return _entry(names.TOMBSTONE_CLASS, tombstone_subject(action), _tombstone_marks(action))


def replace_tombstone(action: WriteTombstone, ref: ItemRef) -> str:
    """One ItemChange: what the tombstone says now."""
    return _replace_entry(ref, tombstone_subject(action), marks(action.change))


def floor(source: str, revision: int) -> str:
    """A new floor of a source."""
    return _entry(names.FLOOR_CLASS, "floor", _floor_marks(source, revision))


def replace_floor(ref: ItemRef, source: str, revision: int) -> str:
    """One ItemChange: the floor at its new revision."""
    return _replace_entry(ref, "floor", _floor_marks(source, revision))


def tombstone_subject(action: WriteTombstone) -> str:
    """State, expiry and the highest cancelled revision, readable by people and by :mod:`.answers`."""
    return f"{action.state} until {instant(action.expires)} dead_up_to {action.dead_up_to}"


def marks(change: Change) -> dict[str, str]:
    """The six properties of an item that shows this change."""
    return {
        names.PROPERTY_KEY: change.key,
        names.PROPERTY_REVISION: str(change.revision),
        names.PROPERTY_DIGEST: change.standing.digest,
        names.PROPERTY_SOURCE: change.source,
        names.PROPERTY_BOOKING: change.booking,
        names.PROPERTY_EVENT: change.event,
    }


def _tombstone_marks(action: WriteTombstone) -> dict[str, str]:
    return {name: value for name, value in marks(action.change).items() if value}


def _floor_marks(source: str, revision: int) -> dict[str, str]:
    return {names.PROPERTY_REVISION: str(revision), names.PROPERTY_SOURCE: source}


def _entry(item_class: str, subject: str, properties: dict[str, str]) -> str:
    extended = "".join(_extended(name, value) for name, value in properties.items())
    return (
        f"<t:Message><t:ItemClass>{item_class}</t:ItemClass><t:Subject>{_text(subject)}</t:Subject>{extended}"
        "</t:Message>"
    )


def _replace_entry(ref: ItemRef, subject: str, properties: dict[str, str]) -> str:
    subject_xml = f"<t:Subject>{_text(subject)}</t:Subject>"
    return _item_change(
        ref,
        [
            _set("item:Subject", subject_xml, "Message"),
            # What the entry said before must not stay: a cancellation has no digest.
            *(
                _set_extended(name, value, "Message") if value else _unset(_URI[name])
                for name, value in properties.items()
            ),
        ],
    )


def _reminder(action: UpdateItem, wanted: Appointment) -> list[str]:
    """The reminder is the user's: it is touched only when the event asks for another one than before."""
    before = Digest.parse(action.item.digest).reminder
    if not before or before == Digest.parse(wanted.digest).reminder:
        return []
    minutes = wanted.reminder_minutes
    is_set = f"<t:ReminderIsSet>{_boolean(minutes is not None)}</t:ReminderIsSet>"
    sets = [_set("item:ReminderIsSet", is_set)]
    if minutes is not None:
        element = f"<t:ReminderMinutesBeforeStart>{minutes}</t:ReminderMinutesBeforeStart>"
        sets.append(_set("item:ReminderMinutesBeforeStart", element))
    return sets


def _zones(wanted: Appointment, dialect: Dialect) -> dict[str, str]:
    """The zone in which the item is shown. The times themselves are instants and do not depend on it."""
    windows_zone = escape(IANA_TO_MS_TIMEZONE_MAP[wanted.zone][0], {'"': "&quot;"})
    if not dialect.item_zones:
        return {"MeetingTimeZone": f'<t:MeetingTimeZone TimeZoneName="{windows_zone}"/>'}
    return {
        "StartTimeZone": f'<t:StartTimeZone Id="{windows_zone}"/>',
        "EndTimeZone": f'<t:EndTimeZone Id="{windows_zone}"/>',
    }


def _item_change(ref: ItemRef, updates: Sequence[str]) -> str:
    identifier = f'<t:ItemId Id="{_attribute(ref.item_id)}" ChangeKey="{_attribute(ref.change_key)}"/>'
    return f"<t:ItemChange>{identifier}<t:Updates>{''.join(updates)}</t:Updates></t:ItemChange>"


def _set(path: str, element: str, container: str = "CalendarItem") -> str:
    return f"<t:SetItemField>{_field_uri(path)}<t:{container}>{element}</t:{container}></t:SetItemField>"


def _set_extended(name: str, value: str, container: str = "CalendarItem") -> str:
    return f"<t:SetItemField>{_URI[name]}<t:{container}>{_extended(name, value)}</t:{container}></t:SetItemField>"


def _unset(uri: str) -> str:
    return f"<t:DeleteItemField>{uri}</t:DeleteItemField>"


def _extended(name: str, value: str) -> str:
    return f"<t:ExtendedProperty>{_URI[name]}<t:Value>{_text(value)}</t:Value></t:ExtendedProperty>"


def _categories(categories: Iterable[str]) -> str:
    strings = "".join(f"<t:String>{_text(category)}</t:String>" for category in categories)
    return f"<t:Categories>{strings}</t:Categories>"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _text(value: str) -> str:
    # A carriage return would come back as a line feed from any XML parser (XML 1.0, section 2.11).
    return escape(without_illegal_characters(value)).replace("\r", "&#13;")


def _attribute(value: str) -> str:
    return escape(value, {'"': "&quot;"})
