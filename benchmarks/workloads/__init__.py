"""The workloads, by name, in the order in which they are measured."""

from collections.abc import Callable
from typing import Final

from benchmarks.bench import Bench
from benchmarks.workloads.backfill import backfill
from benchmarks.workloads.hot import hot
from benchmarks.workloads.late_keys import late_keys
from benchmarks.workloads.memory import memory
from benchmarks.workloads.replicas import replicas
from benchmarks.workloads.scattered import scattered
from benchmarks.workloads.schedule import schedule
from benchmarks.workloads.trickle import trickle

WORKLOADS: Final[dict[str, Callable[[Bench], None]]] = {
    "backfill": backfill,
    "scattered": scattered,
    "hot": hot,
    "schedule": schedule,
    "trickle": trickle,
    "late-keys": late_keys,
    "replicas": replicas,
    "memory": memory,
}
