"""How much one request, one client and all of them together may ask for."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the service. Sizes are in bytes, rates in events a second.

    ``in_flight_events`` wait for the broker's confirm at once; it is never below ``batch_events``, or a full batch
    could not be taken at all. A request must have come in as a whole within ``request_seconds``.
    """

    body_bytes: int = 2 * MIB
    all_bodies_bytes: int = 64 * MIB
    batch_events: int = 1000
    in_flight_events: int = 5000
    events_per_second: float = 1000.0
    connections: int = 900
    head_bytes: int = 64 * 1024
    request_seconds: float = 20.0
