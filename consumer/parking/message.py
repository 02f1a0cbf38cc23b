"""One message that was put aside, as an operator sees it, and which of them are meant."""

import fnmatch
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from aio_pika.abc import AbstractIncomingMessage

from contract import names
from contract.codec import decode
from contract.event import CancelledEvent, ChangedEvent, Event
from contract.reasons import EventError

NO_REASON: Final = "unknown"
"""Shown for a message that somebody else put into the queue, without a reason in its headers."""

OF_THE_DELIVERY: Final = frozenset({"x-delivery-count", "x-acquired-count"})
"""Headers that the broker writes at each delivery; they do not belong to the message."""

# The broker's own words for why it moved a message (RabbitMQ, "Dead Letter Exchanges"): "delivery_limit", "rejected".
_DEATHS: Final = ("x-last-death-reason", "x-first-death-reason")


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """What is known of a parked message. ``event`` is None where it cannot be decoded; ``undecodable`` then says why.

    ``mailbox`` and ``booking`` are empty where they cannot be told. ``parked_at`` is None where no header has it.
    """

    id: str
    reason: str
    error: str
    attempts: int
    parked_at: datetime | None
    mailbox: str
    booking: str
    revision: int | None
    event: Event | None
    undecodable: str
    headers: dict[str, Any]
    body: bytes
    size: int
    is_valid: bool

    @classmethod
    def of(cls, message: AbstractIncomingMessage) -> "ParkedMessage":
        """From a message as the broker gave it. Never raises, whatever the message is."""
        event: Event | None = None
        undecodable = ""
        outline: dict[str, Any] = {}
        try:
            event = decode(message.body)
        except EventError as error:
            undecodable = str(error)
            outline = _outline(message.body)
        booking, revision = _booking(event, outline)
        headers = {name: value for name, value in message.headers.items() if name not in OF_THE_DELIVERY}
        return cls(
            id=message.message_id or (event.id if event else _text(outline.get("id"))),
            reason=_reason(headers),
            error=_text(headers.get(names.HEADER_ERROR)),
            attempts=_number(headers.get(names.HEADER_ATTEMPTS)) or 0,
            parked_at=_time(headers.get(names.HEADER_PARKED_AT)),
            mailbox=event.mailbox if event else _text(outline.get("subject")).lower(),
            booking=booking,
            revision=revision,
            event=event,
            undecodable=undecodable,
            headers=headers,
            body=message.body,
            size=len(message.body),
            is_valid=event is not None,
        )

    def without_body(self) -> "ParkedMessage":
        """What a list shows of it, so that a long list needs little memory."""
        return replace(self, event=None, headers={}, body=b"")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages are meant: every condition that is set must hold. Nothing set: all of them.

    ``mailbox`` is a pattern with ``*`` and ``?``, without regard to case. A message without a time is neither older
    nor newer than anything.
    """

    reasons: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    mailbox: str = ""
    parked_before: datetime | None = None
    parked_after: datetime | None = None

    def covers(self, message: ParkedMessage) -> bool:
        """True when this message is meant."""
        if self.reasons and message.reason not in self.reasons:
            return False
        if self.ids and message.id not in self.ids:
            return False
        if self.mailbox and not fnmatch.fnmatchcase(message.mailbox, self.mailbox.lower()):
            return False
        at = message.parked_at
        if self.parked_before is not None and (at is None or at >= self.parked_before):
            return False
        return self.parked_after is None or (at is not None and at > self.parked_after)


def _reason(headers: dict[str, Any]) -> str:
    for name in (names.HEADER_REASON, *_DEATHS):
        if headers.get(name):
            return _text(headers[name])
    return NO_REASON


def _booking(event: Event | None, outline: dict[str, Any]) -> tuple[str, int | None]:
    """Id and revision of the booking that a message is about; nothing for a snapshot."""
    if isinstance(event, ChangedEvent | CancelledEvent):
        return event.data.booking, event.data.revision
    data = outline.get("data")
    if not isinstance(data, dict):
        return "", None
    return _text(data.get("booking")), _number(data.get("revision"))


def _outline(body: bytes) -> dict[str, Any]:
    """The outer object of a body that is no valid event, as far as there is one."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _text(value: object) -> str:
    """A header or field as text, whoever wrote it and in whatever type."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)[:2000]


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(value: object) -> datetime | None:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
