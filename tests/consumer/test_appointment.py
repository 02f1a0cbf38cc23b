"""What an event asks for, with the gaps filled in: zones, dates, defaults, hostile text."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.calendars.ews.zones import SHOWABLE_ZONES
from consumer.core.appointment import Appointment, Defaults, appointment_of
from consumer.core.digest import Digest
from contract.codec import decode, encode
from contract.event import BookingChanged, ChangedEvent, ShowAs, Status
from contract.text import without_illegal_characters
from contract.times import parse_instant

DEFAULTS = Defaults("Europe/Copenhagen", SHOWABLE_ZONES)
START = parse_instant("2026-12-01T08:00:00+01:00")


def booking(**fields: Any) -> BookingChanged:
    """A booking as it comes off the wire."""
    values: dict[str, Any] = {
        "booking": "B-1",
        "revision": 1,
        "title": "Feature X",
        "start": START,
        "end": START + timedelta(hours=9),
        **fields,
    }
    event = ChangedEvent(
        id="1", source="test://1", subject="anna@example.com", time=START, data=BookingChanged(**values)
    )
    decoded = decode(encode(event))
    assert isinstance(decoded, ChangedEvent)
    return decoded.data


def wanted(defaults: Defaults = DEFAULTS, **fields: Any) -> Appointment:
    return appointment_of(booking(**fields), defaults)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_is_left_open() -> None:
    result = wanted()
    fields = result.fields
    assert (fields.start, fields.end) == (utc("2026-12-01T07:00:00"), utc("2026-12-01T16:00:00"))
    assert (fields.title, fields.location, fields.show_as) == ("Feature X", "", "busy")
    assert (fields.all_day, fields.private, fields.categories) == (False, False, ())
    assert (result.notes, result.zone, result.reminder_minutes) == ("", "Europe/Copenhagen", None)
    assert Digest.parse(result.digest) == Digest(fields.digest(), "r-", frozenset())


@pytest.mark.parametrize(
    ("zone", "shown_in"),
    [
        (None, "Europe/Copenhagen"),
        ("America/New_York", "America/New_York"),
        # A zone that the server cannot show.
        ("Asia/Kolkata", "Europe/Copenhagen"),
    ],
)
def test_the_zone_it_is_shown_in(zone: str | None, shown_in: str) -> None:
    few = Defaults("Europe/Copenhagen", frozenset({"Europe/Copenhagen", "America/New_York"}))
    assert wanted(few, timezone=zone).zone == shown_in


def test_exchange_can_show_the_usual_zones() -> None:
    usual = "UTC Europe/Copenhagen Europe/London America/New_York Asia/Kolkata Australia/Lord_Howe Pacific/Apia"
    assert set(usual.split()) <= SHOWABLE_ZONES


@pytest.mark.parametrize(
    ("zone", "first", "last", "start", "end"),
    [
        ("Europe/Copenhagen", "2026-03-29", "2026-03-30", "2026-03-28T23:00:00", "2026-03-29T22:00:00"),
        ("Europe/Copenhagen", "2026-10-25", "2026-10-26", "2026-10-24T22:00:00", "2026-10-25T23:00:00"),
        ("Europe/Copenhagen", "2026-10-24", "2026-10-27", "2026-10-23T22:00:00", "2026-10-26T23:00:00"),
        ("America/New_York", "2026-03-08", "2026-03-09", "2026-03-08T05:00:00", "2026-03-09T04:00:00"),
        ("America/New_York", "2026-11-01", "2026-11-02", "2026-11-01T04:00:00", "2026-11-02T05:00:00"),
        (None, "2026-12-24", "2026-12-27", "2026-12-23T23:00:00", "2026-12-26T23:00:00"),
    ],
)
def test_all_day(zone: str | None, first: str, last: str, start: str, end: str) -> None:
    fields = wanted(timezone=zone, all_day=True, start=date.fromisoformat(first), end=date.fromisoformat(last)).fields
    assert (fields.start, fields.end, fields.all_day) == (utc(start), utc(end), True)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-29T01:00:00+01:00", "2026-03-29T04:00:00+02:00", 2),
        ("2026-10-25T01:00:00+02:00", "2026-10-25T04:00:00+01:00", 4),
        ("2026-03-08T01:00:00-05:00", "2026-03-08T04:00:00-04:00", 2),
        ("2026-11-01T00:00:00-04:00", "2026-11-01T04:00:00-05:00", 5),
        # The hour that happens twice is told apart by its offset.
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 1),
    ],
)
def test_bookings_across_a_change_of_the_clocks(start: str, end: str, hours: int) -> None:
    fields = wanted(start=parse_instant(start), end=parse_instant(end)).fields
    assert fields.end - fields.start == timedelta(hours=hours)
    assert fields.start == parse_instant(start)


def test_exchange_keeps_whole_seconds() -> None:
    fields = wanted(start=parse_instant("2026-12-01T08:00:00.999999Z")).fields
    assert fields.start == utc("2026-12-01T08:00:00")


@pytest.mark.parametrize(
    ("status", "show_as", "modern", "old"),
    [
        (Status.CONFIRMED, None, "busy", "busy"),
        (Status.TENTATIVE, None, "tentative", "tentative"),
        (Status.TENTATIVE, ShowAs.BUSY, "busy", "busy"),
        (Status.CONFIRMED, ShowAs.FREE, "free", "free"),
        (Status.CONFIRMED, ShowAs.OOF, "oof", "oof"),
        (Status.CONFIRMED, ShowAs.TENTATIVE, "tentative", "tentative"),
        (Status.CONFIRMED, ShowAs.WORKING_ELSEWHERE, "working_elsewhere", "busy"),
    ],
)
def test_show_as(status: Status, show_as: ShowAs | None, modern: str, old: str) -> None:
    before_2013 = Defaults("Europe/Copenhagen", SHOWABLE_ZONES, working_elsewhere=False)
    assert wanted(status=status, show_as=show_as).fields.show_as == modern
    assert wanted(before_2013, status=status, show_as=show_as).fields.show_as == old


def test_categories() -> None:
    written = ("Grading", "grading", " Mix\n", "\x07", "ÆRØ", "ærø", "Mix")
    assert wanted(categories=written).fields.categories == ("Grading", "Mix", "ÆRØ")


@pytest.mark.parametrize(
    ("notes", "url", "text"),
    [
        ("", None, ""),
        ("Client: X", None, "Client: X"),
        ("", "https://a.example/1", "https://a.example/1"),
        ("Client: X\r\nReel\r3\n", "https://a.example/1?a=1&b=2", "Client: X\nReel\n3\n\nhttps://a.example/1?a=1&b=2"),
        (" \n\x07 ", "https://a.example/1", "https://a.example/1"),
    ],
)
def test_notes_and_address(notes: str, url: str | None, text: str) -> None:
    assert wanted(notes=notes, url=url).notes == text


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Håkan – Ærø 🎬 <b>&amp;", "Håkan – Ærø 🎬 <b>&amp;"),
        ("Bell\x07, null\x00 and escape\x1b", "Bell, null and escape"),
        ("Two\nlines\r\nand\ta tab", "Two lines and a tab"),
        ("x" * 300, "x" * 254 + "…"),
        ("🎬" * 200, "🎬" * 127 + "…"),
        ("שלום \u202eabc\u202c", "שלום \u202eabc\u202c"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_titles(title: str, shown: str) -> None:
    result = wanted(title=title, location=title)
    assert (result.fields.title, result.fields.location) == (shown, shown)


@given(
    st.text(max_size=300), st.text(max_size=300), st.lists(st.text(min_size=1, max_size=255), max_size=5), st.booleans()
)
@settings(deadline=None)
def test_whatever_the_text_is(title: str, notes: str, categories: list[str], private: bool) -> None:
    content = BookingChanged(
        booking="B",
        revision=1,
        title=title,
        start=START,
        end=START,
        notes=notes,
        categories=tuple(categories),
        private=private,
    )
    result = appointment_of(content, DEFAULTS)
    for line in (result.fields.title, *result.fields.categories):
        assert len(line.encode("utf-16-le")) <= 2 * 255
        assert without_illegal_characters(line) == line
    assert "\r" not in result.notes
    assert len(result.digest) <= 255, "what FindItem returns of a property"
    assert result.digest.isascii()
