"""Reading, moving and preparing schedules."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.sandbox.directory import domains, mailboxes
from deploy.sandbox.edition import prepare
from deploy.sandbox.pentabarf import (
    UnreadableSchedule,
    days_until_next_week,
    moved_instant,
    parse_duration,
    read,
    versions_in,
    write_moved,
)

COPENHAGEN = ZoneInfo("Europe/Copenhagen")

SCHEDULE = """<schedule><conference><title>T</title><start>2026-01-31</start>
<time_zone_name>Europe/Copenhagen</time_zone_name></conference>
<day index="1" date="2026-01-31" start="2026-01-31T09:00:00+01:00" end="2026-02-01T08:59:00+01:00">
<room name="Suite 1"><event guid="g-1" id="1"><date>2026-01-31T22:30:00+01:00</date><start>22:30</start>
<duration>09:00</duration><room>Suite 1</room><title>Night &amp; day</title><track>Grading</track><custom kept="yes"/>
<persons><person id="7">Søren</person><person id="8">Ærø</person></persons></event>
<event guid="g-2" id="2"><date>2026-01-31T12:00:00+01:00</date><duration>1:00:30</duration><title>Long</title>
<status>tentative</status><persons/></event>
<event guid="g-3" id="3"><date>2026-01-31T12:00:00+01:00</date><duration>00:30</duration><title>Not at all</title>
<status>cancelled</status></event></room></day></schedule>"""


@pytest.fixture
def schedule_file(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "01.xml"
    file.write_text(SCHEDULE, encoding="utf-8")
    return file


def test_reads_what_takes_place(schedule_file: Path) -> None:
    schedule = read(schedule_file)
    night, long = schedule.sessions
    assert (night.guid, night.title, night.room, night.persons) == ("g-1", "Night & day", "Suite 1", ("7", "8"))
    assert night.end == datetime(2026, 2, 1, 6, 30, tzinfo=UTC)
    assert not night.tentative
    assert long.tentative
    assert long.duration == timedelta(days=1, minutes=30)
    assert schedule.people == {"7": "Søren", "8": "Ærø"}


def test_end_is_elapsed_time_after_the_start(schedule_file: Path, tmp_path: Path) -> None:
    """A night of nine hours over the change of the clocks ends an hour later on the wall."""
    night_of_change = date(2026, 3, 28)
    write_moved(schedule_file, tmp_path / "moved.xml", (night_of_change - date(2026, 1, 31)).days)
    night = read(tmp_path / "moved.xml").sessions[0]
    assert night.start.astimezone(COPENHAGEN).isoformat() == "2026-03-28T22:30:00+01:00"
    assert night.end.astimezone(COPENHAGEN).isoformat() == "2026-03-29T08:30:00+02:00"


def test_moving_keeps_local_time_and_everything_else(schedule_file: Path, tmp_path: Path) -> None:
    write_moved(schedule_file, tmp_path / "moved.xml", 150)
    text = (tmp_path / "moved.xml").read_text(encoding="utf-8")
    assert "<date>2026-06-30T22:30:00+02:00</date>" in text
    assert '<day index="1" date="2026-06-30" start="2026-06-30T09:00:00+02:00"' in text
    assert "<start>2026-06-30</start>" in text
    assert '<custom kept="yes"/>' in text
    before, after = read(schedule_file).sessions, read(tmp_path / "moved.xml").sessions
    assert [session.duration for session in before] == [session.duration for session in after]


@pytest.mark.parametrize(
    ("instant", "days", "expected"),
    [
        ("2026-03-28T02:30:00+01:00", 1, "2026-03-29T03:30:00+02:00"),  # 02:30 does not exist that night
        ("2026-10-24T02:30:00+02:00", 1, "2026-10-25T02:30:00+02:00"),  # comes twice: the first one
        ("2026-10-24T12:00:00+02:00", 1, "2026-10-25T12:00:00+01:00"),
        ("2026-10-24T10:00:00+00:00", 0, "2026-10-24T12:00:00+02:00"),
    ],
)
def test_moving_over_the_change_of_the_clocks(instant: str, days: int, expected: str) -> None:
    assert moved_instant(datetime.fromisoformat(instant), days, COPENHAGEN).isoformat() == expected


@pytest.mark.parametrize("today", [date(2026, 11, 23) + timedelta(days=offset) for offset in range(7)])
@pytest.mark.parametrize("first_day", [date(2026, 1, 31), date(2019, 5, 6), date(2031, 8, 3)])
def test_first_day_is_next_week_on_the_same_weekday(today: date, first_day: date) -> None:
    moved = first_day + timedelta(days=days_until_next_week(first_day, today))
    assert moved.weekday() == first_day.weekday()
    assert moved.isocalendar()[:2] == (today + timedelta(days=7)).isocalendar()[:2]


@pytest.mark.parametrize("wrong", ["", "45", "1:5", "a:00", "1:2:3:04", "-1:00"])
def test_durations_that_are_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected HH:MM"):
        parse_duration(wrong)


def test_errors_name_file_and_line(schedule_file: Path) -> None:
    schedule_file.write_text(SCHEDULE.replace("09:00</duration>", "nine</duration>"), encoding="utf-8")
    with pytest.raises(UnreadableSchedule, match=r"01\.xml, line 4: duration is 'nine'"):
        read(schedule_file)
    schedule_file.write_text(SCHEDULE[:300], encoding="utf-8")
    with pytest.raises(UnreadableSchedule, match=r"01\.xml"):
        read(schedule_file)
    with pytest.raises(UnreadableSchedule, match=r"holds no \*\.xml"):
        versions_in(schedule_file.parent.parent)


def test_edition_of_ones_own_schedule(schedule_file: Path, tmp_path: Path) -> None:
    made = prepare(tmp_path / "edition", schedule_file.parent, 1, date(2026, 11, 23))
    assert made.versions[0].first_day() == date(2026, 12, 5)
    assert made.last_day() == date(2026, 12, 6)
    assert [entry.mailbox for entry in made.directory] == [
        "person-7@schedule.example.com",
        "person-8@schedule.example.com",
        "room-suite.1@schedule.example.com",
    ]
    assert [box["kind"] for box in mailboxes(made.directory)] == ["user", "user", "room"]
    assert domains(made.directory) == ["schedule.example.com"]


def test_edition_stays_as_it_was_made(schedule_file: Path, tmp_path: Path) -> None:
    first = prepare(tmp_path / "edition", schedule_file.parent, 1, date(2026, 11, 23))
    later = prepare(tmp_path / "edition", schedule_file.parent, 1, date(2026, 12, 24))
    assert later.versions == first.versions
    schedule_file.write_text(SCHEDULE.replace("Long", "Longer"), encoding="utf-8")
    with pytest.raises(UnreadableSchedule, match="another schedule"):
        prepare(tmp_path / "edition", schedule_file.parent, 1, date(2026, 11, 23))


def test_own_directory_is_used(schedule_file: Path, tmp_path: Path) -> None:
    own = schedule_file.with_name("directory.csv")
    own.write_text(
        "mailbox,kind,id,remark\nAnna@Example.org,person,7,\nanna@example.org,person,8,x\n", encoding="utf-8"
    )
    made = prepare(tmp_path / "edition", schedule_file.parent, 1, date(2026, 11, 23))
    assert [box["address"] for box in mailboxes(made.directory)] == ["anna@example.org"]
    own.write_text("mailbox,kind\n", encoding="utf-8")
    with pytest.raises(UnreadableSchedule, match="lacks the column id"):
        prepare(tmp_path / "other", schedule_file.parent, 1, date(2026, 11, 23))
