"""Hot mailbox: a burst of edits of a few bookings of one mailbox, each booking's revisions in order."""

from collections.abc import Iterator
from itertools import count

from benchmarks.bench import CALLSHEET, PLAIN, Bench
from benchmarks.events import Booking, mailboxes
from benchmarks.measuring import Burst, prepare
from benchmarks.subjects import Callsheet, Plain


def hot(bench: Bench) -> None:
    """The mailbox is known and has all the bookings before the clock starts."""
    sizes = bench.sizes
    (box,) = mailboxes("hot", 1)
    revisions = count(1)

    def burst(events: int) -> Burst:
        """That many edits: all bookings at one revision, then all at the next."""
        bookings = sizes.hot_bookings
        made: list[Booking] = []
        while len(made) < events:
            revision = next(revisions)
            made += [Booking(box, number, revision) for number in range(min(bookings, events - len(made)))]
        return made

    def bursts() -> Iterator[Burst]:
        while True:
            yield burst(sizes.hot_events)

    with bench.stage([box]) as stage, Callsheet.on(stage) as subject:
        prepare(stage, subject, burst(sizes.hot_bookings))
        bench.series(stage, subject, "hot mailbox", CALLSHEET, bursts)
    with bench.stage([box]) as stage, Plain.on(stage) as plain:
        prepare(stage, plain, burst(sizes.hot_bookings))
        bench.series(stage, plain, "hot mailbox", PLAIN, lambda: [burst(sizes.plain_events)])
