"""The workloads, by name, in the order in which they are measured."""

from collections.abc import Callable
from typing import Final

from benchmarks.bench import Bench
from benchmarks.workloads.backfill import backfill

WORKLOADS: Final[dict[str, Callable[[Bench], None]]] = {
    "backfill": backfill,
}
