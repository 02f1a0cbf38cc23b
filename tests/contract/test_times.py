"""Instants, dates and zones as the contract writes them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.times import parse_date, parse_instant, write_instant, zone

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-01T08:00:00+01:00", datetime(2026, 12, 1, 7, tzinfo=UTC)),
        ("2026-12-01T08:00:00Z", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01t08:00:00z", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01 08:00:00-00:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01T08:00:00.5+05:45", datetime(2026, 12, 1, 2, 15, 0, 500_000, tzinfo=UTC)),
        ("2026-12-01T08:00:00.123456789Z", datetime(2026, 12, 1, 8, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_instants(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T08:00:00",
        "2026-12-01",
        "2026-12-01T08:00Z",
        "2026-12-01T24:00:01Z",
        "2026-12-01T08:00:60Z",
        "2026-13-01T08:00:00Z",
        "2026-12-01T08:00:00+25:00",
        "2026-12-01T08:00:00+0100",
        "2026-12-01T08:00:00,5Z",
        " 2026-12-01T08:00:00Z",
        "2026-12-01T08:00:00Z\n",
        "٢٠٢٦-12-01T08:00:00Z",
        "2026-W49-2T08:00:00Z",
        "1 December 2026",
        "",
        None,
        1764576000,
    ],
)
def test_what_is_no_instant(text: object) -> None:
    with pytest.raises(ValueError, match=r"^a time with its offset, like 2026-12-01T08:00:00\+01:00$"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["2026-02-29", "20261201", "2026-W49-2", "2026-12-01T00:00:00Z", "٢٠٢٦-12-01", 1, None]
)
def test_what_is_no_date(text: object) -> None:
    with pytest.raises(ValueError, match=r"^a date, like 2026-12-01$"):
        parse_date(text)


def test_a_leap_day() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)


@given(st.datetimes(timezones=offsets))
def test_an_instant_survives_being_written(instant: datetime) -> None:
    back = parse_instant(write_instant(instant))
    assert back == instant
    assert back.utcoffset() == instant.utcoffset()


def test_how_an_instant_is_written() -> None:
    assert write_instant(datetime(2026, 12, 1, 8, tzinfo=UTC)) == "2026-12-01T08:00:00Z"
    assert write_instant(datetime(2026, 12, 1, 8, tzinfo=timezone(timedelta(hours=1)))) == "2026-12-01T08:00:00+01:00"
    assert write_instant(datetime(2026, 12, 1, 8, 0, 0, 250_000, tzinfo=UTC)) == "2026-12-01T08:00:00.250000Z"


@pytest.mark.parametrize(
    ("name", "day", "offset"),
    [
        ("Europe/Copenhagen", date(2026, 3, 29), "+01:00"),
        ("Europe/Copenhagen", date(2026, 3, 30), "+02:00"),
        ("Europe/Copenhagen", date(2026, 10, 25), "+02:00"),
        ("Europe/Copenhagen", date(2026, 10, 26), "+01:00"),
        ("America/New_York", date(2026, 3, 8), "-05:00"),
        ("America/New_York", date(2026, 3, 9), "-04:00"),
        ("America/New_York", date(2026, 11, 1), "-04:00"),
        ("America/New_York", date(2026, 11, 2), "-05:00"),
    ],
)
def test_midnights_around_the_change_of_the_clocks(name: str, day: date, offset: str) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone(name))
    written = write_instant(midnight)
    assert written == f"{day}T00:00:00{offset}"
    assert parse_instant(written) == midnight


def test_zones() -> None:
    assert zone("Europe/Copenhagen") == ZoneInfo("Europe/Copenhagen")
    for name in ("Europe/Kopenhagen", "", "localtime", "../../etc/passwd", "EUROPE/COPENHAGEN", "Europe"):
        with pytest.raises(ValueError, match=r"^an IANA time zone name, like Europe/Copenhagen$"):
            zone(name)
