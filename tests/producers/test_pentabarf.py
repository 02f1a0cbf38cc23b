"""Reading schedules: what every element means, and where a damaged file is damaged."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.event import BookingChanged, Status
from producers.sources.damaged import DamagedFile
from producers.sources.pentabarf import read_pentabarf
from producers.sync.schedule import ObjectKind, Schedule, ScheduledObject, read_content
from tests.producers.samples import event_xml, schedule_xml, write


def read(tmp_path: Path, text: str, source: str | None = None) -> Schedule:
    return read_pentabarf(write(tmp_path / "schedule.xml", text), source)


def only(schedule: Schedule) -> BookingChanged:
    (booking,) = schedule.bookings.values()
    return read_content(booking.content, booking.id, 1)


def instants(booking: BookingChanged) -> tuple[datetime, datetime]:
    assert isinstance(booking.start, datetime)
    assert isinstance(booking.end, datetime)
    return booking.start, booking.end


def test_every_field_of_an_event(tmp_path: Path) -> None:
    more = (
        "<subtitle>Part 2</subtitle><track>Colour</track><type>session</type>"
        "<abstract>&lt;p&gt;Bring the &lt;b&gt;LUT&lt;/b&gt; &amp;amp; drive.&lt;/p&gt;"
        "&lt;p&gt;Thanks&lt;/p&gt;</abstract>"
        "<url>https://schedule.example.com/7</url>"
    )
    title = "Håkan – Ærø 🎬 <b>&amp;"
    schedule = read(tmp_path, schedule_xml({"Suite 4": [event_xml("g-1", title=title, persons=("1", "2"), more=more)]}))
    assert schedule.source == "pentabarf://studio"
    booking = only(schedule)
    assert booking.booking == "g-1"
    assert booking.title == title
    assert booking.location == "Suite 4"
    assert booking.timezone == "Europe/Copenhagen"
    assert booking.categories == ("Colour",)
    assert booking.url == "https://schedule.example.com/7"
    assert booking.notes == "Part 2\n\nWith: Person 1, Person 2\n\nTrack: Colour\n\nBring the LUT & drive.\n\nThanks"
    assert booking.status is Status.CONFIRMED
    assert schedule.bookings["g-1"].objects == {
        ScheduledObject(ObjectKind.PERSON, "1"),
        ScheduledObject(ObjectKind.PERSON, "2"),
        ScheduledObject(ObjectKind.ROOM, "Suite 4"),
    }
    assert schedule.names[ScheduledObject(ObjectKind.PERSON, "2")] == "Person 2"


def test_gzip_is_read_and_the_source_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "schedule.xml"
    path.write_bytes(gzip.compress(schedule_xml({"Suite 4": [event_xml("g-1")]}).encode()))
    assert read_pentabarf(path, "frab://here").source == "frab://here"


@pytest.mark.parametrize(
    ("duration", "length"),
    [("00:20", timedelta(minutes=20)), ("2:05", timedelta(hours=2, minutes=5)), ("01:02:30", timedelta(hours=26.5))],
)
def test_durations(tmp_path: Path, duration: str, length: timedelta) -> None:
    start, end = instants(only(read(tmp_path, schedule_xml({"R": [event_xml("g", duration=duration)]}))))
    assert end - start == length


@pytest.mark.parametrize(
    ("zone", "date", "end"),
    [
        # The clocks go back in the night to 2026-10-25, forward in the night to 2026-03-29 and to 2026-03-08.
        ("Europe/Copenhagen", "2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("Europe/Copenhagen", "2026-03-29T01:30:00+01:00", "2026-03-29T04:30:00+02:00"),
        ("America/New_York", "2026-11-01T00:30:00-04:00", "2026-11-01T01:30:00-05:00"),
        ("America/New_York", "2026-03-08T01:30:00-05:00", "2026-03-08T04:30:00-04:00"),
    ],
)
def test_a_booking_over_a_clock_change_lasts_as_long_as_it_says(tmp_path: Path, zone: str, date: str, end: str) -> None:
    event = event_xml("g", date=date, duration="02:00")
    booking = only(read(tmp_path, schedule_xml({"R": [event]}, zone=zone)))
    assert instants(booking)[1].isoformat() == end
    # Without offset the same local time is meant.
    naive = event_xml("g", date=date[:19], duration="02:00")
    assert only(read(tmp_path, schedule_xml({"R": [naive]}, zone=zone))) == booking


def test_without_a_date_the_day_and_its_change_count(tmp_path: Path) -> None:
    events = [event_xml("day", date="", start="06:00"), event_xml("night", date="", start="01:15")]
    schedule = read(tmp_path, schedule_xml({"R": events}))
    starts = {key: read_content(b.content, key, 0).start for key, b in schedule.bookings.items()}
    assert starts["day"] == datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert starts["night"] == datetime(2026, 12, 2, 0, 15, tzinfo=UTC)


def test_an_event_with_only_an_id_and_persons_without(tmp_path: Path) -> None:
    more = "<persons><person guid='p-guid'>Bo</person><person>Cleo</person></persons>"
    text = schedule_xml({"R": [event_xml("", persons=(), more=more)]})
    (booking,) = read(tmp_path, text).bookings.values()
    assert booking.id == "7"
    assert {item.id for item in booking.objects} == {"p-guid", "Cleo", "R"}


def test_cancelled_events_are_not_there_and_tentative_ones_say_so(tmp_path: Path) -> None:
    events = [
        event_xml("gone", more="<status>canceled</status>"),
        event_xml("perhaps", more="<status>tentative</status>"),
    ]
    assert only(read(tmp_path, schedule_xml({"R": events}))).status is Status.TENTATIVE


def test_one_event_in_two_rooms_is_one_booking_for_both(tmp_path: Path) -> None:
    schedule = read(tmp_path, schedule_xml({"Suite 4": [event_xml("g")], "Van 2": [event_xml("g")]}))
    assert only(schedule).location == "Suite 4, Van 2"
    rooms = {item.id for item in schedule.bookings["g"].objects if item.kind is ObjectKind.ROOM}
    assert rooms == {"Suite 4", "Van 2"}


def test_long_texts_are_cut_to_the_limits(tmp_path: Path) -> None:
    more = f"<abstract>{'æ' * 40_000}</abstract><track>{'t' * 400}</track>"
    booking = only(read(tmp_path, schedule_xml({"R": [event_xml("g", title="x" * 30_000, more=more)]})))
    assert len(booking.title) == 20_000
    assert len(booking.notes.encode()) <= 32 * 1024
    assert booking.notes.endswith("æ…")
    assert len(booking.categories[0]) == 255


def test_only_what_an_event_carries_counts_as_changed(tmp_path: Path) -> None:
    def content(**fields: str) -> str:
        (booking,) = read(tmp_path, schedule_xml({"R": [event_xml("g", **fields)]})).bookings.values()
        return booking.content

    plain = content()
    assert content(more="<language>da</language>") == plain
    assert content(date="2026-12-01T08:00:00Z") == plain
    assert content(date="2026-12-01T08:01:00Z") != plain
    assert content(title="Mix") != plain
    assert content(duration="01:30") != plain
    assert content(more="<track>Sound</track>") != plain


GOOD = schedule_xml({"R": [event_xml("g")]})


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the file is empty"),
        (GOOD[:-20], 5, "not well-formed XML"),
        (GOOD.replace("</title>", "</tilte>"), 5, "mismatched tag"),
        (
            "<?xml version='1.0'?>\n<!DOCTYPE s [\n<!ENTITY a 'aaaa'>\n]><schedule>&a;</schedule>",
            3,
            "entities are refused",
        ),
        ("\n<html/>", 2, "expected <schedule>"),
        ("<schedule/>", 1, "no <conference>"),
        ("<a>" * 100 + "</a>" * 100, 1, "levels"),
        (GOOD.replace("Europe/Copenhagen", "Europe/Nowhere"), 3, "an IANA time zone name"),
        (GOOD.replace("<duration>01:00", "<duration>soon"), 5, "expected HH:MM or DD:HH:MM"),
        (GOOD.replace("2026-12-01T09:00:00+01:00", "tomorrow"), 5, "'tomorrow', expected a time with its offset"),
        (GOOD.replace("2026-12-01T09:00:00", "1926-12-01T09:00:00"), 5, "a date from 1970"),
        (GOOD.replace("2026-12-01T09:00:00+01:00", "9999-12-31T23:00:00-10:00"), 5, "leave the calendar"),
        (GOOD.replace("<duration>01:00", "<duration>9999:00:00"), 5, "at most five years"),
        (GOOD.replace("guid=\"g\" id='7'", ""), 5, "without guid and id"),
        (GOOD.replace("<title>Grading</title>", ""), 5, "no <title>"),
        (GOOD.replace("06:00:00", "26:00"), 3, "'26:00', expected HH:MM"),
        (schedule_xml({"R": [event_xml("g")], "S": [event_xml("g", title="Other")]}), 6, "stands also in line 5"),
        (schedule_xml({"R": [event_xml("g"), event_xml("g")]}), 5, "stands also in line 5"),
        (schedule_xml({"R": [event_xml("g", date="2026-12-01T09:00:00")]}, zone=""), 5, "no <time_zone_name>"),
        (schedule_xml({"R": [event_xml("g", date="")]}, day="1 Dec"), 4, "day date='1 Dec'"),
        (GOOD.replace("<acronym>studio</acronym>", ""), 3, "--source"),
        (GOOD.replace("UTF-8", "klingon"), 1, "unknown encoding"),
    ],
)
def test_a_damaged_file_says_where_and_what(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(DamagedFile) as caught:
        read(tmp_path, text)
    assert caught.value.line == line
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "schedule.xml"))


def test_a_gzip_that_ends_too_early_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "schedule.xml.gz"
    path.write_bytes(gzip.compress(GOOD.encode())[:-12])
    with pytest.raises(DamagedFile, match="incomplete"):
        read_pentabarf(path)


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "schedule.xml.gz"
    path.write_bytes(gzip.compress(b"<schedule>" + b" " * (65 * 2**20), compresslevel=1))
    with pytest.raises(DamagedFile, match="more than 64 MiB"):
        read_pentabarf(path)
