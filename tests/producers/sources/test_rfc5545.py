"""Every recurrence example of RFC 5545, section 3.8.5.3, through the reader."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.sources.ical.reader import read_icalendar
from producers.sources.interval import Interval
from tests.producers.sources.ics import event_ics, write_ics
from tests.producers.sources.reading import booking, written
from tests.producers.sources.recurrence_example import Example
from tests.producers.sources.rfc5545 import EXAMPLES, RULES

# The zone that the test's file defines ends before 2007.
CASES = [(*case, "America/New_York") for case in RULES] + [
    (*case, "Eastern") for case in RULES if case[0].start < "2007"
]


def test_all_of_them_are_here() -> None:
    assert (len(EXAMPLES), len(RULES), len(CASES)) == (39, 42, 83)


@pytest.mark.parametrize(("example", "rule", "zone"), CASES, ids=[f"{zone}-{rule}" for _, rule, zone in CASES])
def test_an_example_takes_place_when_the_rfc_says(tmp_path: Path, example: Example, rule: str, zone: str) -> None:
    lines = [f"RRULE:{rule}", *([f"EXDATE;TZID={zone}:{example.exdate}"] if example.exdate else [])]
    event = event_ics(*lines, start=f"DTSTART;TZID={zone}:{example.start}", length="PT10M")
    interval = Interval(
        datetime(1996, 1, 1, tzinfo=UTC), datetime.strptime(example.until, "%Y%m%d").replace(tzinfo=UTC)
    )
    schedule = read_icalendar(write_ics(tmp_path, event), interval)
    starts = sorted(written(booking(schedule, key).start) for key in schedule.bookings)
    assert starts == [written(instant) for instant in example.instants()]
    assert schedule.bookings.keys() == {f"a/{instant:%Y%m%dT%H%M%SZ}" for instant in example.instants()}
