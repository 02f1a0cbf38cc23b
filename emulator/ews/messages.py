"""What goes in and out of :class:`emulator.ews.exchange.Exchange`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.ews.xmltext import M, attribute, text

if TYPE_CHECKING:
    from lxml.etree import _Element

VERSION_INFO = (
    '<h:ServerVersionInfo MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="39"'
    ' Version="V2017_07_11" xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/>'
)
"""The header of every reply: Exchange 2016 (15.1)."""

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
    + VERSION_INFO
    + "</s:Header><s:Body>"
)
_ITEMS = frozenset({f"{M}Items", f"{M}ItemChanges", f"{M}ItemIds"})
_TAIL = "</s:Body></s:Envelope>"
_BODY_NAMESPACES = (
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
)


@dataclass(frozen=True, slots=True)
class Impersonation:
    """The ConnectingSID of a request: in which form the user is named, and how."""

    form: str
    value: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose envelope has been read.

    ``operation`` is the name of the body's element ("CreateItem"), or "" when there is none. ``mailbox`` is the
    impersonated SMTP address in lower case, or None. ``fault`` is the reply to give when the envelope itself is
    refused; :meth:`emulator.ews.exchange.Exchange.answer` gives it.
    """

    operation: str
    mailbox: str | None
    fault: Reply | None = None
    element: _Element | None = field(default=None, repr=False)
    impersonation: Impersonation | None = None
    time_zone: str | None = None
    version: str = "Exchange2016"

    @property
    def items(self) -> int:
        """How many items the request brings, changes or names by their ids."""
        return 0 if self.element is None else sum(len(part) for part in self.element if part.tag in _ITEMS)


@dataclass(frozen=True, slots=True)
class ItemFault:
    """Something that goes wrong with the items of one request, on demand.

    ``code``: the response code to give (``ErrorItemSave``); "" gives none. ``index``: the item of the batch it befalls,
    None for every item. The codes after which Exchange gives up stop the rest of the batch with
    ErrorBatchProcessingStopped. ``stop_after``: apply only the first n items of the request and stop the rest.
    """

    code: str = ""
    index: int | None = None
    stop_after: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status, body, and what it did, for the counters.

    ``codes`` are the response codes in order, one for each response message, or the one code of a SOAP fault.
    """

    status: int
    body: bytes = field(repr=False)
    operation: str = ""
    mailbox: str | None = None
    codes: tuple[str, ...] = ()
    created: int = 0
    updated: int = 0
    deleted: int = 0


def soap_body(element: str, content: str) -> bytes:
    """A whole reply whose body is ``<m:{element}>`` with ``content`` (XML text using prefixes m and t)."""
    return f"{_HEAD}<m:{element}{_BODY_NAMESPACES}>{content}</m:{element}>{_TAIL}".encode()


def soap_fault(
    code: str,
    message: str,
    *,
    values: Sequence[tuple[str, str]] = (),
    operation: str = "",
    mailbox: str | None = None,
) -> Reply:
    """A SOAP fault: HTTP 500 with the response code in ``faultcode`` and ``detail``.

    ``values`` become ``t:MessageXml/t:Value`` elements in the order given; clients read the back-off of ErrorServerBusy
    from there (value ``BackOffMilliseconds``).
    """
    detail = "".join(f"<t:Value Name={attribute(name)}>{text(value)}</t:Value>" for name, value in values)
    if detail:
        detail = (
            f'<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">{detail}</t:MessageXml>'
        )
    body = (
        f'{_HEAD}<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:{code}'
        f'</faultcode><faultstring xml:lang="en-US">{text(message)}</faultstring><detail>'
        f'<e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">{code}</e:ResponseCode>'
        f'<e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">{text(message)}</e:Message>'
        f"{detail}</detail></s:Fault>{_TAIL}"
    )
    return Reply(500, body.encode(), operation, mailbox, (code,))
