"""How much is measured: in full, quickly, or just enough to see that everything works."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of every workload. ``name`` stands in the results.

    A *round* is one burst of events. Rounds are repeated until ``min_seconds`` were measured: that is one *run*, and
    the median of ``runs`` counts. Callsheet runs so often; the plain consumer ``plain_runs`` times at the first latency
    and once at the others, each with a slice of ``plain_events``. ``series``: the server's milliseconds for a request.
    """

    name: str
    runs: int
    plain_runs: int
    min_seconds: float
    series: tuple[int, ...]
    plain_events: int
    backfill_mailboxes: int
    backfill_bookings: int
    scattered_mailboxes: int
    hot_events: int
    hot_bookings: int
    trickle_mailboxes: int
    trickle_per_second: int
    trickle_seconds: int
    trickle_pause_seconds: float
    schedule_events: int | None
    """None: all of them."""
    late_mailboxes: int
    replicas: tuple[int, ...]
    replicas_mailboxes: int
    memory_mailboxes: int
    memory_bookings: int
    memory_last: int
    floor_items: int


FULL: Final = Sizes(
    name="full",
    runs=3,
    plain_runs=2,
    min_seconds=5.0,
    series=(50, 5),
    plain_events=1500,
    backfill_mailboxes=200,
    backfill_bookings=100,
    scattered_mailboxes=2000,
    hot_events=2000,
    hot_bookings=50,
    trickle_mailboxes=200,
    trickle_per_second=20,
    trickle_seconds=60,
    trickle_pause_seconds=10.0,
    schedule_events=None,
    late_mailboxes=400,
    replicas=(1, 2, 4),
    replicas_mailboxes=1200,
    memory_mailboxes=50_000,
    memory_bookings=40,
    memory_last=5000,
    floor_items=8000,
)

QUICK: Final = Sizes(
    name="quick",
    runs=1,
    plain_runs=1,
    min_seconds=5.0,
    series=(50, 5),
    plain_events=400,
    backfill_mailboxes=100,
    backfill_bookings=100,
    scattered_mailboxes=900,
    hot_events=2000,
    hot_bookings=50,
    trickle_mailboxes=100,
    trickle_per_second=20,
    trickle_seconds=15,
    trickle_pause_seconds=5.0,
    schedule_events=None,
    late_mailboxes=100,
    replicas=(1, 2, 4),
    replicas_mailboxes=500,
    memory_mailboxes=5000,
    memory_bookings=40,
    memory_last=1000,
    floor_items=4000,
)

SMOKE: Final = Sizes(
    name="smoke",
    runs=1,
    plain_runs=1,
    min_seconds=0.0,
    series=(5,),
    plain_events=8,
    backfill_mailboxes=3,
    backfill_bookings=4,
    scattered_mailboxes=6,
    hot_events=20,
    hot_bookings=4,
    trickle_mailboxes=5,
    trickle_per_second=10,
    trickle_seconds=1,
    trickle_pause_seconds=0.2,
    schedule_events=12,
    late_mailboxes=3,
    replicas=(1, 2),
    replicas_mailboxes=8,
    memory_mailboxes=20,
    memory_bookings=4,
    memory_last=5,
    floor_items=20,
)
