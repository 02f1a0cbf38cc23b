"""What a person does in a calendar, with a client of his own: plain EWS by requests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.sax.saxutils import escape

import requests
from lxml import etree

_NS: Final = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
}
_PROPERTY_SET: Final = "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"
_MARKS: Final = ("Key", "Revision", "Digest", "Source", "Booking", "Event")
_CALENDAR: Final = '<t:DistinguishedFolderId Id="calendar"/>'
_TIMEOUT_SECONDS: Final = 5.0


class Refused(RuntimeError):
    """The server did not do it."""


class NoAnswer(RuntimeError):
    """Nobody knows whether the server did it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One item, as its owner's client sees it. ``marks`` are our six properties, without their common beginning."""

    item_id: str
    title: str
    start: datetime
    end: datetime
    place: str
    show_as: str
    marks: dict[str, str]


class Mailbox:
    """One calendar, through its owner's client."""

    def __init__(self, url: str, user: str, password: str, address: str) -> None:
        self.address = address
        self._url = url
        self._login = (user, password)

    def __repr__(self) -> str:
        return f"Mailbox({self.address!r})"

    def items(self) -> list[Shown]:
        """What stands in the calendar. Raises Refused or NoAnswer, as the others do."""
        paths = ("item:Subject", "calendar:Start", "calendar:End", "calendar:Location", "calendar:LegacyFreeBusyStatus")
        fields = "".join(f'<t:FieldURI FieldURI="{path}"/>' for path in paths)
        root = self._ask(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
            f"{fields}{''.join(map(_path_of, _MARKS))}</t:AdditionalProperties></m:ItemShape>"
            f"<m:ParentFolderIds>{_CALENDAR}</m:ParentFolderIds></m:FindItem>"
        )
        return [_shown(element) for element in root.iterfind(".//t:CalendarItem", _NS)]

    def rename(self, item: Shown, title: str) -> None:
        """Give an item another title, whatever became of it meanwhile."""
        self._ask(
            '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
            f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{item.item_id}"/><t:Updates><t:SetItemField>'
            f'<t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>{escape(title)}</t:Subject>'
            "</t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )

    def copy(self, item: Shown, start: datetime, end: datetime) -> None:
        """A copy at another time, as Ctrl-drag makes it: our marks come along."""
        marks = "".join(
            f"<t:ExtendedProperty>{_path_of(name)}<t:Value>{escape(value)}</t:Value></t:ExtendedProperty>"
            for name, value in item.marks.items()
        )
        self._ask(
            f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>{_CALENDAR}</m:SavedItemFolderId>'
            f"<m:Items><t:CalendarItem><t:Subject>{escape(item.title)}</t:Subject>{marks}"
            f"<t:Start>{start.isoformat()}</t:Start><t:End>{end.isoformat()}</t:End>"
            f"<t:LegacyFreeBusyStatus>{item.show_as}</t:LegacyFreeBusyStatus>"
            f"<t:Location>{escape(item.place)}</t:Location></t:CalendarItem></m:Items></m:CreateItem>"
        )

    def delete(self, item: Shown, how: str) -> None:
        """Throw an item away: MoveToDeletedItems, SoftDelete or HardDelete."""
        self._ask(
            f'<m:DeleteItem DeleteType="{how}" SendMeetingCancellations="SendToNone"><m:ItemIds>'
            f'<t:ItemId Id="{item.item_id}"/></m:ItemIds></m:DeleteItem>'
        )

    def _ask(self, body: str) -> Any:
        namespaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NS.items())
        envelope = (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {namespaces}><s:Header>'
            '<t:RequestServerVersion Version="Exchange2016"/><t:ExchangeImpersonation><t:ConnectingSID>'
            f"<t:PrimarySmtpAddress>{escape(self.address)}</t:PrimarySmtpAddress></t:ConnectingSID>"
            f"</t:ExchangeImpersonation></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
        try:
            response = requests.post(
                self._url,
                envelope.encode(),
                auth=self._login,
                headers={"Content-Type": "text/xml; charset=utf-8"},
                timeout=_TIMEOUT_SECONDS,
            )
            root = etree.fromstring(response.content)
        except (requests.RequestException, etree.XMLSyntaxError) as error:
            raise NoAnswer(type(error).__name__) from None
        codes = {code.text for code in root.iterfind(".//m:ResponseCode", _NS)}
        if codes != {"NoError"}:
            raise Refused(", ".join(sorted(str(code) for code in codes)) or f"HTTP {response.status_code}")
        return root


def _path_of(mark: str) -> str:
    return f'<t:ExtendedFieldURI PropertySetId="{_PROPERTY_SET}" PropertyName="Callsheet{mark}" PropertyType="String"/>'


def _shown(element: Any) -> Shown:
    marks = {
        str(one.find("t:ExtendedFieldURI", _NS).get("PropertyName")).removeprefix("Callsheet"): one.findtext(
            "t:Value", "", _NS
        )
        for one in element.iterfind("t:ExtendedProperty", _NS)
    }
    return Shown(
        item_id=str(element.find("t:ItemId", _NS).get("Id")),
        title=element.findtext("t:Subject", "", _NS),
        start=datetime.fromisoformat(element.findtext("t:Start", "", _NS)),
        end=datetime.fromisoformat(element.findtext("t:End", "", _NS)),
        place=element.findtext("t:Location", "", _NS),
        show_as=element.findtext("t:LegacyFreeBusyStatus", "Busy", _NS),
        marks=marks,
    )
