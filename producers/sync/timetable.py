"""When a running sync updates: again and again, and at the update time of each day. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

AFTER_A_FAILURE = timedelta(minutes=5)
"""A failed daily update does not wait for the next day."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """``every``: the pause between two updates. ``at``: the local time of the daily one. One of them is given."""

    every: timedelta | None
    at: time | None
    zone: ZoneInfo

    def next_daily(self, now: datetime) -> datetime | None:
        """The next update time after ``now``; one that the clocks skip comes an hour later by the clock."""
        if self.at is None:
            return None
        today = now.astimezone(self.zone).date()
        for days in range(3):
            # By way of UTC, so that a local time in the gap of a clock change turns into one that there is.
            moment = datetime.combine(today + timedelta(days=days), self.at, self.zone).astimezone(UTC)
            if moment > now:
                return moment
        raise AssertionError("three days hold no update time")

    def next_change(self, ended: datetime, *, failed: bool) -> datetime | None:
        """The next ordinary update after one that ended then; None if there is only the daily one."""
        if self.every is not None:
            return ended + (min(self.every, AFTER_A_FAILURE) if failed else self.every)
        return ended + AFTER_A_FAILURE if failed else None
