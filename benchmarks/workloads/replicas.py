"""Replicas: scattered edits of known bookings against a slow server: latency is the limit, not this machine."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from benchmarks.bench import Bench
from benchmarks.events import mailboxes
from benchmarks.measuring import Burst, prepare, run_of
from benchmarks.subjects import Callsheet
from benchmarks.workloads.scattered import edits

LATENCY_MS: Final = 200


def replicas(bench: Bench) -> None:
    """The same with one replica and with more of them."""
    sizes = bench.sizes
    boxes = mailboxes("replicas", sizes.replicas_mailboxes)
    for number in sizes.replicas:
        revisions = count(1)
        with bench.stage(boxes) as stage, Callsheet.on(stage, replicas=number) as subject:
            prepare(stage, subject, edits(boxes, next(revisions)))
            stage.slow_down(LATENCY_MS)

            def bursts(revisions: Iterator[int] = revisions) -> Iterator[Burst]:
                while True:
                    yield edits(boxes, next(revisions))

            runs = [
                run_of(stage, subject, bursts(), sizes.min_seconds, held=False) for _ in range(max(1, sizes.runs - 1))
            ]
            bench.record("replicas", subject_of(number), LATENCY_MS, runs)


def subject_of(number: int) -> str:
    """How that many replicas stand in the results."""
    return f"callsheet x{number}"
