"""Layer 2 of retry: the ladder of delays in RabbitMQ. Pure: what comes next is a value.

What belongs to the event, or is unknown, climbs rung by rung and is parked at the top. What belongs to the mailbox (it
is full, moved, disabled, missing, not to be impersonated, always busy) is never parked by the number of attempts: it
waits on the last rung but one, then again and again on the last, until two weeks after the first failure. What is only
put off waits on the first rung and no attempt is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MAILBOX_PATIENCE: Final = timedelta(days=14)


class Belongs(StrEnum):
    """To whom a failure belongs."""

    EVENT = "event"
    MAILBOX = "mailbox"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Climb:
    """How often an event was tried, and when it first failed; travels in the headers of its copies."""

    attempts: int = 0
    first_failure: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetryOn:
    """Try it again after the delay of a rung, by its name (``30s``)."""

    rung: str
    climb: Climb


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Park it."""


def next_step(belongs: Belongs, climb: Climb, now: datetime, rungs: Sequence[str]) -> RetryOn | GiveUp:
    """What becomes of an event that could not be applied. ``rungs`` are the names of the delays, shortest first."""
    if belongs is Belongs.NOBODY:
        return RetryOn(rungs[0], climb)
    first_failure = climb.first_failure or now
    further = Climb(climb.attempts + 1, first_failure)
    if belongs is Belongs.MAILBOX:
        if now - first_failure >= MAILBOX_PATIENCE:
            return GiveUp()
        return RetryOn(rungs[-2] if climb.attempts == 0 and len(rungs) > 1 else rungs[-1], further)
    return RetryOn(rungs[climb.attempts], further) if climb.attempts < len(rungs) else GiveUp()
