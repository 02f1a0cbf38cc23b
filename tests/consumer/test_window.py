"""The safety window: its edges are local midnights, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.window import Window, midnight
from contract.times import zone

COPENHAGEN = zone("Europe/Copenhagen")
TODAY = date(2026, 11, 23)
WINDOW = Window.around(TODAY, 7, 180, COPENHAGEN)
HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day", "instant"),
    [
        ("Europe/Copenhagen", date(2026, 3, 29), "2026-03-28T23:00:00"),
        ("Europe/Copenhagen", date(2026, 3, 30), "2026-03-29T22:00:00"),
        ("Europe/Copenhagen", date(2026, 10, 25), "2026-10-24T22:00:00"),
        ("Europe/Copenhagen", date(2026, 10, 26), "2026-10-25T23:00:00"),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09T04:00:00"),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00:00"),
        ("America/New_York", date(2026, 11, 2), "2026-11-02T05:00:00"),
        # In Cairo the clocks go from 0:00 to 1:00: the day begins at one.
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00:00"),
        # In Havana they go from 1:00 back to 0:00: midnight happens twice, the day begins with the first.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00"),
    ],
)
def test_midnights(name: str, day: date, instant: str) -> None:
    assert midnight(day, zone(name)).astimezone(UTC) == utc(instant)


def test_the_edges() -> None:
    assert WINDOW.start.astimezone(UTC) == utc("2026-11-15T23:00:00")
    # The last of 180 days after today belongs to it; summer time has begun by then.
    assert WINDOW.end.astimezone(UTC) == utc("2027-05-22T22:00:00")
    assert WINDOW.lifetime == timedelta(days=7 + 180 + 30)


def test_the_smallest_window_is_today() -> None:
    window = Window.around(TODAY, 0, 0, COPENHAGEN)
    assert (window.start.date(), window.end.date()) == (TODAY, TODAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("start", "end", "touches", "past"),
    [
        (WINDOW.start - 9 * HOUR, WINDOW.start - HOUR, False, True),
        (WINDOW.start - 9 * HOUR, WINDOW.start, False, True),
        (WINDOW.start - 9 * HOUR, WINDOW.start + timedelta(seconds=1), True, False),
        (WINDOW.start, WINDOW.start, True, False),
        (WINDOW.start - HOUR, WINDOW.end + HOUR, True, False),
        (WINDOW.end - timedelta(seconds=1), WINDOW.end + HOUR, True, False),
        (WINDOW.end, WINDOW.end + HOUR, False, False),
        (WINDOW.end, WINDOW.end, False, False),
        (WINDOW.start - HOUR, WINDOW.start - HOUR, False, True),
    ],
)
def test_what_touches_it(start: datetime, end: datetime, touches: bool, past: bool) -> None:
    for begins, ends in ((start, end), (start.astimezone(UTC), end.astimezone(UTC))):
        assert WINDOW.touches(begins, ends) is touches
        assert WINDOW.wholly_after(begins, ends) is past


days = st.dates(date(2000, 1, 10), date(2090, 1, 1))
zones = st.sampled_from(["Europe/Copenhagen", "America/New_York", "Africa/Cairo", "Pacific/Apia", "UTC"]).map(zone)


@given(days, st.integers(0, 3), st.integers(0, 400), zones, st.integers(-500, 500), st.integers(0, 40))
def test_touching_is_sharing_an_instant(
    today: date, before: int, after: int, where: object, offset: int, hours: int
) -> None:
    window = Window.around(today, before, after, zone(str(where)))
    start = window.start.astimezone(UTC) + offset * HOUR
    end = start + hours * HOUR
    shares = start < window.end and (end > window.start or (start == end and start >= window.start))
    assert window.touches(start, end) is shares
    assert not (window.touches(start, end) and window.wholly_after(start, end))
    later = Window.around(today + timedelta(days=1), before, after, zone(str(where)))
    assert later.start > window.start
    assert later.end > window.end
