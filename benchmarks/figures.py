"""The figures that have a bar, read out of the results."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.bench import CALLSHEET, PLAIN
from benchmarks.results import Record, Results, Run
from benchmarks.workloads.replicas import LATENCY_MS, subject_of


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure and what it should be. ``value`` is NaN where it was not measured."""

    name: str
    what: str
    value: float
    asked: str
    reached: bool
    digits: int = 2

    def written(self) -> str:
        """The value as it is printed; a dash where it was not measured."""
        return "-" if math.isnan(self.value) else f"{self.value:.{self.digits}f}"

    def verdict(self) -> str:
        """Reached, missed, or not measured."""
        return "not measured" if math.isnan(self.value) else "yes" if self.reached else "**no**"


SUMMARY: Final = (
    "backfill_ratio",
    "scattered_ratio",
    "hot_ratio",
    "requests_per_change",
    "freshness_p50_over_server_ms",
    "cpu_over_floor",
    "replicas_2",
    "replicas_4",
    "rss_mib",
)


def summary(results: Results) -> str:
    """The last line of the benchmark."""
    found = {bar.name: bar for bar in bars(results)}
    return "bench: " + " ".join(f"{name}={found[name].written()}" for name in SUMMARY)


def bars(results: Results) -> list[Bar]:
    """Every figure that has a bar."""
    slow = slow_ms(results)
    backfill = results.find("backfill", CALLSHEET, slow)
    trickle = results.find("trickle", CALLSHEET, slow)
    memory = results.memory
    p50 = 1000 * _median(trickle, lambda run: run.freshness.p50 if run.freshness else math.nan) - slow
    p99 = 1000 * _median(trickle, lambda run: run.freshness.p99 if run.freshness else math.nan) / slow
    of_backfill = _median(backfill, lambda run: run.requests_per_change)
    of_scattered = _median(results.find("scattered warm", CALLSHEET, slow), lambda run: run.requests_per_change)
    cpu = _median(backfill, lambda run: run.cpu_ms_per_change) / floor_ms(results)
    rss = memory.rss_mib if memory else math.nan
    again = memory.requests_for_last / memory.last if memory else math.nan
    return [
        _at_least("backfill_ratio", f"backfill, {slow} ms: times plain", ratio(results, "backfill"), 20, 1),
        _at_least(
            "scattered_ratio",
            f"scattered edits of known bookings, {slow} ms: times plain",
            ratio(results, "scattered warm"),
            2.5,
        ),
        _at_least("hot_ratio", f"hot mailbox, {slow} ms: times plain", ratio(results, "hot mailbox"), 25, 1),
        _at_most("requests_per_change", "backfill: requests for each change", of_backfill, 0.05, 3),
        _at_most("scattered_requests", "scattered edit of a known booking: requests", of_scattered, 1.0),
        _at_most("freshness_p50_over_server_ms", "trickle: p50 over the server's own time, ms", p50, 20, 1),
        _at_most("freshness_p99_of_server", "trickle: p99 as a multiple of the server's time", p99, 3),
        _at_most("cpu_over_floor", "backfill: CPU for each change, times the floor", cpu, 1.0),
        _at_least("replicas_2", f"two replicas at {LATENCY_MS} ms, times one", of_replicas(results, 2), 1.8),
        _at_least("replicas_4", f"four replicas at {LATENCY_MS} ms, times one", of_replicas(results, 4), 3.2),
        _at_most("rss_mib", "memory of a replica after all mailboxes, MiB", rss, 300, 0),
        _at_most("requests_for_last", "then an edit in each of the last: requests for each", again, 1.0),
    ]


def slow_ms(results: Results) -> int:
    """The latency of the series that the bars are about."""
    return max((record.latency_ms for record in results.records if record.subject in (CALLSHEET, PLAIN)), default=0)


def ratio(results: Results, workload: str, latency_ms: int | None = None) -> float:
    """Callsheet's changes a second as a multiple of the plain consumer's; NaN when one of them is missing."""
    at = slow_ms(results) if latency_ms is None else latency_ms
    ours, theirs = results.find(workload, CALLSHEET, at), results.find(workload, PLAIN, at)
    return _median(ours, lambda run: run.per_second) / _median(theirs, lambda run: run.per_second)


def of_replicas(results: Results, number: int) -> float:
    """Changes a second of that many replicas as a multiple of one's; NaN when it was not measured."""
    several, one = (results.find("replicas", subject_of(count), LATENCY_MS) for count in (number, 1))
    return _median(several, lambda run: run.per_second) / _median(one, lambda run: run.per_second)


def floor_ms(results: Results) -> float:
    """CPU of exchangelib's bulk_create for each item, in milliseconds; NaN when it was not measured."""
    return median(results.floor.cpu_ms_per_item) if results.floor else math.nan


def _median(record: Record | None, figure: Callable[[Run], float]) -> float:
    return record.median(figure) if record else math.nan


def _at_least(name: str, what: str, value: float, bar: float, digits: int = 2) -> Bar:
    return Bar(name, what, value, f"at least {bar:g}", value >= bar, digits)


def _at_most(name: str, what: str, value: float, bar: float, digits: int = 2) -> Bar:
    return Bar(name, what, value, f"at most {bar:g}", value <= bar, digits)
