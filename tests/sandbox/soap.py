"""Calendar items written by hand, without any client library."""

import base64
import urllib.request
from collections.abc import Sequence
from xml.sax.saxutils import escape

from deploy.sandbox.comparison import Item
from deploy.sandbox.stand_in import RunningEmulator

_PROPERTY_SET = "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"


def create_items(emulator: RunningEmulator, mailbox: str, items: Sequence[Item]) -> None:
    """Create these items in the calendar of a mailbox, in one request."""
    if not items:
        return
    body = f"""<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"
  xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
<s:Header><t:RequestServerVersion Version="Exchange2016"/><t:ExchangeImpersonation><t:ConnectingSID>
<t:PrimarySmtpAddress>{mailbox}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header>
<s:Body><m:CreateItem SendMeetingInvitations="SendToNone">
<m:SavedItemFolderId><t:DistinguishedFolderId Id="calendar"/></m:SavedItemFolderId>
<m:Items>{"".join(map(_calendar_item, items))}</m:Items></m:CreateItem></s:Body></s:Envelope>"""
    request = urllib.request.Request(emulator.ews_url, data=body.encode(), method="POST")
    credentials = base64.b64encode(f"{emulator.user}:{emulator.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {credentials}")
    request.add_header("Content-Type", "text/xml; charset=utf-8")
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = response.read().decode()
    assert answer.count('ResponseClass="Success"') == len(items), answer


def _calendar_item(item: Item) -> str:
    properties = "".join(
        f'<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="{_PROPERTY_SET}" PropertyName="{name}" '
        f'PropertyType="String"/><t:Value>{escape(value)}</t:Value></t:ExtendedProperty>'
        for name, value in (("CallsheetKey", item.key), ("CallsheetBooking", item.booking))
        if value
    )
    return (
        f"<t:CalendarItem><t:Subject>{escape(item.title)}</t:Subject>"
        f"<t:Categories><t:String>{escape(item.category)}</t:String></t:Categories>"
        f"<t:ReminderIsSet>{str(item.reminder).lower()}</t:ReminderIsSet>{properties}"
        f"<t:Start>{item.start:%Y-%m-%dT%H:%M:%SZ}</t:Start><t:End>{item.end:%Y-%m-%dT%H:%M:%SZ}</t:End>"
        f"<t:LegacyFreeBusyStatus>{item.show_as}</t:LegacyFreeBusyStatus><t:Location>{escape(item.place)}</t:Location>"
        "</t:CalendarItem>"
    )
