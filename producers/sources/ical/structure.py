"""The frame of an iCalendar file: what is begun must end. A file that was cut off is found here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from icalendar import Calendar, Component

from producers.sources.damaged import DamagedFile

_MAX_DEPTH: Final = 8
_NAMED_LINE: Final = re.compile(r"[A-Za-z0-9-]+[;:]")


Properties = Mapping[str, Any]
"""The properties of a component by name; a list where one stands there several times."""


@dataclass(frozen=True, slots=True)
class Event:
    """A VEVENT as it stands in the file, with the line where it begins."""

    component: Component
    line: int

    @property
    def properties(self) -> Properties:
        """What stands in it."""
        return self.component


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """The events of a file in their order.

    ``zone_name``: what its X-WR-TIMEZONE says. ``cancelled``: its METHOD says so of all of them.
    """

    events: tuple[Event, ...]
    zone_name: str | None
    cancelled: bool


def read_structure(file: str, contents: bytes) -> CalendarFile:
    """The events in iCalendar text (UTF-8). Raises :class:`DamagedFile` with the line."""
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DamagedFile(file, "not UTF-8 text, which RFC 5545 asks for", line) from None
    lines = [begin for name, begin in _components(file, text) if name == "VEVENT"]
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise DamagedFile(file, f"not iCalendar: {error}") from None
    components = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    events = tuple(Event(component, line) for component, line in zip(components, lines, strict=True))
    zones = [str(calendar["X-WR-TIMEZONE"]) for calendar in calendars if "X-WR-TIMEZONE" in calendar]
    cancelled = any(str(calendar.get("METHOD", "")).upper() == "CANCEL" for calendar in calendars)
    return CalendarFile(events, zones[0] if zones else None, cancelled)


def _components(file: str, text: str) -> Iterator[tuple[str, int]]:
    """Name and first line of every component. Raises :class:`DamagedFile` when they are not nested properly."""
    opened: list[tuple[str, int]] = []
    seen = number = 0
    for number, line in _unfolded(text):
        if not _NAMED_LINE.match(line):
            raise DamagedFile(file, f"{line[:40]!r}, expected the name of a property and a colon", number)
        keyword, _, name = line.partition(":")
        keyword, name = keyword.strip().upper(), name.strip().upper()
        if keyword == "BEGIN":
            if not opened and name != "VCALENDAR":
                raise DamagedFile(file, f"BEGIN:{name}, expected BEGIN:VCALENDAR", number)
            opened.append((name, number))
            if len(opened) > _MAX_DEPTH:
                raise DamagedFile(file, f"more than {_MAX_DEPTH} levels of components", number)
            seen += 1
            yield name, number
        elif keyword == "END":
            if not opened or opened[-1][0] != name:
                expected = f"END:{opened[-1][0]}, begun in line {opened[-1][1]}" if opened else "BEGIN:VCALENDAR"
                raise DamagedFile(file, f"END:{name}, expected {expected}", number)
            opened.pop()
        elif not opened:
            raise DamagedFile(file, f"{keyword}, expected BEGIN:VCALENDAR", number)
    if opened:
        name, begin = opened[-1]
        raise DamagedFile(file, f"ends within the {name} that begins in line {begin}: the file is cut off", number)
    if not seen:
        raise DamagedFile(file, "the file is empty, expected BEGIN:VCALENDAR", 1)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a line that begins with white space belongs to the one before (RFC 5545, 3.1)."""
    pending: tuple[int, str] | None = None
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and pending is not None:
            pending = (pending[0], pending[1] + line[1:])
            continue
        if pending is not None:
            yield pending
        pending = (number, line) if line.strip() else None
    if pending is not None:
        yield pending
