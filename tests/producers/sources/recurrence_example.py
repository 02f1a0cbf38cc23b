"""An example of a recurrence rule, with what is expected of it as RFC 5545 writes it.

``1997 EDT Sep 2-11; Oct 3 | 1997 EST Nov 7``, with ``2-30/2`` for every second day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_OFFSETS = {"EDT": timezone(timedelta(hours=-4)), "EST": timezone(timedelta(hours=-5))}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NINE = ("09:00",)


@dataclass(frozen=True)
class Example:
    """One example; ``rules`` are those that the RFC gives as equivalent."""

    start: str
    rules: tuple[str, ...]
    expected: str
    until: str = "20100101"
    times: tuple[str, ...] = _NINE
    exdate: str = ""

    def instants(self) -> list[datetime]:
        return sorted(_instants(self.expected, self.times))


def _instants(expected: str, times: tuple[str, ...]) -> Iterator[datetime]:
    for part in expected.split("|"):
        year, zone, listed = part.split(maxsplit=2)
        for month_and_days in listed.split(";"):
            month, days = month_and_days.split()
            for day in _days(days):
                for clock in times:
                    hour, minute = map(int, clock.split(":"))
                    local = datetime(int(year), _MONTHS.index(month) + 1, day, hour, minute, tzinfo=_OFFSETS[zone])
                    yield local.astimezone(UTC)


def _days(days: str) -> Iterator[int]:
    for part in days.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1, int(step or 1))
