"""The business window: which bookings are published. Its edges are local midnights, and as days go by it moves on."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from contract import times
from producers.sync.schedule import Content


class Side(Enum):
    """Where a booking lies, seen from the window. An empty booking counts as its one instant."""

    BEFORE = "before"
    INSIDE = "inside"
    BEYOND = "beyond"


@dataclass(frozen=True)
class Window:
    """A half-open interval of instants, [start, end). A booking is inside when it overlaps it.

    ``zone`` is the one of all-day bookings that name none. Not ``bounded``: every booking is inside.
    """

    start: datetime
    end: datetime
    zone: ZoneInfo
    bounded: bool = True
    _sides: dict[Content, Side] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def around(cls, now: datetime, days_before: int | None, days_after: int | None, zone: ZoneInfo) -> "Window":
        """From ``days_before`` days before the local day of ``now`` to the end of the day ``days_after`` days later.

        None is no edge on that side: as far as the contract's dates go.
        """
        today = now.astimezone(zone).date()
        first = times.EARLIEST if days_before is None else today - timedelta(days=days_before)
        last = times.LATEST if days_after is None else today + timedelta(days=days_after)
        bounded = days_before is not None or days_after is not None
        return cls(_midnight(first, zone), _midnight(last + timedelta(days=1), zone), zone, bounded)

    def side(self, content: Content) -> Side:
        """Where a booking of this content lies."""
        if not self.bounded:
            return Side.INSIDE
        known = self._sides.get(content)
        if known is None:
            known = self._sides[content] = self._side(*self.extent(content))
        return known

    def extent(self, content: Content) -> tuple[datetime, datetime]:
        """Start and end of a booking as instants; an all-day one lasts from local midnight to local midnight."""
        fields = orjson.loads(content)
        if not fields.get("all_day"):
            return datetime.fromisoformat(fields["start"]), datetime.fromisoformat(fields["end"])
        zone = times.zone(fields["timezone"]) if fields.get("timezone") else self.zone
        return _midnight(date.fromisoformat(fields["start"]), zone), _midnight(date.fromisoformat(fields["end"]), zone)

    def _side(self, start: datetime, end: datetime) -> Side:
        if start >= self.end:
            return Side.BEYOND
        return Side.BEFORE if end <= self.start and start < self.start else Side.INSIDE


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


EVERYTHING: Final = Window(
    _midnight(times.EARLIEST, ZoneInfo("UTC")), _midnight(times.LATEST, ZoneInfo("UTC")), ZoneInfo("UTC"), bounded=False
)
"""The window in which every booking lies."""
