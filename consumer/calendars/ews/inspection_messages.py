"""The XML of the requests of :mod:`.inspection`: whole folders, by our marks."""

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

from consumer.calendars.ews import messages
from contract import names

_MARKS: Final = (
    names.PROPERTY_KEY,
    names.PROPERTY_REVISION,
    names.PROPERTY_DIGEST,
    names.PROPERTY_SOURCE,
    names.PROPERTY_BOOKING,
    names.PROPERTY_EVENT,
)
ITEM_FIELDS: Final = (
    "item:ItemClass",
    "item:Subject",
    "item:Sensitivity",
    "item:Categories",
    "calendar:Start",
    "calendar:End",
    "calendar:IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus",
    "calendar:Location",
    "calendar:IsMeeting",
    "calendar:CalendarItemType",
)
"""What is read of a calendar item, for people and for the digest."""


def find(fields: Iterable[str], restriction: str, parents: str, offset: int) -> str:
    """FindItem: these fields and all our marks of what a restriction names, from ``offset`` on."""
    wanted = "".join(map(field_uri, fields)) + "".join(map(mark_uri, _MARKS))
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{wanted}</t:AdditionalProperties></m:ItemShape><m:IndexedPageItemView"
        f' MaxEntriesReturned="{messages.PAGE_SIZE}" Offset="{offset}" BasePoint="Beginning"/>'
        f"<m:Restriction>{restriction}</m:Restriction><m:ParentFolderIds>{parents}</m:ParentFolderIds></m:FindItem>"
    )


def ours(source: str | None) -> str:
    """Restriction: what has a key of ours, of one source (its mark) or of all."""
    exists = f"<t:Exists>{mark_uri(names.PROPERTY_KEY)}</t:Exists>"
    return exists if source is None else f"<t:And>{exists}{equals(mark_uri(names.PROPERTY_SOURCE), source)}</t:And>"


def ours_in_ledger(source: str | None) -> str:
    """Restriction: entries of the ledger, of one source or of all. Floors have no key."""
    uri = mark_uri(names.PROPERTY_SOURCE)
    return f"<t:Exists>{uri}</t:Exists>" if source is None else equals(uri, source)


def equals(uri: str, value: str) -> str:
    """Restriction: what stands under a property equals a text."""
    constant = escape(value, {'"': "&quot;"})
    return (
        f'<t:IsEqualTo>{uri}<t:FieldURIOrConstant><t:Constant Value="{constant}"/></t:FieldURIOrConstant></t:IsEqualTo>'
    )


def mark_uri(name: str) -> str:
    """The path of one of our marks."""
    return f'<t:ExtendedFieldURI PropertySetId="{names.PROPERTY_SET}" PropertyName="{name}" PropertyType="String"/>'


def field_uri(path: str) -> str:
    """The path of a field of Exchange's."""
    return f'<t:FieldURI FieldURI="{path}"/>'


def delete_folder(identifier: str) -> str:
    """DeleteFolder: for good, with all that is in it."""
    return (
        f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{messages.folder_id(identifier)}</m:FolderIds>'
        "</m:DeleteFolder>"
    )
