"""The two forms of a run: the long one that proves, and the short one that every test run can afford."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Form:
    """How big a run is, and how much happens in it. Times in seconds.

    ``calendars`` and ``events`` bound what is taken of the generator's schedules; None takes everything.
    ``outage_seconds`` is a full outage of Exchange: ten minutes at the scale at which the replicas run (their time-out
    for one request is 2 s where production has 30 s).
    """

    name: str
    houses: int
    calendars: int | None
    events: int | None
    storm_seconds: float
    kills: int
    pauses: int
    pause_seconds: float
    broker_stops: int
    broker_kills: int
    dropped_connections: int
    touches: int
    outage_seconds: float
    fault_rounds: int
    """How often each kind of fault comes, with as many of the response codes as there is room for."""
    every_code: bool
    drain_seconds: float
    """How long the system may take, once nothing fails any more, until no message waits."""


EWS_TIMEOUT_SECONDS: Final = 2.0
TIME_SCALE: Final = 15.0
"""So much shorter than in production: request time-out, and with it the length of an outage."""

LONG: Final = Form(
    name="long",
    houses=2,
    calendars=None,
    events=None,
    storm_seconds=480.0,
    kills=7,
    pauses=3,
    pause_seconds=27.0,
    broker_stops=2,
    broker_kills=2,
    dropped_connections=7,
    touches=60,
    outage_seconds=600.0 / TIME_SCALE,
    fault_rounds=3,
    every_code=True,
    drain_seconds=180.0,
)

SHORT: Final = Form(
    name="short",
    houses=1,
    calendars=60,
    events=1300,
    storm_seconds=29.0,
    kills=1,
    pauses=1,
    pause_seconds=25.5,
    broker_stops=0,
    broker_kills=1,
    dropped_connections=1,
    touches=6,
    outage_seconds=3.0,
    fault_rounds=1,
    every_code=False,
    drain_seconds=40.0,
)
