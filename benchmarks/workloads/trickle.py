"""Trickle: a few changes a second in mailboxes that are known, to see how soon each of them can be read.

Freshness is exact here: from just before an event is published to the write of its mailbox in the journal of the
stand-in Exchange. A mailbox gets its next change only long after the one before.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.bench import CALLSHEET, PLAIN, Bench
from benchmarks.events import Booking, Producer, mailboxes
from benchmarks.journal import Write
from benchmarks.measuring import BenchmarkFailed, Meter, prepare
from benchmarks.results import Quantiles, Run
from benchmarks.stage import Stage
from benchmarks.subjects import Callsheet, Plain, Subject
from benchmarks.workloads.scattered import edits

_SPELLS = 4
_REVISIONS = 100_000
"""More than one series uses, so that no revision comes twice."""


def trickle(bench: Bench) -> None:
    """Callsheet at each latency, once more over NTLM with pauses, and the plain consumer at the first latency."""
    sizes = bench.sizes
    boxes = mailboxes("trickle", sizes.trickle_mailboxes)
    with bench.stage(boxes) as stage:
        with Callsheet.on(stage) as subject:
            prepare(stage, subject, edits(boxes, 1))
            for spell, latency_ms in enumerate(sizes.series, start=1):
                stage.slow_down(latency_ms)
                run = _trickled(bench, stage, subject, boxes, spell * _REVISIONS)
                bench.record("trickle", CALLSHEET, latency_ms, [run])
        with Callsheet.on(stage, auth="ntlm") as subject:
            prepare(stage, subject, edits(boxes, 8 * _REVISIONS))
            stage.slow_down(sizes.series[0])
            run = _trickled(bench, stage, subject, boxes, 9 * _REVISIONS, sizes.trickle_pause_seconds)
            note = f"{_SPELLS} spells with {sizes.trickle_pause_seconds:g} s of silence between them"
            bench.record("trickle NTLM", CALLSHEET, sizes.series[0], [run], note)
    with bench.stage(boxes) as stage, Plain.on(stage) as subject:
        prepare(stage, subject, edits(boxes, 1))
        stage.slow_down(sizes.series[0])
        bench.record("trickle", PLAIN, sizes.series[0], [_trickled(bench, stage, subject, boxes, _REVISIONS)])


def _trickled(
    bench: Bench, stage: Stage, subject: Subject, boxes: Sequence[str], revision: int, pause_seconds: float = 0.0
) -> Run:
    sizes = bench.sizes
    changes = [
        Booking(boxes[number % len(boxes)], 1, revision + number)
        for number in range(sizes.trickle_per_second * sizes.trickle_seconds)
    ]
    meter = Meter(stage, subject)
    published = asyncio.run(_publish(stage.amqp_url, changes, sizes.trickle_per_second, pause_seconds))
    meter.until_done(len(changes))
    run = meter.read(len(changes))
    return replace(run, freshness=Quantiles.of_values(_freshness(published, stage.journal.since(meter.mark))))


async def _publish(
    amqp_url: str, changes: Sequence[Booking], per_second: int, pause_seconds: float
) -> list[tuple[float, str]]:
    """Publish at an even pace; when each was published, and for which mailbox."""
    published = []
    spell = max(1, len(changes) // _SPELLS)
    async with Producer(amqp_url) as producer, asyncio.TaskGroup() as group:
        due = time.monotonic()
        for number, change in enumerate(changes):
            if number and number % spell == 0:
                due += pause_seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += 1 / per_second
            published.append((time.time(), change.mailbox))
            group.create_task(producer.publish(change.event()))
    return published


def _freshness(published: Sequence[tuple[float, str]], writes: Sequence[Write]) -> list[float]:
    """Seconds to the first write of its mailbox after each event. Raises BenchmarkFailed where there is none."""
    by_mailbox: dict[str, list[float]] = defaultdict(list)
    for write in writes:
        by_mailbox[write.mailbox].append(write.at)
    found = []
    for at, mailbox in published:
        later = [write for write in by_mailbox[mailbox] if write >= at]
        if not later:
            raise BenchmarkFailed(f"a change of {mailbox} was published and never written")
        found.append(later[0] - at)
    return found
