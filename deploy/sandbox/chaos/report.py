"""What a run says: lines while it goes on, tables and one last line at its end, and the same as JSON."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from deploy.sandbox.chaos.feeder import Published
from deploy.sandbox.chaos.verdict import Difference, Kind
from deploy.sandbox.display import Display

KINDS: Final = (
    "latency", "server_busy", "http_status", "soap_fault", "item_error", "commit_then_drop", "commit_late",
    "partial_commit", "drop", "hang", "refuse", "truncate",
)  # fmt: skip
"""Every kind of fault that the stand-in Exchange has."""

_LISTED_AT_MOST: Final = 40
_PROGRESS_EVERY_SECONDS: Final = 10.0


@dataclass
class Result:
    """What came of a run. ``problems`` are those besides differences: one line each."""

    seed: int
    form: str
    events: int
    calendars: int
    done: Mapping[str, int]
    """What was done to replicas and broker."""
    touches: Mapping[str, int]
    faults: Mapping[str, int]
    """Strikes by kind, as the stand-in Exchange has counted them."""
    struck: Mapping[str, tuple[str, int]]
    replayed: int
    differences: Sequence[Difference]
    seconds: float
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems += [f"{kind}: this kind of fault never happened" for kind in KINDS if not self.faults.get(kind)]

    @property
    def is_right(self) -> bool:
        """Whether every calendar is as it ought to be, and everything was really tried."""
        return not self.differences and not self.problems

    def summary(self) -> str:
        """The last line."""
        counts = Counter(difference.kind for difference in self.differences)
        done = self.done
        return (
            f"chaos: seed={self.seed} events={self.events} kills={done.get('kills', 0)} "
            f"pauses={done.get('pauses', 0)} "
            f"broker_restarts={done.get('broker stops', 0) + done.get('broker kills', 0)} "
            f"faults={sum(self.faults.values())} " + " ".join(f"{kind}={counts[kind]}" for kind in Kind)
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            **asdict(self),
            "differences": [asdict(difference) for difference in self.differences],
            "summary": self.summary(),
            "right": self.is_right,
        }


class Progress:
    """Says now and then how things stand."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._began = time.monotonic()
        self._next = 0.0

    def line(self, text: str) -> None:
        """A line with the time since the beginning."""
        self._display.line(f"[{time.monotonic() - self._began:5.1f} s] {text}")
        self._next = time.monotonic() + _PROGRESS_EVERY_SECONDS

    @property
    def is_due(self) -> bool:
        """Whether it is time for another line."""
        return time.monotonic() >= self._next

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began


def fault_table(result: Result) -> Iterable[str]:
    """The kinds of fault with their counters, and below each of them its forms with theirs."""
    yield "faults of Exchange, as it has counted them (each kind, then what it came as):"
    forms: dict[str, list[str]] = {}
    for name, (kind, count) in sorted(result.struck.items()):
        forms.setdefault(kind, []).append(f"{name} {count}")
    for kind in KINDS:
        yield f"  {kind:<17}{result.faults.get(kind, 0):>6}   {', '.join(forms.get(kind, ['never']))}"
    yield "replicas and broker: " + (", ".join(f"{what} {count}" for what, count in sorted(result.done.items())))
    yield "people: " + (", ".join(f"{what} {count}" for what, count in sorted(result.touches.items())) or "nothing")
    yield f"refused by Exchange on demand, parked, and replayed at the end: {result.replayed}"


def difference_lines(
    differences: Sequence[Difference], history: Mapping[tuple[str, str], Sequence[Published]]
) -> Iterable[str]:
    """Each difference with the events that led to it, in the order they were published."""
    for difference in differences[:_LISTED_AT_MOST]:
        yield str(difference)
        for published in history.get((difference.mailbox, difference.booking), ()):
            event = published.event
            yield f"    {published.time.isoformat(timespec='milliseconds')} {event.id} r{event.revision} {event.type}"
    if len(differences) > _LISTED_AT_MOST:
        yield f"… and {len(differences) - _LISTED_AT_MOST} more"
