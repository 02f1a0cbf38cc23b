"""What it costs that Exchange changes ChangeKeys on its own, seconds after an item was created.

Bookings are created, the server changes their keys two seconds later, and then each of them is edited once.
"""

import time

from benchmarks.bench import CALLSHEET, Bench
from benchmarks.events import mailboxes
from benchmarks.measuring import prepare, run_of
from benchmarks.subjects import Callsheet
from benchmarks.workloads.scattered import WARM_UP_EVENTS, edits

_KEYS_HAVE_CHANGED_SECONDS = 2.5


def late_keys(bench: Bench) -> None:
    """One edit of each booking, with a consumer that knows the key from before the change."""
    boxes, others = mailboxes("late", bench.sizes.late_mailboxes), mailboxes("other", WARM_UP_EVENTS)
    with bench.stage([*boxes, *others], "--late-change-keys") as stage, Callsheet.on(stage) as subject:
        prepare(stage, subject, edits(others, 1), edits(boxes, 1))
        time.sleep(_KEYS_HAVE_CHANGED_SECONDS)
        stage.slow_down(bench.sizes.series[0])
        run = run_of(stage, subject, [edits(boxes, 2)])
        bench.record("late keys", CALLSHEET, bench.sizes.series[0], [run])
