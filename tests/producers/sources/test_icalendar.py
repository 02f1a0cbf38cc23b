"""iCalendar: what the RFC's examples of rules do not show. Exceptions, additions, zones, people, limits, damage."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.event import ShowAs, Status
from producers.sources.ical.reader import CalendarOptions, read_icalendar
from producers.sources.interval import Interval
from producers.sync.schedule import Schedule
from tests.producers.sources.ics import event_ics, write_ics
from tests.producers.sources.reading import booking, only, person, room, span

INTERVAL = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
DAILY = event_ics("SUMMARY:Mix", "RRULE:FREQ=DAILY;COUNT=4", start="DTSTART;TZID=Europe/Copenhagen:20261201T090000")


def read(
    tmp_path: Path,
    *events: str,
    header: str = "",
    interval: Interval = INTERVAL,
    options: CalendarOptions | None = None,
) -> Schedule:
    return read_icalendar(write_ics(tmp_path, *events, header=header), interval, options)


def starts(schedule: Schedule) -> dict[str, str]:
    return {key: span(booking(schedule, key))[0] for key in sorted(schedule.bookings)}


def exception(*lines: str, day: int, span_of: str = "", start: str = "") -> str:
    """A changed instance of DAILY."""
    replaced = f"RECURRENCE-ID{span_of};TZID=Europe/Copenhagen:202612{day:02}T090000"
    return event_ics(replaced, *lines, start=start or f"DTSTART;TZID=Europe/Copenhagen:202612{day:02}T090000")


def test_fields(tmp_path: Path) -> None:
    lines = [
        r"SUMMARY:Grading\, reel 3",
        r"DESCRIPTION:First line\nsecond line",
        "LOCATION:Suite 4",
        "CATEGORIES:Grading,Night",
        "CATEGORIES:Feature X",
        "URL:https://example.com/b/1",
        "CLASS:CONFIDENTIAL",
        "STATUS:TENTATIVE",
        "TRANSP:TRANSPARENT",
    ]
    schedule = read(tmp_path, event_ics(*lines, start="DTSTART;TZID=Europe/Copenhagen:20261201T090000"))
    data = only(schedule)
    assert schedule.source == "ical://team"
    assert (data.booking, data.title, data.location) == ("a", "Grading, reel 3", "Suite 4")
    assert (data.notes, data.url) == ("First line\nsecond line", "https://example.com/b/1")
    assert data.categories == ("Grading", "Night", "Feature X")
    assert (data.private, data.status, data.show_as) == (True, Status.TENTATIVE, ShowAs.FREE)
    assert (data.timezone, *span(data)) == ("Europe/Copenhagen", "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z")


def test_outlook_says_more_of_how_the_time_shows(tmp_path: Path) -> None:
    assert only(read(tmp_path, event_ics("X-MICROSOFT-CDO-BUSYSTATUS:OOF"))).show_as is ShowAs.OOF


def test_people_and_rooms(tmp_path: Path) -> None:
    lines = [
        "ORGANIZER;CN=Producer:MAILTO:Prod@Example.com",
        "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:Anna@example.com",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:bo@example.com",
        "ATTENDEE;CUTYPE=ROOM;CN=Suite 4:mailto:suite-4@example.com",
        "ATTENDEE;CN=Somebody:urn:uuid:1-2",
        "RESOURCES:Projector,Van 2",
    ]
    schedule = read(tmp_path, event_ics(*lines))
    assert schedule.bookings["a"].objects == {
        person("prod@example.com"),
        person("anna@example.com"),
        room("suite-4@example.com"),
        person("urn:uuid:1-2"),
        room("Projector"),
        room("Van 2"),
    }
    addresses = ["prod@example.com", "anna@example.com"]
    assert schedule.addresses == {
        **{person(address): address for address in addresses},
        room("suite-4@example.com"): "suite-4@example.com",
    }
    assert schedule.names[person("anna@example.com")] == "Anna"
    assert schedule.names[room("suite-4@example.com")] == "Suite 4"


def test_a_calendar_of_one_object(tmp_path: Path) -> None:
    schedule = read(
        tmp_path, event_ics("ATTENDEE:mailto:anna@example.com"), options=CalendarOptions(holder=room("Suite 4"))
    )
    assert schedule.bookings["a"].objects == {room("Suite 4")}
    assert schedule.addresses == {}


def test_a_removed_a_moved_a_cancelled_and_an_added_instance(tmp_path: Path) -> None:
    master = DAILY.replace(
        "END:VEVENT",
        "EXDATE;TZID=Europe/Copenhagen:20261202T090000\nRDATE;TZID=Europe/Copenhagen:20261224T150000\nEND:VEVENT",
    )
    moved = exception("SUMMARY:Late", day=3, start="DTSTART;TZID=Europe/Copenhagen:20261210T220000")
    schedule = read(tmp_path, master, moved, exception("STATUS:CANCELLED", day=4))
    assert starts(schedule) == {
        "a/20261201T080000Z": "2026-12-01T08:00:00Z",
        "a/20261203T080000Z": "2026-12-10T21:00:00Z",
        "a/20261224T140000Z": "2026-12-24T14:00:00Z",
    }
    assert booking(schedule, "a/20261203T080000Z").title == "Late"


def test_an_instance_that_is_moved_into_the_interval_or_out_of_it(tmp_path: Path) -> None:
    december = Interval(datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=UTC))
    moved_in = exception(day=4, start="DTSTART;TZID=Europe/Copenhagen:20261202T150000")
    moved_out = exception(day=2, start="DTSTART;TZID=Europe/Copenhagen:20261220T150000")
    schedule = read(tmp_path, DAILY, moved_in, moved_out, interval=december)
    assert starts(schedule) == {"a/20261204T080000Z": "2026-12-02T14:00:00Z"}


def test_an_exception_for_this_and_all_that_follow(tmp_path: Path) -> None:
    later = exception(
        "SUMMARY:Noon", day=3, span_of=";RANGE=THISANDFUTURE", start="DTSTART;TZID=Europe/Copenhagen:20261203T120000"
    )
    schedule = read(tmp_path, DAILY, later)
    assert starts(schedule) == {
        "a/20261201T080000Z": "2026-12-01T08:00:00Z",
        "a/20261202T080000Z": "2026-12-02T08:00:00Z",
        "a/20261203T080000Z": "2026-12-03T11:00:00Z",
        "a/20261204T080000Z": "2026-12-04T11:00:00Z",
    }
    assert [booking(schedule, key).title for key in sorted(schedule.bookings)] == ["Mix", "Mix", "Noon", "Noon"]


def test_the_highest_sequence_counts_wherever_it_stands(tmp_path: Path) -> None:
    versions = [event_ics("SUMMARY:New", "SEQUENCE:2"), event_ics("SUMMARY:Old", "SEQUENCE:1")]
    assert only(read(tmp_path, *versions)).title == "New"
    assert only(read(tmp_path, *reversed(versions))).title == "New"
    stamped = [
        event_ics("SUMMARY:New", "DTSTAMP:20261101T100000Z"),
        event_ics("SUMMARY:Old", "DTSTAMP:20261101T090000Z"),
    ]
    assert only(read(tmp_path, *stamped)).title == "New"


def test_cancelled_events_and_calendars_are_not_there(tmp_path: Path) -> None:
    assert not read(tmp_path, event_ics("STATUS:CANCELLED")).bookings
    assert not read(tmp_path, DAILY.replace("END:", "STATUS:CANCELLED\nEND:")).bookings
    assert not read(tmp_path, DAILY, header="METHOD:CANCEL\n").bookings


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTEND;VALUE=DATE:20261203"], ("2026-12-01", "2026-12-03")),
        ([], ("2026-12-01", "2026-12-02")),
        (["DURATION:P3D"], ("2026-12-01", "2026-12-04")),
        (["DTEND;VALUE=DATE:20261201"], ("2026-12-01", "2026-12-02")),
    ],
)
def test_days(tmp_path: Path, lines: list[str], expected: tuple[str, str]) -> None:
    data = only(read(tmp_path, event_ics(*lines, start="DTSTART;VALUE=DATE:20261201", length="")))
    assert data.all_day
    assert span(data) == expected


def test_days_that_recur(tmp_path: Path) -> None:
    schedule = read(tmp_path, event_ics("RRULE:FREQ=WEEKLY;COUNT=2", start="DTSTART;VALUE=DATE:20261201", length=""))
    assert starts(schedule) == {"a/20261201": "2026-12-01", "a/20261208": "2026-12-08"}


def test_floating_times_are_meant_in_the_zone_that_is_given(tmp_path: Path) -> None:
    floating = event_ics("RRULE:FREQ=DAILY;COUNT=2", start="DTSTART:20261201T090000")
    given = read(
        tmp_path, floating, header="X-WR-TIMEZONE:Europe/London\n", options=CalendarOptions(timezone="America/New_York")
    )
    assert list(starts(given).values()) == ["2026-12-01T14:00:00Z", "2026-12-02T14:00:00Z"]
    own = read(tmp_path, floating, header="X-WR-TIMEZONE:Europe/London\n")
    assert list(starts(own).values()) == ["2026-12-01T09:00:00Z", "2026-12-02T09:00:00Z"]
    assert booking(own, "a/20261201T090000").timezone == "Europe/London"


def test_a_weekly_time_stays_on_the_clock_over_its_change(tmp_path: Path) -> None:
    weekly = event_ics(
        "RRULE:FREQ=WEEKLY;COUNT=2", start="DTSTART;TZID=Europe/Copenhagen:20261019T223000", length="PT8H"
    )
    october = Interval(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert list(starts(read(tmp_path, weekly, interval=october)).values()) == [
        "2026-10-19T20:30:00Z",
        "2026-10-26T21:30:00Z",
    ]


def test_an_outlook_zone_name_and_a_zone_of_the_files_own(tmp_path: Path) -> None:
    outlook = event_ics(start="DTSTART;TZID=W. Europe Standard Time:20261201T090000")
    assert span(only(read(tmp_path, outlook)))[0] == "2026-12-01T08:00:00Z"
    own = only(
        read(
            tmp_path,
            event_ics(start="DTSTART;TZID=Eastern:20261201T090000"),
            options=CalendarOptions(timezone="Europe/Copenhagen"),
        )
    )
    assert (span(own)[0], own.timezone) == ("2026-12-01T14:00:00Z", "Europe/Copenhagen")


@pytest.mark.parametrize(
    ("start", "length", "there"),
    [
        ("20261101T000000Z", "PT1H", True),
        ("20261031T230000Z", "PT1H", False),
        ("20261031T230000Z", "PT1H1S", True),
        ("20261101T000000Z", "PT0S", True),
        ("20261231T235959Z", "PT0S", True),
        ("20270101T000000Z", "PT1H", False),
        ("20260101T000000Z", "P400D", True),
    ],
)
def test_the_interval_is_half_open(tmp_path: Path, start: str, length: str, *, there: bool) -> None:
    assert bool(read(tmp_path, event_ics(start=f"DTSTART:{start}", length=length)).bookings) is there


def test_a_long_uid_becomes_a_digest(tmp_path: Path) -> None:
    first, second = (only(read(tmp_path, event_ics(uid="u" * 300 + end))).booking for end in ("1", "2"))
    assert len(first) == len(second) == 32
    assert first != second
