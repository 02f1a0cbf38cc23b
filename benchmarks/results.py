"""What was measured, as plain values that go into a JSON file and come back."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, Self

from benchmarks.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Freshness in seconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of_histogram(cls, histogram: Histogram) -> Self:
        """Interpolated within the buckets."""
        return cls(histogram.quantile(0.50), histogram.quantile(0.95), histogram.quantile(0.99))

    @classmethod
    def of_values(cls, values: Iterable[float]) -> Self:
        """Exact: the smallest value that this share of all values does not exceed."""
        ordered = sorted(values)

        def at(share: float) -> float:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan

        return cls(at(0.50), at(0.95), at(0.99))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one workload with one subject. Sums over its rounds, memory as its peak."""

    changes: int
    seconds: float
    requests: int
    items: int
    """Items that were created, updated or deleted."""
    cpu_seconds: float
    """Of the consumer's processes alone."""
    server_cpu_seconds: float
    peak_rss_mib: float
    machine_busy: float = 0.0
    """Share of all processors of the machine that was used, by whomever."""
    handshakes: int = 0
    put_off: int = 0
    """Events that went by way of the retry ladder."""
    creates: int = 0
    """Requests that create items."""
    held_seconds: float = 0.0
    """How long the consumer was stopped while its burst was published, at the longest."""
    freshness: Quantiles | None = None
    rounds: int = 1

    def __add__(self, later: "Run") -> "Run":
        return Run(
            changes=self.changes + later.changes,
            seconds=self.seconds + later.seconds,
            requests=self.requests + later.requests,
            items=self.items + later.items,
            cpu_seconds=self.cpu_seconds + later.cpu_seconds,
            server_cpu_seconds=self.server_cpu_seconds + later.server_cpu_seconds,
            peak_rss_mib=max(self.peak_rss_mib, later.peak_rss_mib),
            machine_busy=_mean(self.machine_busy, self.seconds, later.machine_busy, later.seconds),
            handshakes=self.handshakes + later.handshakes,
            put_off=self.put_off + later.put_off,
            creates=self.creates + later.creates,
            held_seconds=max(self.held_seconds, later.held_seconds),
            freshness=later.freshness,
            rounds=self.rounds + later.rounds,
        )

    @property
    def per_second(self) -> float:
        """Changes a second."""
        return self.changes / self.seconds if self.seconds > 0 else math.nan

    @property
    def requests_per_change(self) -> float:
        """Requests to Exchange for each change."""
        return self.requests / self.changes

    @property
    def cpu_ms_per_change(self) -> float:
        """The consumer's CPU time for each change, in milliseconds."""
        return 1000 * self.cpu_seconds / self.changes

    @property
    def server_load(self) -> float:
        """Share of one processor that the stand-in Exchange used."""
        return self.server_cpu_seconds / self.seconds if self.seconds > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Record:
    """All runs of a workload with a subject at a latency (milliseconds of the server for each request)."""

    workload: str
    subject: str
    latency_ms: int
    runs: tuple[Run, ...]
    note: str = ""

    def median(self, figure: Callable[[Run], float]) -> float:
        """The median of a figure over the runs."""
        return median(figure(run) for run in self.runs)

    def spread(self, figure: Callable[[Run], float]) -> tuple[float, float]:
        """Its smallest and largest value."""
        values = [figure(run) for run in self.runs]
        return min(values), max(values)


@dataclass(frozen=True, slots=True)
class Floor:
    """What exchangelib's own bulk_create costs: milliseconds of CPU for each item, in each of several runs."""

    batch: int
    cpu_ms_per_item: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """Many mailboxes through one replica, and then an edit in each of the last."""

    mailboxes: int
    bookings: int
    rss_mib: float
    seconds: float
    last: int
    requests_for_last: int
    cpu_ms_per_mailbox: float


@dataclass(slots=True)
class Results:
    """Everything of one run of the benchmark."""

    size: str
    started: str
    machine: dict[str, str]
    command: str
    records: list[Record] = field(default_factory=list)
    floor: Floor | None = None
    memory: Memory | None = None
    seconds: float = 0.0

    def find(self, workload: str, subject: str, latency_ms: int) -> Record | None:
        """The record of that name, if it was measured."""
        wanted = (workload, subject, latency_ms)
        return next((one for one in self.records if (one.workload, one.subject, one.latency_ms) == wanted), None)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def joined(parts: Sequence[Results]) -> Results:
    """The results of several calls, each of which measured other workloads. Raises ValueError for other sizes."""
    first = parts[0]
    if any(part.size != first.size for part in parts):
        raise ValueError("results of different sizes")
    return replace(
        first,
        command="`, then `".join(part.command for part in parts),
        records=[record for part in parts for record in part.records],
        floor=next((part.floor for part in parts if part.floor), None),
        memory=next((part.memory for part in parts if part.memory), None),
        seconds=sum(part.seconds for part in parts),
    )


def _mean(one: float, weight: float, other: float, other_weight: float) -> float:
    total = weight + other_weight
    return (one * weight + other * other_weight) / total if total > 0 else one


def load(path: Path) -> Results:
    """Read what :meth:`Results.save` wrote. Raises OSError, ValueError, TypeError or KeyError for anything else."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found["records"] = [
        Record(**{**record, "runs": tuple(_run(run) for run in record["runs"])}) for record in found["records"]
    ]
    floor, memory = found["floor"], found["memory"]
    found["floor"] = Floor(floor["batch"], tuple(floor["cpu_ms_per_item"])) if floor else None
    found["memory"] = Memory(**memory) if memory else None
    return Results(**found)


def _run(found: dict[str, Any]) -> Run:
    quantiles = found.pop("freshness")
    return Run(**found, freshness=Quantiles(**quantiles) if quantiles else None)
