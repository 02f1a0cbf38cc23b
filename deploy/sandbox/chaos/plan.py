"""What is done to the system, and when: the same seed gives the same plan. Pure.

A plan has tracks that run side by side; the steps of one track follow each other.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deploy.sandbox.chaos import faults
from deploy.sandbox.chaos.faults import Fault
from deploy.sandbox.chaos.form import Form

REPLICAS: Final = 3
TOUCHES: Final = ("edit", "copy", "delete")
EXCHANGE_TRACKS: Final = 2
_FIRST_AT: Final = 0.02
"""Share of the storm that passes before the first step, so that something is under way."""
_LAST_AT: Final = 0.93
_ENDING_AT: Final = 0.94
"""Writes without an answer once more: nobody is killed after them, whose successor would find them by the way."""


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL for a replica, which is started again after some seconds."""

    at: float
    replica: int
    away_seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """SIGSTOP for a replica, SIGCONT when the others have long taken its partitions over."""

    at: float
    replica: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RestartBroker:
    """SIGTERM or SIGKILL for the broker, and start it again on the same data."""

    at: float
    kill: bool


@dataclass(frozen=True, slots=True)
class DropConnection:
    """Close the connection of one replica from the broker's side."""

    at: float
    replica: int


@dataclass(frozen=True, slots=True)
class Fail:
    """Let Exchange fail until the fault has struck as often as it may, or for so long."""

    at: float
    fault: Fault
    seconds: float


@dataclass(frozen=True, slots=True)
class Touch:
    """A person does something to one of our items."""

    at: float
    action: str
    """One of ``TOUCHES``."""


Step = Kill | Pause | RestartBroker | DropConnection | Fail | Touch


@dataclass(frozen=True, slots=True)
class Plan:
    """The tracks of a run. All times in seconds from its beginning."""

    replicas: tuple[tuple[Step, ...], ...]
    broker: tuple[Step, ...]
    exchange: tuple[tuple[Step, ...], ...]
    people: tuple[Step, ...]

    def tracks(self) -> list[tuple[Step, ...]]:
        """All of them."""
        return [*self.replicas, self.broker, *self.exchange, self.people]


def make_plan(rng: random.Random, form: Form) -> Plan:
    """The plan of a run."""
    return Plan(_replicas(rng, form), _broker(rng, form), _exchange(rng, form), _people(rng, form))


def _replicas(rng: random.Random, form: Form) -> tuple[tuple[Step, ...], ...]:
    """A track for each replica: pauses first, kills where there is room, so that nobody is killed while paused."""
    tracks: list[list[Step]] = [[] for _ in range(REPLICAS)]
    taken: list[list[tuple[float, float]]] = [[] for _ in range(REPLICAS)]
    last = form.storm_seconds * _LAST_AT
    for number, at in enumerate(_spread(rng, form.pauses, 1.0, last - form.pause_seconds)):
        replica = (rng.randrange(REPLICAS) + number) % REPLICAS
        tracks[replica].append(Pause(at, replica, form.pause_seconds))
        taken[replica].append((at - 3.0, at + form.pause_seconds + 3.0))
    for at in _spread(rng, form.kills, form.storm_seconds * 0.1, last):
        free = [one for one in range(REPLICAS) if not any(start < at < end for start, end in taken[one])]
        # With every replica paused at once there is nobody to be killed; the plan never has that many pauses.
        replica = rng.choice(free)
        away = rng.uniform(0.3, 3.0)
        tracks[replica].append(Kill(at, replica, away))
        taken[replica].append((at - 3.0, at + away + 3.0))
    return tuple(tuple(sorted(track, key=_when)) for track in tracks)


def _broker(rng: random.Random, form: Form) -> tuple[Step, ...]:
    kinds = [False] * form.broker_stops + [True] * form.broker_kills
    rng.shuffle(kinds)
    steps: list[Step] = [
        RestartBroker(at, kill)
        for at, kill in zip(
            _spread(rng, len(kinds), form.storm_seconds * 0.2, form.storm_seconds * 0.85), kinds, strict=True
        )
    ]
    drops = _spread(rng, form.dropped_connections, form.storm_seconds * _FIRST_AT, form.storm_seconds * _LAST_AT)
    steps += [DropConnection(at, rng.randrange(REPLICAS)) for at in drops]
    return tuple(sorted(steps, key=_when))


def _exchange(rng: random.Random, form: Form) -> tuple[tuple[Step, ...], ...]:
    todo: list[Fault] = []
    if form.every_code:
        todo += faults.codes(rng)
    for _ in range(form.fault_rounds):
        todo += faults.transport(rng)
    rng.shuffle(todo)
    first, last = form.storm_seconds * _FIRST_AT, form.storm_seconds * _LAST_AT - form.outage_seconds
    room = (last - first) / -(-len(todo) // EXCHANGE_TRACKS)
    tracks: list[list[Step]] = []
    for number in range(EXCHANGE_TRACKS):
        mine = todo[number::EXCHANGE_TRACKS]
        tracks.append([Fail(first + room * place, fault, room * 0.8) for place, fault in enumerate(mine)])
    # The long outage, somewhere in the second half: whatever came after it on that track comes so much later.
    middle = rng.randrange(len(tracks[0]) // 2, len(tracks[0]))
    at = tracks[0][middle].at
    late = [Fail(step.at + form.outage_seconds, step.fault, step.seconds) for step in tracks[0][middle:] if
            isinstance(step, Fail)]  # fmt: skip
    tracks[0][middle:] = [Fail(at, faults.outage(), form.outage_seconds), *late]
    for track, fault in zip(tracks, faults.ending(), strict=True):
        track.append(Fail(form.storm_seconds * _ENDING_AT, fault, max(2.0, form.storm_seconds * 0.03)))
    return tuple(tuple(track) for track in tracks)


def _people(rng: random.Random, form: Form) -> tuple[Step, ...]:
    times = _spread(rng, form.touches, form.storm_seconds * 0.15, form.storm_seconds * _LAST_AT)
    return tuple(Touch(at, TOUCHES[number % len(TOUCHES)]) for number, at in enumerate(times))


def _spread(rng: random.Random, count: int, first: float, last: float) -> Sequence[float]:
    """So many times between the two, one in each equal part."""
    part = (last - first) / max(1, count)
    return [first + part * (number + rng.random() * 0.8) for number in range(count)]


def _when(step: Step) -> float:
    return step.at
