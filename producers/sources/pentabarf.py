"""Schedules in the XML of pentabarf, frab and pretalx.

``schedule/conference`` gives the time zone (``time_zone_name``) and the hour at which a day changes (``day_change``);
``schedule/day/room/event`` are the bookings. A booking's id is the event's ``guid``, or its ``id`` where there is none.
The same guid in several rooms is one booking that uses them all, if everything else is equal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contract import times
from contract.event import MAX_NOTES_BYTES, BookingChanged, Status
from contract.text import one_line
from producers.sources.damaged import DamagedFile
from producers.sources.plain_text import cut_to_bytes, plain_text
from producers.sources.xml import Element, read_xml
from producers.sync.schedule import Booking, ObjectKind, Schedule, ScheduledObject, write_content

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
_DURATION: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):([0-5]\d)")
_URL: Final = re.compile(r"https?://[^\s<>\"\x00-\x20]{1,2000}")
_NOT_IN_SOURCE: Final = re.compile(r"[^A-Za-z0-9._~-]+")
# States in which exporters leave an event in the file although it does not take place.
_NOT_TAKING_PLACE: Final = frozenset(["canceled", "cancelled", "rejected", "withdrawn", "deleted"])
_TENTATIVE: Final = frozenset(["tentative", "unconfirmed", "pending", "undecided"])
_LONGEST_LINE: Final = 20_000
_LONGEST_CATEGORY: Final = 255


def read_pentabarf(path: Path, source: str | None = None) -> Schedule:
    """The schedule in a file, gzipped or not.

    ``source`` left out: ``pentabarf://`` and the conference's acronym. Raises :class:`DamagedFile` with line and
    column, and OSError when the file cannot be read.
    """
    root = read_xml(path)
    file = str(path)
    if root.name != "schedule":
        raise _damaged(file, root, f"the root element is <{root.name}>, expected <schedule>")
    conference = root.first("conference")
    if conference is None:
        raise _damaged(file, root, "no <conference> in it")
    if source is None:
        acronym = _NOT_IN_SOURCE.sub("-", conference.text_of("acronym"))
        if not acronym:
            raise _damaged(file, conference, "no <acronym> to name the source by; name it with --source")
        source = f"pentabarf://{acronym}"
    reader = _Conference(file, conference)
    names: dict[ScheduledObject, str] = {}
    bookings: dict[str, Booking] = {}
    events = sorted(reader.events(root), key=lambda event: event.id)
    for booking_id, group in groupby(events, key=lambda event: event.id):
        same = list(group)
        bookings[booking_id] = reader.booking(same)
        for event in same:
            names.update(event.persons)
            names[event.room_object] = event.room
    return Schedule(source, bookings, names)


@dataclass(frozen=True, slots=True)
class _Event:
    """One ``event`` element, read but not yet merged with others of the same id."""

    id: str
    element: Element
    room: str
    start: datetime
    end: datetime
    persons: dict[ScheduledObject, str]

    @property
    def room_object(self) -> ScheduledObject:
        return ScheduledObject(ObjectKind.ROOM, self.room)

    def but_the_room(self) -> tuple[object, ...]:
        texts = ((child.name, child.text.strip()) for child in self.element.children if child.name != "room")
        return (self.start, self.end, tuple(self.persons.items()), *texts)


class _Conference:
    """What holds for every event of a file: its zone, the change of day, and the file's name for errors."""

    def __init__(self, file: str, conference: Element) -> None:
        self._file = file
        self._title = conference.text_of("title") or conference.text_of("acronym")
        self._zone: ZoneInfo | None = None
        zone = conference.first("time_zone_name")
        if zone is not None and zone.text.strip():
            try:
                self._zone = times.zone(zone.text.strip())
            except ValueError as error:
                raise _damaged(file, zone, f"time_zone_name {zone.text.strip()!r}, expected {error}") from None
        change = conference.first("day_change")
        written = change.text.strip() if change is not None else ""
        self._day_change = self._clock(change, written) if change is not None and written else time()

    def events(self, root: Element) -> Iterator[_Event]:
        """Every event that takes place. Raises :class:`DamagedFile`."""
        for day in root.all("day"):
            for room in day.all("room"):
                for event in room.all("event"):
                    if event.text_of("status").lower() not in _NOT_TAKING_PLACE:
                        yield self._event(day, room, event)

    def booking(self, events: list[_Event]) -> Booking:
        """The booking that one or more events of the same id stand for."""
        first, element = events[0], events[0].element
        for other in events[1:]:
            if other.room == first.room or other.but_the_room() != first.but_the_room():
                problem = f"event {first.id} stands also in line {first.element.line}, with other content"
                raise _damaged(self._file, other.element, problem)
        rooms = list(dict.fromkeys(event.room for event in events if event.room))
        category = one_line(element.text_of("track") or element.text_of("type"), _LONGEST_CATEGORY)
        url = element.text_of("url")
        tentative = element.text_of("status").lower() in _TENTATIVE
        try:
            changed = BookingChanged(
                booking=first.id,
                revision=0,
                title=one_line(element.text_of("title"), _LONGEST_LINE),
                start=first.start,
                end=first.end,
                timezone=self._zone.key if self._zone is not None else None,
                status=Status.TENTATIVE if tentative else Status.CONFIRMED,
                location=one_line(", ".join(rooms), _LONGEST_LINE),
                notes=_notes(element, list(first.persons.values())),
                categories=(category,) if category else (),
                url=url if _URL.fullmatch(url) else None,
            )
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in wrong["loc"]) or "its times"
            raise _damaged(self._file, element, f"event {first.id}: {field}: expected {wrong['msg']}") from None
        objects = [*first.persons, *(event.room_object for event in events if event.room)]
        return Booking(first.id, write_content(changed), frozenset(objects), self._fields(first))

    def _fields(self, event: _Event) -> dict[str, str]:
        """What templates may use: the conference is the project, a track the container, an event's type its class."""
        named = {"container": "track", "booking": "title", "class": "type"}
        same = ("track", "type", "subtitle", "abstract", "description", "language")
        texts = {**named, **dict(zip(same, same, strict=True))}
        fields = {name: plain_text(event.element.text_of(element)) for name, element in texts.items()}
        return {"project": self._title, "people": ", ".join(event.persons.values()), **fields}

    def _event(self, day: Element, room: Element, event: Element) -> _Event:
        booking_id = event.attributes.get("guid", "").strip() or event.attributes.get("id", "").strip()
        if not booking_id:
            raise _damaged(self._file, event, "an event without guid and id")
        if event.first("title") is None:
            raise _damaged(self._file, event, f"event {booking_id} has no <title>")
        try:
            start = self._start(day, event)
            end = (start.astimezone(UTC) + self._duration(event)).astimezone(start.tzinfo)
        except OverflowError:
            raise _damaged(self._file, event, f"event {booking_id}: its times leave the calendar") from None
        name = room.attributes.get("name", "").strip() or event.text_of("room")
        return _Event(booking_id, event, name, start, end, self._persons(event))

    def _persons(self, event: Element) -> dict[ScheduledObject, str]:
        found: dict[ScheduledObject, str] = {}
        for persons in event.all("persons"):
            for person in persons.all("person"):
                name = " ".join(person.text.split())
                given = (person.attributes.get(key, "").strip() for key in ("id", "guid", "code"))
                person_id = next(filter(None, given), name)
                if not person_id:
                    raise _damaged(self._file, person, "a person without id and name")
                found[ScheduledObject(ObjectKind.PERSON, person_id)] = name or person_id
        return found

    def _start(self, day: Element, event: Element) -> datetime:
        written = event.first("date")
        if written is not None and written.text.strip():
            text = written.text.strip()
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                problem = f"<date> {text!r}, expected {times.EXPECTED_INSTANT}"
                raise _damaged(self._file, written, problem) from None
            if len(text) > len("2026-12-01"):
                return self._in_zone(written, moment)
            return self._in_zone(written, datetime.combine(moment.date(), self._start_clock(event)))
        try:
            first_day = date.fromisoformat(day.attributes.get("date", "").strip())
        except ValueError:
            found = day.attributes.get("date", "")
            raise _damaged(self._file, day, f"day date={found!r}, expected {times.EXPECTED_DATE}") from None
        clock = self._start_clock(event)
        # A conference day reaches into the night: what starts before the change of day belongs to the next date.
        actual = first_day + timedelta(days=1) if clock < self._day_change else first_day
        return self._in_zone(event, datetime.combine(actual, clock))

    def _start_clock(self, event: Element) -> time:
        return self._clock(event.first("start") or event, event.text_of("start"))

    def _clock(self, element: Element, text: str) -> time:
        match = _CLOCK.fullmatch(text)
        try:
            if match:
                return time(int(match[1]), int(match[2]), int(match[3] or 0))
        except ValueError:
            pass
        raise _damaged(self._file, element, f"a time of day {text!r}, expected HH:MM")

    def _in_zone(self, element: Element, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            if self._zone is None:
                problem = "a time without offset, and the conference has no <time_zone_name>"
                raise _damaged(self._file, element, problem)
            moment = moment.replace(tzinfo=self._zone)
        # Through UTC, because a local time in the gap of a clock change stands for a later one that exists.
        moment = moment.replace(microsecond=0).astimezone(UTC)
        return moment if self._zone is None else moment.astimezone(self._zone)

    def _duration(self, event: Element) -> timedelta:
        element = event.first("duration")
        text = element.text.strip() if element is not None else ""
        match = _DURATION.fullmatch(text)
        if not match:
            raise _damaged(self._file, element or event, f"<duration> {text!r}, expected HH:MM or DD:HH:MM")
        return timedelta(days=int(match[1] or 0), hours=int(match[2]), minutes=int(match[3]))


def _notes(event: Element, persons: list[str]) -> str:
    parts = [
        plain_text(event.text_of("subtitle")),
        "With: " + ", ".join(persons) if persons else "",
        "Track: " + event.text_of("track") if event.text_of("track") else "",
        plain_text(event.text_of("abstract")),
        plain_text(event.text_of("description")),
    ]
    return cut_to_bytes("\n\n".join(filter(None, parts)), MAX_NOTES_BYTES)


def _damaged(file: str, element: Element, problem: str) -> DamagedFile:
    return DamagedFile(file, problem, element.line, element.column)
