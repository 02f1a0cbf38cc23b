"""Rows into bookings, by a mapping. Several rows of one booking are one booking for all their people and rooms."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from contract import times
from contract.event import Status
from producers.sources.content import booking_within_limits
from producers.sources.table.cells import (
    days_of,
    instant_of,
    minutes_of,
    moment_of,
    parts_of,
    show_as_of,
    text_of,
    truth_of,
    written,
)
from producers.sources.table.mapping import CANCELLED, REQUIRED, Columns, TableMapping
from producers.sync.directory import checked_mailbox
from producers.sync.schedule import Booking, ObjectKind, Schedule, ScheduledObject

Cells = Callable[[Sequence[str]], list[object]]
"""Gives the values of columns in one row; a column that is not there gives nothing."""

_JOINED_BY: Final = {"title": " / ", "notes": "\n", "location": ", "}
_Value = TypeVar("_Value")


class BadCell(ValueError):
    """A cell that cannot be used; the text names the columns, what was found and what is expected."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """A person or thing that a row names; the name is for people to read, the address may be unknown."""

    item: ScheduledObject
    name: str
    mailbox: str | None = None


def attendance(kind: ObjectKind, entry: str) -> Attendance:
    """From an id, an address, or ``Anna Berg <anna@example.com>``. An address is the id, in lower case."""
    name, address = parseaddr(entry)
    try:
        mailbox = checked_mailbox(address)
    except ValueError:
        return Attendance(ScheduledObject(kind, entry), entry)
    return Attendance(ScheduledObject(kind, mailbox), name or mailbox, mailbox)


class RowReader:
    """Collects the bookings of one table, and says what they are when all rows are in."""

    def __init__(self, mapping: TableMapping, default_zone: str | None = None) -> None:
        self._mapping = mapping
        self._default_zone = mapping.timezone or default_zone
        self._bookings: dict[str, tuple[Booking, int]] = {}
        self._names: dict[ScheduledObject, str] = {}
        self._addresses: dict[ScheduledObject, str] = {}

    def add(self, cells: Cells, number: int, more: Iterable[Attendance] = ()) -> None:
        """One row, with what else is known of those it is for. ``number`` is its line, for errors.

        A row whose status says cancelled is left out. Raises :class:`BadCell`.
        """
        columns = self._mapping.columns
        booking_id = self._read(cells, "booking", lambda values: text_of(values, "/"))
        if not booking_id:
            raise BadCell(f"no booking id in {_called(columns.booking)}, expected one in each row")
        status = self._read(cells, "status", self._status)
        if status is None:
            return
        separator = self._mapping.formats.separator
        named = [
            attendance(kind, entry)
            for kind, field in ((ObjectKind.PERSON, columns.people), (ObjectKind.ROOM, columns.rooms))
            for entry in parts_of(cells(field), separator)
        ]
        attendances = list(dict.fromkeys([*named, *more]))
        for one in attendances:
            self._names[one.item] = one.name
            if one.mailbox is not None:
                self._addresses[one.item] = one.mailbox
        rooms = [one.name for one in attendances if one.item.kind is ObjectKind.ROOM]
        self._merge(self._booking(cells, booking_id, status, attendances, rooms), number)

    def schedule(self, source: str) -> Schedule:
        """Everything that was added."""
        bookings = {key: booking for key, (booking, _) in self._bookings.items()}
        return Schedule(source, bookings, self._names, self._addresses)

    def _booking(
        self, cells: Cells, booking_id: str, status: Status, attendances: Sequence[Attendance], rooms: Sequence[str]
    ) -> Booking:
        separator = self._mapping.formats.separator
        zone = self._read(cells, "timezone", lambda values: text_of(values, " ")) or self._default_zone
        start, end, all_day = self._times(cells, zone)
        texts = {
            field: text_of(cells(getattr(self._mapping.columns, field)), between)
            for field, between in _JOINED_BY.items()
        }
        try:
            return booking_within_limits(
                booking_id,
                [one.item for one in attendances],
                title=texts["title"],
                start=start,
                end=end,
                timezone=zone,
                all_day=all_day,
                status=status,
                show_as=self._read(cells, "show_as", lambda values: show_as_of(text_of(values, " "))),
                location=texts["location"] or ", ".join(rooms),
                notes=texts["notes"],
                categories=parts_of(cells(self._mapping.columns.categories), separator),
                private=self._read(cells, "private", truth_of),
                reminder_minutes=self._read(cells, "reminder_minutes", lambda values: minutes_of(text_of(values, ""))),
                url=text_of(cells(self._mapping.columns.url), ""),
            )
        except BadCell:
            raise
        except ValueError as error:
            raise BadCell(f"booking {booking_id}: {error}") from None

    def _times(self, cells: Cells, zone_name: str | None) -> tuple[datetime | date, datetime | date, bool]:
        try:
            zone: ZoneInfo | None = times.zone(zone_name) if zone_name else None
        except ValueError as error:
            raise BadCell(f"timezone {zone_name!r}, expected {error}") from None
        formats = self._mapping.formats
        start, end = (self._read(cells, field, lambda values: moment_of(values, formats)) for field in ("start", "end"))
        only_dates = not isinstance(start, datetime) and not isinstance(end, datetime)
        if only_dates or self._read(cells, "all_day", truth_of):
            first, last = self._read(cells, "end", lambda _: days_of(start, end, formats))
            return first, last, True

        return (
            self._read(cells, "start", lambda _: instant_of(start, zone)),
            self._read(cells, "end", lambda _: instant_of(end, zone)),
            False,
        )

    def _status(self, values: Sequence[object]) -> Status | None:
        """None for what does not take place."""
        text = text_of(values, " ")
        meaning = self._mapping.status_words.get(text.casefold(), "") if text else "confirmed"
        if not meaning:
            raise ValueError(f"one of {', '.join(self._mapping.status_words)}, or a line for it under [status]")
        return None if meaning == CANCELLED else Status(meaning)

    def _read(self, cells: Cells, field: str, convert: Callable[[Sequence[object]], _Value]) -> _Value:
        names = getattr(self._mapping.columns, field)
        values = cells(names)
        try:
            return convert(values)
        except ValueError as error:
            found = " ".join(map(written, values))
            raise BadCell(f"{_called(names)}: {found[:100]!r}, expected {error}") from None

    def _merge(self, booking: Booking, number: int) -> None:
        known, line = self._bookings.get(booking.id, (booking, number))
        if known.content != booking.content:
            raise BadCell(
                f"booking {booking.id} stands also in row {line}, with other content: expected rows of one booking to "
                "differ only in people and rooms"
            )
        merged = Booking(booking.id, booking.content, known.objects | booking.objects)
        self._bookings[booking.id] = (merged, line)


def missing_columns(mapping: TableMapping, header: Iterable[str]) -> list[str]:
    """Columns that must be there, or that the mapping file names, and that are not."""
    there = set(header)
    return [
        name
        for field in Columns.model_fields
        if field in REQUIRED or mapping.named(field)
        for name in getattr(mapping.columns, field)
        if name not in there
    ]


def cells_of(row: Mapping[str, object]) -> Cells:
    """The cells of a row that is a mapping."""
    return lambda names: [row[name] for name in names if name in row]


def _called(names: Sequence[str]) -> str:
    return "column " + " + ".join(names)
