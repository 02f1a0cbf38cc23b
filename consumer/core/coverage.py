"""What a snapshot speaks of: an interval of a calendar, as of a revision."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """All of one source in the half-open interval [start, end), as it was at the revision ``as_of``."""

    start: datetime
    end: datetime
    as_of: int

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """True when the two share an instant; an empty interval counts as its one instant."""
        return start < self.end and (self.start < end or self.start <= start)

    def holds(self, start: datetime, end: datetime) -> bool:
        """True when an interval lies wholly inside."""
        return self.start <= start < self.end and end <= self.end

    def covers(self, other: "Coverage") -> bool:
        """True when the other speaks of no instant that this one does not speak of."""
        return self.start <= other.start and other.end <= self.end

    def outdates(self, other: "Coverage") -> bool:
        """True when this one says all that the other says, and as of a later revision."""
        return self.as_of > other.as_of and self.covers(other)

    def joined(self, other: "Coverage") -> "Coverage":
        """What is remembered of the two: the later; of two parts of one snapshot that touch both, else the longer."""
        if self.as_of != other.as_of:
            return max(self, other, key=lambda one: one.as_of)
        if self.start <= other.end and other.start <= self.end:
            return replace(self, start=min(self.start, other.start), end=max(self.end, other.end))
        return max(self, other, key=lambda one: (one.end - one.start, one.start))
