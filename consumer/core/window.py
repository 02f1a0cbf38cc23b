"""The safety window: which part of a calendar may be written to."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TOMBSTONE_MARGIN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open interval of instants, [start, end), whose edges are local midnights.

    ``lifetime`` is how long a tombstone written now must stand: the width of the window and a margin over it.
    """

    start: datetime
    end: datetime
    lifetime: timedelta

    @classmethod
    def around(cls, today: date, days_before: int, days_after: int, zone: ZoneInfo) -> "Window":
        """The window of a day: from ``days_before`` days earlier to the end of the day ``days_after`` days later."""
        return cls(
            start=midnight(today - timedelta(days=days_before), zone),
            end=midnight(today + timedelta(days=days_after + 1), zone),
            lifetime=timedelta(days=days_before + days_after + TOMBSTONE_MARGIN_DAYS),
        )

    def touches(self, start: datetime, end: datetime) -> bool:
        """True when the interval and the window share an instant; an empty interval counts as its one instant."""
        return start < self.end and not self.wholly_after(start, end)

    def expiry(self, now: datetime) -> datetime:
        """Until when a tombstone written now must stand, in whole seconds."""
        return (now + self.lifetime).replace(microsecond=0)

    def wholly_after(self, start: datetime, end: datetime) -> bool:
        """True when the window lies wholly after the interval: the past, which is never touched again."""
        return end <= self.start and start < self.start


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day (PEP 495: where midnight happens twice, the first)."""
    return datetime.combine(day, time(), tzinfo=zone)
