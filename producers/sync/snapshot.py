"""Snapshots: all bookings of the source in one mailbox and interval, in as many messages as it takes. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from contract.event import MAX_SNAPSHOT_BYTES, BookingChanged, MailboxSnapshot

_ENVELOPE_BYTES: Final = 4096
"""More than what stands around the data in a message."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A booking of a snapshot, and when it takes place."""

    data: BookingChanged
    start: datetime
    end: datetime
    size: int

    @classmethod
    def of(cls, data: BookingChanged, extent: tuple[datetime, datetime]) -> "Listed":
        """``extent`` is from when to when it lasts, as instants."""
        return cls(data, *extent, size=len(data.model_dump_json().encode()) + 1)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Membership of [start, end); an empty booking counts as its one instant."""
        return self.start < end and (self.end > start or self.start >= start)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """``parts`` are disjoint intervals. ``alone`` are bookings that fit into no snapshot: send them one by one."""

    parts: tuple[MailboxSnapshot, ...]
    alone: tuple[BookingChanged, ...]


def snapshots(
    bookings: Sequence[Listed], start: datetime, end: datetime, as_of: int, limit: int = MAX_SNAPSHOT_BYTES
) -> Snapshots:
    """The snapshots of [start, end), each at most ``limit`` bytes long as a message.

    An interval that is too full is cut in two where the middle one of its bookings starts or ends. One with too much
    going on at once to be cut is left out: nothing can be said of what is absent there.
    """
    intervals = list(_intervals(bookings, start, end, limit))
    parts = tuple(
        MailboxSnapshot(
            start=interval.start.astimezone(UTC),
            end=interval.end.astimezone(UTC),
            as_of=as_of,
            bookings=tuple(one.data for one in interval.bookings),
        )
        for interval in intervals
        if interval.fits
    )
    said = {booking.booking for part in parts for booking in part.bookings}
    alone = {one.data.booking: one.data for interval in intervals for one in interval.bookings}
    return Snapshots(parts, tuple(data for booking, data in alone.items() if booking not in said))


@dataclass(frozen=True, slots=True)
class _Interval:
    """What overlaps [start, end), and whether one message can say it."""

    start: datetime
    end: datetime
    bookings: Sequence[Listed]
    fits: bool


def _intervals(bookings: Sequence[Listed], start: datetime, end: datetime, limit: int) -> Iterator[_Interval]:
    inside = sorted((one for one in bookings if one.overlaps(start, end)), key=lambda one: (one.start, one.end))
    fits = sum(one.size for one in inside) + _ENVELOPE_BYTES <= limit
    cut = None if fits else _cut(inside, start, end)
    if cut is None:
        yield _Interval(start, end, inside, fits)
    else:
        yield from _intervals(inside, start, cut, limit)
        yield from _intervals(inside, cut, end, limit)


def _cut(bookings: Sequence[Listed], start: datetime, end: datetime) -> datetime | None:
    """An instant with fewer of them on one side of it, as near as can be to the start of the middle one."""
    middle = bookings[len(bookings) // 2].start
    edges = {edge for one in bookings for edge in (one.start, one.end) if start < edge < end}
    halves = (
        edge
        for edge in sorted(edges, key=lambda edge: abs(edge - middle))
        if not all(one.overlaps(start, edge) and one.overlaps(edge, end) for one in bookings)
    )
    return next(halves, None)
