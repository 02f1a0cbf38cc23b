"""iCalendar into a schedule."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from contract import times
from producers.sources.damaged import DamagedFile
from producers.sources.ical import fields
from producers.sources.ical.download import MAX_BYTES, Download
from producers.sources.ical.recurrence import DEFAULT_MAX_INSTANCES, Instance, instances
from producers.sources.ical.structure import CalendarFile, read_structure
from producers.sources.interval import Interval
from producers.sync.schedule import Booking, Schedule, ScheduledObject

_LONGEST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class CalendarOptions:
    """How a calendar is meant.

    ``source``: its name in events; left out, ``ical://`` and the file's name or the host and path of the address.
    ``timezone``: an IANA name, for floating times and whole days; left out, the calendar's own X-WR-TIMEZONE.
    ``holder``: the one person or room that the calendar belongs to; then attendees are not looked at.
    ``max_instances``: more than so many in the interval are refused.
    """

    source: str | None = None
    timezone: str | None = None
    holder: ScheduledObject | None = None
    max_instances: int = DEFAULT_MAX_INSTANCES


def read_icalendar(place: Path | Download, interval: Interval, options: CalendarOptions | None = None) -> Schedule:
    """Everything that takes place in the interval, each instance of a recurring event as a booking of its own.

    Raises :class:`DamagedFile` with the line, :class:`producers.sources.ical.download.DownloadFailed`, and OSError when
    a file cannot be read.
    """
    options = options or CalendarOptions()
    file = str(place)
    contents = place.read() if isinstance(place, Download) else _contents(place)
    calendar = read_structure(file, contents)
    source = options.source or _source(place)
    if calendar.cancelled:
        return Schedule(source, {}, {})
    zone = _zone(file, options.timezone or calendar.zone_name)
    return _Reading(file, interval, zone, options).schedule(source, calendar)


class _Reading:
    def __init__(self, file: str, interval: Interval, zone: ZoneInfo | None, options: CalendarOptions) -> None:
        self._file = file
        self._interval = interval
        self._zone = zone
        self._options = options
        self._names: dict[ScheduledObject, str] = {}
        self._addresses: dict[ScheduledObject, str] = {}

    def schedule(self, source: str, calendar: CalendarFile) -> Schedule:
        bookings: dict[str, Booking] = {}
        for instance in instances(self._file, calendar.events, self._interval, self._options.max_instances):
            try:
                booking = self._booking(instance)
            except ValueError as error:
                raise DamagedFile(self._file, f"event {instance.id}: {error}", instance.line) from None
            if booking is not None:
                bookings[booking.id] = booking
        return Schedule(source, bookings, self._names, self._addresses)

    def _booking(self, instance: Instance) -> Booking | None:
        properties = instance.properties
        start, end = fields.span(properties, self._zone)
        if not fields.takes_place(properties) or not self._touches(start, end):
            return None
        objects = set() if self._options.holder is None else {self._options.holder}
        if self._options.holder is not None:
            self._names[self._options.holder] = self._options.holder.id
        else:
            for item, name, mailbox in fields.participants(properties):
                objects.add(item)
                self._names[item] = name
                if mailbox is not None:
                    self._addresses[item] = mailbox
        return fields.booking(_short(instance.id), properties, start, end, self._zone, objects)

    def _touches(self, start: datetime | date, end: datetime | date) -> bool:
        first, last = self._instant(start), self._instant(end)
        return first < self._interval.end and (last > self._interval.start or first == last == self._interval.start)

    def _instant(self, moment: datetime | date) -> datetime:
        if isinstance(moment, datetime):
            return moment
        return datetime.combine(moment, time(), self._zone or UTC)


def _contents(path: Path) -> bytes:
    with path.open("rb") as opened:
        contents = opened.read(MAX_BYTES + 1)
    if len(contents) > MAX_BYTES:
        raise DamagedFile(str(path), f"more than {MAX_BYTES // 2**20} MiB, expected a calendar")
    return contents


def _source(place: Path | Download) -> str:
    return f"ical://{place.host_and_path}" if isinstance(place, Download) else f"ical://{quote(place.stem)}"


def _zone(file: str, name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return times.zone(name)
    except ValueError as error:
        raise DamagedFile(file, f"time zone {name!r}, expected {error}") from None


def _short(booking_id: str) -> str:
    """The id, or where it is longer than an event may carry, a digest of it."""
    if len(booking_id) <= _LONGEST_ID:
        return booking_id
    return blake2b(booking_id.encode(), digest_size=16).hexdigest()
