"""Backfill: mailboxes that nobody has written to yet, each with its bookings."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from benchmarks.bench import CALLSHEET, PLAIN, Bench
from benchmarks.events import Booking, mailboxes
from benchmarks.measuring import Burst, prepare
from benchmarks.subjects import Callsheet, Plain
from benchmarks.workloads.floor import measure_floor

WARM_UP_MAILBOXES: Final = 4
_ROUNDS_AT_MOST: Final = 3


def backfill(bench: Bench) -> None:
    """New bookings in new mailboxes; and the floor, with batches as large as those that were seen."""
    sizes = bench.sizes
    rounds = len(sizes.series) * sizes.runs * _ROUNDS_AT_MOST
    boxes = mailboxes("backfill", WARM_UP_MAILBOXES + rounds * sizes.backfill_mailboxes)
    with bench.stage(boxes) as stage, Callsheet.on(stage) as subject:
        supply = iter(boxes)
        prepare(stage, subject, _new(supply, WARM_UP_MAILBOXES, sizes.backfill_bookings))

        def bursts() -> Iterator[Burst]:
            for _ in range(_ROUNDS_AT_MOST):
                yield _new(supply, sizes.backfill_mailboxes, sizes.backfill_bookings)

        bench.series(stage, subject, "backfill", CALLSHEET, bursts)
    _plain(bench)
    seen = bench.results.find("backfill", CALLSHEET, sizes.series[0])
    assert seen is not None
    batch = round(seen.median(lambda run: run.items / run.creates))
    bench.results.floor = measure_floor(bench, batch)


def _plain(bench: Bench) -> None:
    sizes = bench.sizes
    each = max(1, sizes.plain_events // sizes.backfill_bookings)
    boxes = mailboxes("plain", 1 + len(sizes.series) * sizes.plain_runs * each)
    with bench.stage(boxes) as stage, Plain.on(stage) as subject:
        supply = iter(boxes)
        prepare(stage, subject, _new(supply, 1, 16))
        bookings = min(sizes.backfill_bookings, sizes.plain_events)
        bench.series(stage, subject, "backfill", PLAIN, lambda: iter([_new(supply, each, bookings)]))


def _new(supply: Iterator[str], number: int, bookings: int) -> Burst:
    """The bookings of the next mailboxes, mailbox by mailbox, as a producer publishes them."""
    return [Booking(box, booking, 1) for box in islice(supply, number) for booking in range(bookings)]
