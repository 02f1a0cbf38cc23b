"""Schedules in the pentabarf dialect (frab, pretalx), read and written for the sandbox.

The demo judges the whole system by what it reads here, so this shares no code with the producers.
"""

import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from lxml import etree

DAY_CHANGE: Final = time(9)
"""Until then a night belongs to the day before, in the files that are written here."""


_NOT_TAKING_PLACE: Final = frozenset({"canceled", "cancelled", "rejected", "withdrawn", "deleted"})
_TENTATIVE: Final = frozenset({"tentative", "unconfirmed", "pending", "undecided"})


class UnreadableSchedule(ValueError):
    """A file is not a pentabarf schedule. The text names the file and the place."""


@dataclass(frozen=True, slots=True)
class Session:
    """One entry of a schedule: somebody, somewhere, from then to then."""

    guid: str
    number: str
    title: str
    room: str
    start: datetime
    duration: timedelta
    track: str
    kind: str
    persons: tuple[str, ...]
    """Ids, in the order of the file."""
    tentative: bool = False

    @property
    def end(self) -> datetime:
        """``duration`` of elapsed time after the start, whatever the clocks do in between."""
        zone = self.start.tzinfo
        return (self.start.astimezone(ZoneInfo("UTC")) + self.duration).astimezone(zone)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One version of a schedule."""

    title: str
    timezone: ZoneInfo
    sessions: tuple[Session, ...]
    people: dict[str, str]
    """Name of each person, by id."""

    def rooms(self) -> set[str]:
        """Names of the rooms in which something takes place."""
        return {session.room for session in self.sessions}

    def first_day(self) -> date:
        """The local day of the earliest session."""
        return min(session.start for session in self.sessions).astimezone(self.timezone).date()


def versions_in(folder: Path) -> list[Path]:
    """The schedule files (``*.xml``, ``*.xml.gz``) of a folder in order of their names, one version after the other."""
    found = sorted(path for path in folder.iterdir() if path.name.endswith((".xml", ".xml.gz")))
    if not found:
        raise UnreadableSchedule(f"{folder} holds no *.xml or *.xml.gz file")
    return found


def parse(path: Path) -> etree._Element:
    """The root element of a file, without entities and outside references. Raises UnreadableSchedule."""
    content = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    try:
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise UnreadableSchedule(f"{path}: {error}") from error


def read(path: Path) -> Schedule:
    """Read one file; what it says does not take place is left out. Raises UnreadableSchedule."""
    root = parse(path)
    timezone = ZoneInfo(root.findtext("conference/time_zone_name") or "UTC")
    sessions: list[Session] = []
    people: dict[str, str] = {}
    for room in root.iterfind("day/room"):
        for element in room.iterfind("event"):
            status = (element.findtext("status") or "").strip().lower()
            if status in _NOT_TAKING_PLACE:
                continue
            listed = element.iterfind("persons/person")
            persons = {str(person.get("id")): (person.text or "").strip() for person in listed}
            people.update(persons)
            try:
                session = _session(
                    element, room.get("name") or element.findtext("room") or "", tuple(persons), timezone
                )
            except ValueError as error:
                raise UnreadableSchedule(f"{path}, line {element.sourceline}: {error}") from error
            sessions.append(replace(session, tentative=status in _TENTATIVE))
    if not sessions:
        raise UnreadableSchedule(f"{path} has no event")
    return Schedule(root.findtext("conference/title") or path.stem, timezone, tuple(sessions), people)


def _session(element: etree._Element, room: str, persons: tuple[str, ...], timezone: ZoneInfo) -> Session:
    start = datetime.fromisoformat((element.findtext("date") or "").strip())
    return Session(
        guid=str(element.get("guid") or element.get("id")),
        number=str(element.get("id")),
        title=element.findtext("title") or "",
        room=room,
        start=start if start.tzinfo else start.replace(tzinfo=timezone),
        duration=parse_duration((element.findtext("duration") or "").strip()),
        track=(element.findtext("track") or "").strip(),
        kind=(element.findtext("type") or "").strip(),
        persons=persons,
    )


def parse_duration(text: str) -> timedelta:
    """``HH:MM`` or ``DD:HH:MM``. Raises ValueError."""
    if not re.fullmatch(r"(\d+:)?\d+:\d\d", text):
        raise ValueError(f"duration is {text!r}, expected HH:MM or DD:HH:MM")
    minutes, hours, *days = [int(part) for part in reversed(text.split(":"))]
    return timedelta(days=days[0] if days else 0, hours=hours, minutes=minutes)


def write(path: Path, schedule: Schedule) -> None:
    """Write one version as pentabarf XML; a session of the small hours stands under the day before."""
    days: dict[date, dict[str, list[Session]]] = {}
    for session in sorted(schedule.sessions, key=lambda session: (session.start, session.number)):
        local = session.start.astimezone(schedule.timezone)
        day = local.date() - timedelta(days=local.time() < DAY_CHANGE)
        days.setdefault(day, {}).setdefault(session.room, []).append(session)
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        "<schedule>",
        "  <conference>",
        f"    <title>{escape(schedule.title)}</title>",
        f"    <start>{min(days)}</start>",
        f"    <end>{max(days)}</end>",
        f"    <days>{len(days)}</days>",
        f"    <day_change>{DAY_CHANGE}</day_change>",
        f"    <time_zone_name>{schedule.timezone.key}</time_zone_name>",
        "  </conference>",
    ]
    for index, day in enumerate(sorted(days), start=1):
        start = datetime.combine(day, DAY_CHANGE, schedule.timezone)
        end = datetime.combine(day + timedelta(days=1), DAY_CHANGE, schedule.timezone) - timedelta(minutes=1)
        lines.append(f'  <day index="{index}" date="{day}" start="{start.isoformat()}" end="{end.isoformat()}">')
        for room in sorted(days[day]):
            lines.append(f"    <room name={quoteattr(room)}>")
            for session in days[day][room]:
                lines += _event_lines(session, schedule)
            lines.append("    </room>")
        lines.append("  </day>")
    lines.append("</schedule>")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _event_lines(session: Session, schedule: Schedule) -> Iterable[str]:
    local = session.start.astimezone(schedule.timezone)
    minutes = session.duration // timedelta(minutes=1)
    yield f"      <event guid={quoteattr(session.guid)} id={quoteattr(session.number)}>"
    yield f"        <date>{local.isoformat()}</date>"
    yield f"        <start>{local:%H:%M}</start>"
    yield f"        <duration>{minutes // 60:02d}:{minutes % 60:02d}</duration>"
    yield f"        <room>{escape(session.room)}</room>"
    yield f"        <title>{escape(session.title)}</title>"
    yield f"        <track>{escape(session.track)}</track>"
    yield f"        <type>{escape(session.kind)}</type>"
    if session.tentative:
        yield "        <status>tentative</status>"
    yield "        <persons>"
    for person in session.persons:
        yield f"          <person id={quoteattr(person)}>{escape(schedule.people[person])}</person>"
    yield "        </persons>"
    yield "      </event>"


def days_until_next_week(first_day: date, today: date) -> int:
    """By how many whole days to move a schedule so that its first day is in next week, on the same weekday."""
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
    return (monday + timedelta(days=first_day.weekday()) - first_day).days


def moved(session: Session, days: int, timezone: ZoneInfo) -> Session:
    """The session that many days later at the same local time, on whichever side of a clock change that is."""
    return replace(session, start=moved_instant(session.start, days, timezone))


def moved_instant(instant: datetime, days: int, timezone: ZoneInfo) -> datetime:
    """That many days later at the same local time. A time that the clocks skip becomes the one an hour later."""
    local = instant.astimezone(timezone)
    later = local.replace(tzinfo=None) + timedelta(days=days)
    # By way of UTC, so that a local time which does not exist turns into one that does.
    return later.replace(tzinfo=timezone, fold=local.fold).astimezone(ZoneInfo("UTC")).astimezone(timezone)


def write_moved(source: Path, target: Path, days: int) -> None:
    """Copy a schedule file with every date moved by whole days; everything else stays as it stands in the file.

    Raises UnreadableSchedule.
    """
    root = parse(source)
    timezone = ZoneInfo(root.findtext("conference/time_zone_name") or "UTC")
    try:
        for element in root.iterfind("day/room/event/date"):
            element.text = moved_instant(datetime.fromisoformat(element.text or ""), days, timezone).isoformat()
        for name in ("start", "end"):
            for element in root.iterfind(f"conference/{name}"):
                element.text = _moved_day(element.text or "", days, timezone)
        for day in root.iterfind("day"):
            for name in ("date", "start", "end"):
                value = day.get(name)
                if value:
                    day.set(name, _moved_day(value, days, timezone))
    except ValueError as error:
        raise UnreadableSchedule(f"{source}: {error}") from error
    target.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _moved_day(value: str, days: int, timezone: ZoneInfo) -> str:
    if len(value) == len("2026-01-31"):
        return str(date.fromisoformat(value) + timedelta(days=days))
    return moved_instant(datetime.fromisoformat(value), days, timezone).isoformat()


def common_first_day(schedules: Sequence[Schedule]) -> date:
    """The earliest local day of several versions: all of them are moved by the same number of days."""
    return min(schedule.first_day() for schedule in schedules)
