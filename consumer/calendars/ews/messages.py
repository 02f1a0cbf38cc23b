"""The requests that Callsheet sends, in their fixed shapes. Element order follows the schema (messages.xsd)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from consumer.calendars.ews.elements import calendar_item
from consumer.calendars.ews.versions import Dialect
from consumer.calendars.ews.xmltext import PROPERTIES, URI, attribute, field_uri, instant
from consumer.core.actions import Change
from consumer.core.mailbox import ItemRef
from contract import names

PAGE_SIZE: Final = 250
"""Exchange answers a restricted FindItem with at most 250 items a page."""


# PidTagAttributeHidden: no client shows the folder (MS-OXPROPS, section 2.610).
_HIDDEN_TAG: Final = '<t:ExtendedFieldURI PropertyTag="0x10F4" PropertyType="Boolean"/>'


def distinguished(folder: str, mailbox: str) -> str:
    """A well-known folder of a mailbox, which needs no look-up."""
    address = escape(mailbox)
    return (
        f'<t:DistinguishedFolderId Id="{folder}"><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>'
        "</t:DistinguishedFolderId>"
    )


def folder_id(identifier: str) -> str:
    """A folder by its id."""
    return f'<t:FolderId Id="{attribute(identifier)}"/>'


def knock() -> str:
    """GetServerTimeZones, for one zone: a small question to the server itself."""
    return '<m:GetServerTimeZones ReturnFullTimeZoneData="false"><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>'


def find_ledger(mailbox: str) -> str:
    """FindFolder: our folder below the root of the mailbox."""
    return (
        '<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>'
        f"<m:Restriction><t:IsEqualTo>{field_uri('folder:DisplayName')}<t:FieldURIOrConstant>"
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
        f"<t:And><t:Exists>{URI[names.PROPERTY_KEY]}</t:Exists><t:IsGreaterThan>{field_uri('calendar:End')}"
        f'<t:FieldURIOrConstant><t:Constant Value="{instant(since)}"/></t:FieldURIOrConstant></t:IsGreaterThan></t:And>'
    )
    folders = distinguished("calendar", mailbox) + distinguished("deleteditems", mailbox)
    return _find(fields.split(), PROPERTIES, restriction, folders, offset)


def find_ledger_entries(ledger: str, offset: int) -> str:
    """FindItem: tombstones and floors, from ``offset`` on."""
    properties = (names.PROPERTY_KEY, names.PROPERTY_REVISION, names.PROPERTY_DIGEST, names.PROPERTY_SOURCE)
    restriction = f"<t:Exists>{URI[names.PROPERTY_SOURCE]}</t:Exists>"
    return _find(["item:ItemClass", "item:Subject"], properties, restriction, folder_id(ledger), offset)


def _find(fields: Sequence[str], properties: Sequence[str], restriction: str, folders: str, offset: int) -> str:
    wanted = "".join(map(field_uri, fields)) + "".join(URI[name] for name in properties)
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{wanted}</t:AdditionalProperties></m:ItemShape>"
        f'<m:IndexedPageItemView MaxEntriesReturned="{PAGE_SIZE}" Offset="{offset}" BasePoint="Beginning"/>'
        f"<m:Restriction>{restriction}</m:Restriction><m:ParentFolderIds>{folders}</m:ParentFolderIds></m:FindItem>"
    )


def create_items(mailbox: str, changes: Iterable[Change], dialect: Dialect) -> str:
    """CreateItem: new calendar items; nobody is invited."""
    items = "".join(calendar_item(change, dialect) for change in changes)
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
    ids = "".join(f'<t:ItemId Id="{attribute(ref.item_id)}"/>' for ref in refs)
    return (
        f'<m:DeleteItem DeleteType="{delete_type}" SendMeetingCancellations="SendToNone"><m:ItemIds>{ids}</m:ItemIds>'
        "</m:DeleteItem>"
    )
