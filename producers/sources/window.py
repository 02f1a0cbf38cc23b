"""The stretch of time that is asked for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """Instants, half-open: what overlaps it is read."""

    start: datetime
    end: datetime
