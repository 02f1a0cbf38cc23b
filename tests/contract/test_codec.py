"""Decoding and encoding: there and back without a loss, and nothing but an event or an EventError, whatever comes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from contract.codec import decode, encode
from contract.event import (
    BookingCancelled,
    BookingChanged,
    CancelledEvent,
    ChangedEvent,
    Event,
    EventType,
    MailboxSnapshot,
    ShowAs,
    SnapshotEvent,
    Status,
)
from contract.generate import json_schema
from contract.reasons import EventError, Reason
from tests.contract.samples import golden, golden_bytes, with_value

DECODING_REASONS = {
    Reason.BROKEN_JSON,
    Reason.TOO_LARGE,
    Reason.UNKNOWN_TYPE,
    Reason.UNKNOWN_VERSION,
    Reason.MISSING_FIELD,
    Reason.WRONG_FIELD,
    Reason.BAD_MAILBOX,
    Reason.END_BEFORE_START,
    Reason.ABSURD_DATE,
}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.text(st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1970, 1, 3), datetime(2194, 12, 1), timezones=offsets)  # noqa: DTZ001 - no zone allowed
revisions = st.integers(0, 2**53 - 1)
mailboxes = st.sampled_from(["anna@example.com", "Room.4+x@Studio-1.example.com", "o'hara@localhost"])


@st.composite
def bookings(draw: st.DrawFn, highest: int = 2**53 - 1) -> BookingChanged:
    begin = draw(instants)
    length = timedelta(seconds=draw(st.integers(0, 5 * 365 * 24 * 3600)))
    all_day = draw(st.booleans())
    return BookingChanged(
        booking=draw(text.filter(bool)),
        revision=draw(st.integers(0, highest)),
        title=draw(text),
        start=begin.date() if all_day else begin,
        end=begin.date() + max(timedelta(days=1), length) if all_day else begin + length,
        timezone=draw(st.sampled_from([None, "Europe/Copenhagen", "America/New_York"])),
        all_day=all_day,
        status=draw(st.sampled_from(Status)),
        show_as=draw(st.none() | st.sampled_from(ShowAs)),
        location=draw(text),
        notes=draw(text),
        categories=tuple(draw(st.lists(text.filter(bool), max_size=3))),
        private=draw(st.booleans()),
        reminder_minutes=draw(st.none() | st.integers(0, 40320)),
        url=draw(st.sampled_from([None, "https://schedule.example.com/bookings/1?a=1&b=2"])),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    envelope: dict[str, Any] = {
        "id": draw(words),
        "source": draw(words),
        "subject": draw(mailboxes),
        "time": draw(instants),
    }
    event_type = draw(st.sampled_from(EventType))
    if event_type is EventType.CHANGED:
        return ChangedEvent(**envelope, data=draw(bookings()))
    if event_type is EventType.CANCELLED:
        return CancelledEvent(
            **envelope, data=BookingCancelled(booking=draw(text.filter(bool)), revision=draw(revisions))
        )
    begin, as_of = draw(instants), draw(revisions)
    unique = draw(st.lists(bookings(as_of), max_size=3, unique_by=lambda booking: booking.booking))
    return SnapshotEvent(
        **envelope,
        data=MailboxSnapshot(start=begin, end=begin + timedelta(days=1), as_of=as_of, bookings=tuple(unique)),
    )


@given(events())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_every_event_survives_the_wire(event: Event) -> None:
    body = encode(event)
    back = decode(body)
    assert back == event
    assert encode(back) == body


@given(events())
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_encoded_fits_the_published_schema(event: Event) -> None:
    Draft202012Validator(json_schema(EventType(event.type))).validate(json.loads(encode(event)))


def decoded_or_refused(body: bytes) -> None:
    event, error = _attempt(body)
    if error is not None:
        assert error.reason in DECODING_REASONS
        assert "\n" not in str(error)
        assert len(str(error)) < 600
    else:
        assert isinstance(event, Event)
        assert decode(encode(event)) == event


def _attempt(body: bytes) -> tuple[Event | None, EventError | None]:
    try:
        return decode(body), None
    except EventError as error:
        return None, error


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_bytes(body: bytes) -> None:
    decoded_or_refused(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(list(EventType)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(anything)
@settings(deadline=None, max_examples=100)
def test_any_json(document: object) -> None:
    decoded_or_refused(json.dumps(document).encode())


PATHS = [
    (event_type, path)
    for event_type in EventType
    for path in (
        *golden(event_type),
        *(f"data.{name}" for name in golden(event_type)["data"]),
        *(["data.bookings.0", "data.bookings.0.start"] if event_type is EventType.SNAPSHOT else []),
    )
]


@given(st.sampled_from(PATHS), anything)
@settings(deadline=None, max_examples=300)
def test_any_value_in_any_place_of_an_event(place: tuple[EventType, str], value: object) -> None:
    decoded_or_refused(with_value(*place, value))


@given(st.sampled_from(list(EventType)), st.integers(0, 1000), st.integers(0, 255))
@settings(deadline=None, max_examples=300)
def test_an_event_with_one_byte_changed(event_type: EventType, position: int, byte: int) -> None:
    body = bytearray(golden_bytes(event_type))
    body[position % len(body)] = byte
    decoded_or_refused(bytes(body))


@pytest.mark.parametrize("event_type", list(EventType))
def test_a_golden_file_comes_back_as_it_was(event_type: EventType) -> None:
    original = golden_bytes(event_type)
    encoded = encode(decode(original))
    assert json.loads(encoded) == json.loads(original)
    compact = json.dumps(json.loads(original), sort_keys=True, separators=(",", ":")).encode()
    again = json.dumps(json.loads(encoded), sort_keys=True, separators=(",", ":")).encode()
    assert again == compact
    assert encode(decode(encoded)) == encoded


@pytest.mark.parametrize("event_type", list(EventType))
def test_the_attributes_stand_in_the_order_of_the_contract(event_type: EventType) -> None:
    encoded = json.loads(encode(decode(golden_bytes(event_type))))
    assert list(encoded) == ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"]
    assert list(encoded["data"]) == list(golden(event_type)["data"])


@pytest.mark.parametrize("event_type", list(EventType))
def test_fields_that_a_later_version_may_add_are_ignored(event_type: EventType) -> None:
    document = golden(event_type)
    document["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    document["data"]["crew"] = [{"name": "Anna"}]
    assert decode(json.dumps(document).encode()) == decode(golden_bytes(event_type))


def test_what_may_be_left_out() -> None:
    document = golden(EventType.CHANGED)
    document["data"] = {name: document["data"][name] for name in ("booking", "revision", "title", "start", "end")}
    event = decode(json.dumps(document).encode())
    assert isinstance(event, ChangedEvent)
    data = event.data
    assert (data.timezone, data.all_day, data.status, data.show_as) == (None, False, Status.CONFIRMED, None)
    assert (data.location, data.notes, data.categories, data.private) == ("", "", (), False)
    assert (data.reminder_minutes, data.url) == (None, None)


def test_a_mailbox_is_compared_in_lower_case() -> None:
    event = decode(with_value(EventType.CHANGED, "subject", "Anna.Andersson@Example.COM"))
    assert event.mailbox == "anna.andersson@example.com"
    assert event.subject == "Anna.Andersson@Example.COM"


def test_an_event_cannot_be_changed() -> None:
    event = decode(golden_bytes(EventType.CANCELLED))
    for name in ("subject", "data"):
        with pytest.raises(ValidationError):
            setattr(event, name, "bo@example.com")
    assert event.time == datetime(2026, 11, 22, 15, 5, tzinfo=UTC)
