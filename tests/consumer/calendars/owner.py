"""The owner of a mailbox, with another client: reads the calendar, changes, throws away, copies, empties folders.

Plain SOAP by requests. Nothing of the consumer is used, so that what is read here does not share its mistakes.
"""

from dataclasses import dataclass
from typing import Any

import requests
from lxml import etree

from deploy.sandbox.stand_in import RunningEmulator

NS = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
}
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope '
    + " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    + '><s:Header><t:RequestServerVersion Version="Exchange2016"/><t:ExchangeImpersonation><t:ConnectingSID>'
    "<t:PrimarySmtpAddress>{mailbox}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header>"
    "<s:Body>{body}</s:Body></s:Envelope>"
)
_PROPERTY_SET = "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"
_MARKS = ("Key", "Revision", "Digest", "Source", "Booking", "Event")
_SHOWN = (
    "item:ItemClass",
    "item:Subject",
    "item:Sensitivity",
    "item:Categories",
    "item:ReminderIsSet",
    "item:ReminderMinutesBeforeStart",
    "calendar:Start",
    "calendar:End",
    "calendar:IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus",
    "calendar:Location",
)


@dataclass(frozen=True)
class Shown:
    """One item as its owner sees it: the text of each field by its name, and our marks by theirs."""

    item_id: str
    change_key: str
    fields: dict[str, str]
    categories: tuple[str, ...]
    marks: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]


class Owner:
    """Acts in one mailbox."""

    def __init__(self, emulator: RunningEmulator, mailbox: str) -> None:
        self.mailbox = mailbox
        self._url = emulator.ews_url
        self._account = (emulator.user, emulator.password)

    def calendar(self) -> list[Shown]:
        """What stands in the calendar, in the order of its beginning."""
        return sorted(self._items(distinguished("calendar")), key=lambda item: item["Start"])

    def only(self) -> Shown:
        """The one item in the calendar."""
        (item,) = self.calendar()
        return item

    def ledger(self) -> list[Shown]:
        """The entries of the ledger folder; none where there is no such folder."""
        folder = self.folder("Callsheet")
        return [] if folder is None else self._items(f'<t:FolderId Id="{folder}"/>')

    def folder(self, name: str) -> str | None:
        """The id of a folder below the root."""
        found = [folder for folder in self._folders() if folder.findtext("t:DisplayName", "", NS) == name]
        return _attribute(found[0], ".//t:FolderId", "Id") if found else None

    def hidden_folders(self) -> list[str]:
        """The names of the folders below the root that no client shows."""
        return [
            folder.findtext("t:DisplayName", "", NS)
            for folder in self._folders()
            if folder.findtext("t:ExtendedProperty/t:Value", "", NS) == "true"
        ]

    def delete_folder(self, identifier: str) -> None:
        """Delete a folder for good."""
        self._ask(
            f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds><t:FolderId Id="{identifier}"/></m:FolderIds>'
            "</m:DeleteFolder>"
        )

    def change(self, item: Shown, path: str, element: str) -> None:
        """Set one field of an item, whatever stands there now."""
        self._ask(
            '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
            f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{item.item_id}"/><t:Updates><t:SetItemField>'
            f'<t:FieldURI FieldURI="{path}"/><t:CalendarItem>{element}</t:CalendarItem></t:SetItemField></t:Updates>'
            "</t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )

    def delete(self, item: Shown, how: str = "MoveToDeletedItems") -> None:
        """Throw an item away."""
        self._ask(
            f'<m:DeleteItem DeleteType="{how}" SendMeetingCancellations="SendToNone"><m:ItemIds>'
            f'<t:ItemId Id="{item.item_id}"/></m:ItemIds></m:DeleteItem>'
        )

    def copy(self, item: Shown, **instead: str) -> None:
        """A copy as Ctrl-drag makes it: the marks come along."""
        fields = {**item.fields, **instead}
        marks = "".join(
            f"<t:ExtendedProperty>{_property(name)}<t:Value>{value}</t:Value></t:ExtendedProperty>"
            for name, value in item.marks.items()
        )
        self.create(
            f"<t:Subject>{fields['Subject']}</t:Subject>{marks}<t:Start>{fields['Start']}</t:Start>"
            f"<t:End>{fields['End']}</t:End><t:LegacyFreeBusyStatus>{fields['LegacyFreeBusyStatus']}"
            f"</t:LegacyFreeBusyStatus><t:Location>{fields['Location']}</t:Location>"
        )

    def create(self, content: str) -> None:
        """Make an item in the calendar."""
        self._ask(
            '<m:CreateItem SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>'
            f"{distinguished('calendar')}</m:SavedItemFolderId><m:Items><t:CalendarItem>{content}</t:CalendarItem>"
            "</m:Items></m:CreateItem>"
        )

    def _folders(self) -> list[Any]:
        root = self._ask(
            '<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>Default</t:BaseShape>'
            '<t:AdditionalProperties><t:ExtendedFieldURI PropertyTag="0x10F4" PropertyType="Boolean"/>'
            f"</t:AdditionalProperties></m:FolderShape><m:ParentFolderIds>{distinguished('msgfolderroot')}"
            "</m:ParentFolderIds></m:FindFolder>"
        )
        return list(root.iterfind(".//t:Folders/*", NS))

    def _items(self, folder: str) -> list[Shown]:
        paths = "".join(f'<t:FieldURI FieldURI="{path}"/>' for path in _SHOWN)
        root = self._ask(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
            f"{paths}{''.join(map(_property, _MARKS))}</t:AdditionalProperties></m:ItemShape><m:ParentFolderIds>"
            f"{folder}</m:ParentFolderIds></m:FindItem>"
        )
        return [_shown(element) for element in root.iterfind(".//t:Items/*", NS)]

    def body(self, item: Shown) -> str:
        """The text of an item."""
        root = self._ask(
            "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:BodyType>Text</t:BodyType>"
            '<t:AdditionalProperties><t:FieldURI FieldURI="item:Body"/></t:AdditionalProperties></m:ItemShape>'
            f'<m:ItemIds><t:ItemId Id="{item.item_id}"/></m:ItemIds></m:GetItem>'
        )
        return str(root.findtext(".//t:Body", "", NS))

    def _ask(self, body: str) -> Any:
        response = requests.post(
            self._url,
            _HEAD.format(mailbox=self.mailbox, body=body).encode(),
            auth=self._account,
            headers={"Content-Type": "text/xml; charset=utf-8"},
            timeout=10,
        )
        root = etree.fromstring(response.content)
        codes = {code.text for code in root.iterfind(".//m:ResponseCode", NS)}
        assert codes == {"NoError"}, response.text
        return root


def distinguished(name: str) -> str:
    """A well-known folder of the mailbox one acts in."""
    return f'<t:DistinguishedFolderId Id="{name}"/>'


def _property(name: str) -> str:
    full = f"Callsheet{name}"
    return f'<t:ExtendedFieldURI PropertySetId="{_PROPERTY_SET}" PropertyName="{full}" PropertyType="String"/>'


def _shown(element: Any) -> Shown:
    marks = {
        _attribute(extended, "t:ExtendedFieldURI", "PropertyName").removeprefix("Callsheet"): extended.findtext(
            "t:Value", "", NS
        )
        for extended in element.iterfind("t:ExtendedProperty", NS)
    }
    return Shown(
        item_id=_attribute(element, "t:ItemId", "Id"),
        change_key=_attribute(element, "t:ItemId", "ChangeKey"),
        fields={etree.QName(child).localname: child.text or "" for child in element if len(child) == 0},
        categories=tuple(string.text or "" for string in element.iterfind("t:Categories/t:String", NS)),
        marks=marks,
    )


def _attribute(element: Any, path: str, name: str) -> str:
    return str(element.find(path, NS).get(name))
