"""Scattered: one edit of a known booking in each of many mailboxes, remembered (warm) or not (cold)."""

from collections.abc import Iterator, Sequence
from itertools import count

from benchmarks.bench import CALLSHEET, PLAIN, Bench
from benchmarks.events import Booking, mailboxes
from benchmarks.measuring import Burst, prepare, run_of
from benchmarks.subjects import Callsheet, Plain

WARM_UP_EVENTS = 16


def scattered(bench: Bench) -> None:
    """Warm and cold for Callsheet; the plain consumer remembers nothing of items, and has its accounts cached."""
    sizes = bench.sizes
    boxes, others = mailboxes("scattered", sizes.scattered_mailboxes), mailboxes("other", WARM_UP_EVENTS)
    revisions = count(1)
    with bench.stage([*boxes, *others]) as stage:
        with Callsheet.on(stage) as subject:
            prepare(stage, subject, edits(boxes, next(revisions)))
            bench.series(stage, subject, "scattered warm", CALLSHEET, lambda: _again(boxes, revisions))
        for latency_ms in sizes.series:
            with Callsheet.on(stage) as subject:
                prepare(stage, subject, edits(others, next(revisions)))
                stage.slow_down(latency_ms)
                run = run_of(stage, subject, [edits(boxes, next(revisions))])
            bench.record("scattered cold", CALLSHEET, latency_ms, [run])
    slice_of = mailboxes("plain", sizes.plain_events)
    with bench.stage(slice_of) as stage, Plain.on(stage) as subject:
        prepare(stage, subject, edits(slice_of, next(revisions)))
        bench.series(stage, subject, "scattered warm", PLAIN, lambda: [edits(slice_of, next(revisions))])


def edits(boxes: Sequence[str], revision: int) -> Burst:
    """The same booking of every mailbox at this revision."""
    return [Booking(box, 1, revision) for box in boxes]


def _again(boxes: Sequence[str], revisions: Iterator[int]) -> Iterator[Burst]:
    while True:
        yield edits(boxes, next(revisions))
