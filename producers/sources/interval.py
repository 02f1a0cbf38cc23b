"""The stretch of time that a reader is asked for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Interval:
    """Instants, half-open: what overlaps it is read."""

    start: datetime
    end: datetime
