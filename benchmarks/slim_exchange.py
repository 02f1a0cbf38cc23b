"""An EWS server that keeps nothing: every mailbox has the same number of our bookings, made up when it is asked.

``python -m benchmarks.slim_exchange BOOKINGS`` prints a line of JSON with its address. The stand-in Exchange cannot
hold millions of items beside a consumer on one small machine; this one holds none. Ids are as long as Exchange's own.
``GET /counters`` counts the requests by operation, ``DELETE /counters`` begins anew.
"""

import asyncio
import re
import signal
import sys
from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import count
from typing import Final

import orjson

from benchmarks.events import SOURCE
from contract import names
from emulator.http.message import HttpRequest, HttpResponse, Peer, json_response
from emulator.http.server import HttpServer

_OPERATION: Final = re.compile(rb"<(?:\w+:)?Body>\s*<(?:m:)?(\w+)")
_ADDRESS: Final = re.compile(rb"<t:(?:EmailAddress|PrimarySmtpAddress|SmtpAddress)>([^<]+)<")
_ITEM_ID: Final = re.compile(rb'<t:ItemId Id="([^"]+)"')
_XML: Final = "text/xml; charset=utf-8"
_ID_BYTES: Final = 114
"""Exchange's item ids have about 150 characters of base64, its change keys about 40."""
_KEY_BYTES: Final = 30
_HEAD: Final = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header><t:ServerVersionInfo '
    'MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="6" Version="V2017_07_11"/></s:Header>'
)


class SlimExchange:
    """Answers what Callsheet asks for an edit of a booking in a mailbox that it does not know, or knows."""

    def __init__(self, bookings: int) -> None:
        self._bookings = bookings
        self._counters: Counter[str] = Counter()
        self._changes = count(1)
        self._first = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(days=3)

    def answer(self, request: HttpRequest, _peer: Peer) -> HttpResponse:
        """Answer one request."""
        if request.path == "/counters":
            if request.method == "DELETE":
                self._counters.clear()
            return json_response(dict(self._counters))
        found = _OPERATION.search(request.body)
        operation = found[1].decode() if found else "unknown"
        self._counters[operation] += 1
        parts = "".join(
            f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{part}'
            f"</m:{operation}ResponseMessage>"
            for part in self._parts(operation, request.body)
        )
        body = f"<m:{operation}Response><m:ResponseMessages>{parts}</m:ResponseMessages></m:{operation}Response>"
        return HttpResponse(200, f"{_HEAD}<s:Body>{body}</s:Body></s:Envelope>".encode(), _XML)

    def _parts(self, operation: str, body: bytes) -> list[str]:
        """The content of each response message."""
        address = _ADDRESS.search(body)
        mailbox = address[1].decode() if address else ""
        match operation:
            case "FindFolder":
                folder = f'<t:Folder><t:FolderId Id="{_id(mailbox)}" ChangeKey="{_key(mailbox)}"/></t:Folder>'
                return [_root(1, f"<t:Folders>{folder}</t:Folders>")]
            case "FindItem" if b"deleteditems" in body:
                items = "".join(self._item(mailbox, number) for number in range(self._bookings))
                return [_root(self._bookings, f"<t:Items>{items}</t:Items>"), _root(0, "<t:Items/>")]
            case "FindItem":
                return [_root(0, "<t:Items/>")]
            case "UpdateItem":
                return [
                    f'<m:Items><t:CalendarItem><t:ItemId Id="{item.decode()}" '
                    f'ChangeKey="{_key(str(next(self._changes)))}"/></t:CalendarItem></m:Items>'
                    for item in _ITEM_ID.findall(body)
                ]
            case _:
                return [""]

    def _item(self, mailbox: str, number: int) -> str:
        booking = booking_of(mailbox, number)
        title = f"Nordlys / Grading / {booking}"
        start = self._first + timedelta(days=number % 60, hours=number % 9)
        marks = {
            names.PROPERTY_KEY: blake2b(f"{SOURCE}\n{booking}".encode(), digest_size=16).hexdigest(),
            names.PROPERTY_REVISION: "1",
            names.PROPERTY_DIGEST: blake2b(title.encode(), digest_size=16).hexdigest() + "r-.a1b2c3",
            names.PROPERTY_SOURCE: blake2b(SOURCE.encode(), digest_size=8).hexdigest(),
            names.PROPERTY_BOOKING: booking,
            names.PROPERTY_EVENT: f"bench {number}",
        }
        properties = "".join(
            f'<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="{names.PROPERTY_SET}" PropertyName="{name}" '
            f'PropertyType="String"/><t:Value>{value}</t:Value></t:ExtendedProperty>'
            for name, value in marks.items()
        )
        return (
            f'<t:CalendarItem><t:ItemId Id="{_id(booking)}" ChangeKey="{_key(booking)}"/>'
            f"<t:ItemClass>IPM.Appointment</t:ItemClass><t:Subject>{title}</t:Subject>"
            "<t:Sensitivity>Normal</t:Sensitivity><t:Categories><t:String>Grading</t:String></t:Categories>"
            f"{properties}<t:Start>{start:%Y-%m-%dT%H:%M:%SZ}</t:Start>"
            f"<t:End>{start + timedelta(hours=4):%Y-%m-%dT%H:%M:%SZ}</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent>"
            "<t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:Location>Suite 4</t:Location>"
            "<t:IsMeeting>false</t:IsMeeting><t:CalendarItemType>Single</t:CalendarItemType></t:CalendarItem>"
        )


def booking_of(mailbox: str, number: int) -> str:
    """The id of a booking in a mailbox: no two mailboxes share one."""
    return f"{mailbox.partition('@')[0]}-{number}"


def _root(total: int, content: str) -> str:
    return f'<m:RootFolder TotalItemsInView="{total}" IncludesLastItemInRange="true">{content}</m:RootFolder>'


def _id(name: str) -> str:
    return _long_text(name, _ID_BYTES)


def _key(name: str) -> str:
    return _long_text(name, _KEY_BYTES)


def _long_text(name: str, size: int) -> str:
    """Base64 that long, different for each name."""
    block = blake2b(name.encode()).digest()
    return b64encode((block * 2)[:size]).decode()


async def _serve(bookings: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = HttpServer(SlimExchange(bookings).answer, "127.0.0.1", 0)
    server.open()
    sys.stdout.write(orjson.dumps({"url": f"http://127.0.0.1:{server.port}"}).decode() + "\n")
    sys.stdout.flush()
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
