"""SOAP over HTTP: the envelope of a request, the response messages in an answer, every other answer a CalendarError."""

import math
import re
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
from lxml import etree

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.remedies import remedy_of

SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
MESSAGES: Final = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
TYPES: Final = "{http://schemas.microsoft.com/exchange/services/2006/types}"
ERRORS: Final = "{http://schemas.microsoft.com/exchange/services/2006/errors}"

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")


def envelope(schema: str, mailbox: str | None, body: str) -> bytes:
    """The SOAP envelope of a request; it impersonates a mailbox by its primary SMTP address (MS-OXWSCDATA), or none."""
    impersonation = (
        "<t:ExchangeImpersonation><t:ConnectingSID>"
        f"<t:PrimarySmtpAddress>{mailbox.replace('&', '&amp;')}</t:PrimarySmtpAddress>"
        "</t:ConnectingSID></t:ExchangeImpersonation>"
        if mailbox
        else ""
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
        ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
        f'<s:Header><t:RequestServerVersion Version="{schema}"/>{impersonation}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def response_messages(operation: str, response: requests.Response) -> list[Any]:
    """The response messages of an operation, in order. Raises :class:`CalendarError` for everything else."""
    if response.status_code not in (200, 500):
        raise _http_error(response)
    try:
        root = _parsed(response.content)
    except etree.XMLSyntaxError as error:
        if response.status_code != 200:
            raise _http_error(response) from None
        raise CalendarError("BadAnswer", f"not XML: {error.msg}", Remedy.LOOK_FIRST) from None
    fault = root.find(f"{SOAP}Body/{SOAP}Fault")
    if fault is not None:
        raise _fault(fault)
    messages = root.find(f"{SOAP}Body/{MESSAGES}{operation}Response/{MESSAGES}ResponseMessages")
    if messages is None:
        raise CalendarError("BadAnswer", f"no answer to {operation} in it", Remedy.LOOK_FIRST)
    return list(messages)


def _parsed(content: bytes) -> Any:
    """The document. Exchange passes on what people paste, control characters included, which XML 1.0 does not allow."""
    try:
        return etree.fromstring(content, _PARSERS.own)
    except etree.XMLSyntaxError:
        cleaned = _REFERENCE.sub(_legal_reference, _CONTROL.sub(b"", content))
        if cleaned == content:
            raise
        return etree.fromstring(cleaned, _PARSERS.own)


def _legal_reference(reference: re.Match[bytes]) -> bytes:
    hexadecimal, decimal = reference.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    legal = number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD or number >= 0x10000
    return reference.group() if legal else b""


class _Parsers(threading.local):
    """A parser for each thread: making one costs more than reading a short answer, and two threads wait for one."""

    def __init__(self) -> None:
        self.own = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)


_PARSERS: Final = _Parsers()


def _http_error(response: requests.Response) -> CalendarError:
    code = f"HTTP{response.status_code}"
    text = {
        401: "the service account was not accepted",
        403: "access is forbidden (is EWS switched off for this mailbox, or this User-Agent not allowed?)",
    }.get(response.status_code, response.reason or "")
    return CalendarError(code, text, remedy_of(code), _retry_after_seconds(response.headers.get("Retry-After")))


def _retry_after_seconds(header: str | None) -> float | None:
    """Retry-After in seconds or as a date (RFC 9110, section 10.2.3)."""
    if not header:
        return None
    try:
        seconds = float(header)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _fault(fault: Any) -> CalendarError:
    """A SOAP fault. The back-off may stand anywhere among the values: 2013 and later list others before it."""
    code = fault.findtext(f".//{ERRORS}ResponseCode", "").strip()
    message = fault.findtext(f".//{ERRORS}Message", "").strip()
    if not code:
        # A server that is not Exchange may send no detail.
        code, message = "SOAPFault", fault.findtext("faultstring", "").strip()
    return CalendarError(code.removeprefix("Error"), message[:500], remedy_of(code), back_off_seconds(fault))


def back_off_seconds(element: Any) -> float | None:
    """``BackOffMilliseconds`` anywhere below an element, in seconds."""
    for value in element.iter(f"{TYPES}Value"):
        if value.get("Name") == "BackOffMilliseconds" and (value.text or "").strip().isdigit():
            return int(value.text) / 1000
    return None
