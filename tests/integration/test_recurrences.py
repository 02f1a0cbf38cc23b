"""The recurrence examples of RFC 5545 as they stand in calendars: read, published, written, read back."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from contract.event import ChangedEvent
from producers.sources.ical.reader import read_icalendar
from producers.sources.interval import Interval
from producers.sync.schedule import Schedule, read_content
from tests.integration.conftest import StartSystem
from tests.producers.sources.ics import event_ics, write_ics
from tests.producers.sources.recurrence_example import Example
from tests.producers.sources.rfc5545 import RULES

# The days of the week come back every 28 years, so the examples of 1997 are as good in 2025, which a window can reach.
CYCLE = 28
NEW_YORK = ZoneInfo("America/New_York")
INTERVAL = Interval(datetime(2024, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC))
LENGTH = timedelta(minutes=10)


def later(ical_time: str) -> str:
    return f"{int(ical_time[:4]) + CYCLE}{ical_time[4:]}"


def calendar_event(number: int, example: Example, rule: str) -> str:
    """The example for one person, ended where the RFC's list ends."""
    shifted = re.sub(r"(?<=UNTIL=)\d{8}T\d{6}Z", lambda found: later(found[0]), rule)
    if "UNTIL" not in rule and "COUNT" not in rule:
        shifted += f";UNTIL={later(example.until)}T050000Z"
    lines = [f"RRULE:{shifted}", f"ATTENDEE:mailto:{mailbox(number)}", f"SUMMARY:Example {number}"]
    if example.exdate:
        lines.append(f"EXDATE;TZID={NEW_YORK.key}:{later(example.exdate)}")
    start = f"DTSTART;TZID={NEW_YORK.key}:{later(example.start)}"
    return event_ics(*lines, uid=f"example-{number}", start=start, length="PT10M")


def mailbox(number: int) -> str:
    return f"example-{number}@example.com"


def expected(example: Example) -> list[datetime]:
    """At the same time on the clock in the later year; the clocks change on other days now."""
    local = (instant.astimezone(NEW_YORK) for instant in example.instants())
    return sorted(moment.replace(year=moment.year + CYCLE, fold=0).astimezone(UTC) for moment in local)


def events(schedule: Schedule) -> list[ChangedEvent]:
    return [
        ChangedEvent(
            id=uuid4().hex,
            source=schedule.source,
            subject=schedule.addresses[item],
            time=datetime.now(UTC),
            data=read_content(booking.content, booking.id, 1),
        )
        for booking in schedule.bookings.values()
        for item in booking.objects
    ]


@pytest.mark.timeout(180)
async def test_every_example_stands_in_the_calendar(system: StartSystem, tmp_path: Path) -> None:
    mailboxes = [mailbox(number) for number in range(len(RULES))]
    path = write_ics(tmp_path, *(calendar_event(number, *case) for number, case in enumerate(RULES)))
    schedule = read_icalendar(path, INTERVAL)
    one = system(mailboxes, CALLSHEET_DAYS_BEFORE="3650", CALLSHEET_DAYS_AFTER="3650")
    published = events(schedule)
    await one.publish(published)
    await one.start_replicas(1)
    outcomes = await one.settled(len(published), 120)
    assert outcomes == {"applied": len(published)}
    calendars = one.calendars(mailboxes)
    for number, (example, rule) in enumerate(RULES):
        items = sorted((item.start, item.end) for item in calendars[mailbox(number)])
        assert items == [(start, start + LENGTH) for start in expected(example)], rule
    assert sum(map(len, calendars.values())) == len(published) == 774
