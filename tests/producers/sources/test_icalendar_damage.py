"""iCalendar that is damaged, or too much."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.sources.damaged import DamagedFile
from producers.sources.ical.reader import CalendarOptions, read_icalendar
from producers.sources.interval import Interval
from tests.producers.sources.ics import calendar_ics, event_ics, write_ics

INTERVAL = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
DAILY = event_ics("SUMMARY:Mix", "RRULE:FREQ=DAILY;COUNT=4", start="DTSTART;TZID=Europe/Copenhagen:20261201T090000")
GOOD = calendar_ics(DAILY)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the file is empty"),
        ("<html>", 1, "expected the name of a property"),
        ("UID:a", 1, "UID, expected BEGIN:VCALENDAR"),
        ("BEGIN:VEVENT\nEND:VEVENT\n", 1, "BEGIN:VEVENT, expected BEGIN:VCALENDAR"),
        (GOOD[:-30], 24, "ends within the VEVENT that begins in line 19"),
        (GOOD.removesuffix("END:VCALENDAR\n"), 25, "ends within the VCALENDAR that begins in line 1"),
        (GOOD[: GOOD.index("COUNT")], 24, "the file is cut off"),
        (GOOD.replace("END:VEVENT\n", ""), 25, "END:VCALENDAR, expected END:VEVENT, begun in line 19"),
        (GOOD.replace("SUMMARY:Mix", "SUMMARY Mix"), 23, "expected the name of a property"),
        (GOOD.replace("FREQ=DAILY", "FREQ=SOMETIMES"), 19, "unreadable RRULE"),
        (GOOD.replace("20261201T090000", "20261301T090000"), 19, "unreadable DTSTART"),
        (GOOD.replace("Europe/Copenhagen", "Denmark/Nowhere"), 19, "neither in the file nor known"),
        (GOOD.replace("UID:a\n", ""), 19, "an event without UID"),
        (GOOD.replace("DTSTART;TZID=Europe/Copenhagen:20261201T090000\n", ""), 19, "has no DTSTART"),
        (GOOD.replace("DURATION:PT1H", "DTEND:20261130T090000Z"), 19, "DTEND lies before DTSTART"),
        (GOOD.replace("DURATION:PT1H", "DTEND;VALUE=DATE:20261202"), 19, "two dates or two times"),
        (GOOD.replace("DURATION:PT1H", "DURATION:P3000D"), 19, "at most five years"),
        (GOOD.replace(";TZID=Europe/Copenhagen", ""), 19, "no time zone is given"),
        (GOOD.replace("FREQ=DAILY;COUNT=4", "FREQ=SECONDLY").replace("20261201", "20201201"), 19, "repeats secondly"),
    ],
)
def test_a_damaged_file_says_where_and_what(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "team.ics"
    path.write_text(text)
    with pytest.raises(DamagedFile) as caught:
        read_icalendar(path, INTERVAL)
    assert said in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith(str(path))


def test_what_would_be_too_much_is_refused(tmp_path: Path) -> None:
    minutely = event_ics("RRULE:FREQ=MINUTELY", start="DTSTART:20261101T000000Z")
    with pytest.raises(DamagedFile, match="more than 1000 instances in the interval"):
        read_icalendar(write_ics(tmp_path, minutely), INTERVAL, CalendarOptions(max_instances=1000))


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "team.ics"
    path.write_bytes(GOOD.replace("Mix", "Ærø").encode("cp1252"))
    with pytest.raises(DamagedFile, match=r"team\.ics:23: not UTF-8"):
        read_icalendar(path, INTERVAL)


@pytest.mark.parametrize("end", ["COUNT=3", "UNTIL=20111201T090002Z"])
def test_a_rule_that_ended_long_ago_is_not_too_much(tmp_path: Path, end: str) -> None:
    long_ago = event_ics(f"RRULE:FREQ=SECONDLY;{end}", start="DTSTART:20111201T090000Z")
    assert not read_icalendar(write_ics(tmp_path, long_ago), INTERVAL).bookings
