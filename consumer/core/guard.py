"""The mass-change guard: what is missing from a snapshot may be gone, or the snapshot may be wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """How much the absence of bookings may remove before a person has to agree: ``percent`` of what is there, or
    ``count`` items; only what is more than both is held."""

    percent: int = 30
    count: int = 5

    def holds(self, removed: int, present: int) -> bool:
        """True when removing so many of the items that are present has to wait for a person."""
        return removed > self.count and removed * 100 > self.percent * present
