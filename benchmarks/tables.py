"""The tables of docs/performance.md, and the one that is printed."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.bench import CALLSHEET, PLAIN
from benchmarks.figures import Bar, floor_ms, ratio
from benchmarks.results import Record, Results, Run

BUSY: Final = 0.85
"""A stand-in Exchange that uses more of a processor than this is the limit itself."""
FULL_MACHINE: Final = 0.90
LONGEST_HOLD_SECONDS: Final = 18.0
"""A consumer that is stopped sends no heartbeats; the broker waits two of 10 s for them."""

_HEAD: Final = (
    "workload",
    "consumer",
    "server ms",
    "changes/s",
    "x plain",
    "requests/change",
    "freshness p50 / p95 / p99 ms",
    "CPU ms/change",
    "x floor",
    "peak MiB",
    "server CPU",
    "machine",
    "runs",
)


def of_bars(found: Sequence[Bar]) -> str:
    """Each bar, and whether it was reached."""
    return markdown(
        ("what", "measured", "asked", "reached"), [(bar.what, bar.written(), bar.asked, bar.verdict()) for bar in found]
    )


def of_records(results: Results) -> str:
    """One row for each workload, consumer and latency."""
    return markdown(_HEAD, rows(results))


def rows(results: Results) -> list[tuple[str, ...]]:
    """The same as text, for any kind of table."""
    return [_row(results, record) for record in results.records]


def head() -> tuple[str, ...]:
    """The headings of :func:`rows`."""
    return _HEAD


def of_limits(results: Results) -> str:
    """Where the stand-in Exchange or the machine was the limit, not the consumer; what was put off or has a note."""
    full = [
        f"{one.workload} ({one.subject}, {one.latency_ms} ms): {one.median(lambda run: run.machine_busy):.0%}"
        for one in results.records
        if one.median(lambda run: run.machine_busy) >= FULL_MACHINE
    ]
    busy = [
        f"{one.workload} ({one.subject}, {one.latency_ms} ms): {one.median(lambda run: run.server_load):.0%}"
        for one in results.records
        if one.median(lambda run: run.server_load) >= BUSY
    ]
    lines = [
        "The stand-in Exchange runs in one process. Where it uses nearly all of a processor, it and not the consumer "
        "is the limit: " + ("; ".join(busy) + "." if busy else "nowhere in this run."),
        "Broker, server and consumer share the machine. Where all its processors are nearly full, more of them would "
        "give more: " + ("; ".join(full) + "." if full else "nowhere in this run."),
    ]
    if lost := [one for one in results.records if any(run.held_seconds > LONGEST_HOLD_SECONDS for run in one.runs)]:
        names = "; ".join(f"{one.workload} ({one.subject}, {one.latency_ms} ms)" for one in lost)
        lines.append(
            f"Publishing took longer than {LONGEST_HOLD_SECONDS:g} s, so that the broker gave up the stopped "
            f"consumer, which had to connect again while the clock ran: {names}. Measure these again on a machine that "
            "does nothing else."
        )
    lines += [f"{record.workload} ({record.subject}): {record.note}." for record in results.records if record.note]
    if put_off := [record for record in results.records if any(run.put_off for run in record.runs)]:
        names = ", ".join(f"{one.workload} {sum(run.put_off for run in one.runs)}" for one in put_off)
        lines.append(f"Events that went by way of the retry ladder: {names}.")
    return "\n\n".join(lines) + "\n"


def of_the_rest(results: Results) -> str:
    """Floor, memory, handshakes, late ChangeKeys."""
    lines = []
    if floor := results.floor:
        lines.append(
            f"- **Floor**: {floor_ms(results):.2f} ms of CPU for each item "
            f"({min(floor.cpu_ms_per_item):.2f} to {max(floor.cpu_ms_per_item):.2f}), {floor.batch} items in a "
            "request, as many as Callsheet put into one in the backfill. The making of the items is not counted."
        )
    if memory := results.memory:
        lines.append(
            f"- **Memory**: {memory.mailboxes:,} mailboxes of {memory.bookings} bookings through one replica: "
            f"{memory.rss_mib:.0f} MiB at the peak, {memory.cpu_ms_per_mailbox:.1f} ms of CPU for each mailbox (load "
            f"and one edit), {memory.seconds:.0f} s. Then an edit in each of the last {memory.last:,}: "
            f"{memory.requests_for_last:,} requests. Against a server that makes its items up when asked "
            "([`benchmarks/slim_exchange.py`](../benchmarks/slim_exchange.py)), with ids as long as Exchange's."
        )
    for record in results.records:
        if record.workload == "trickle NTLM":
            run = record.runs[0]
            lines.append(
                f"- **NTLM**: {run.handshakes} handshakes for {run.changes} changes; their requests come on top of the "
                f"{run.requests_per_change:.2f} for each change."
            )
        if record.workload == "late keys":
            lines.append(
                f"- **Late ChangeKeys**: {record.median(lambda run: run.requests_per_change):.2f} requests for the "
                "first edit after Exchange has changed the key on its own."
            )
    return "\n".join(lines) + "\n"


def of_machine(results: Results) -> str:
    """Machine, versions, command."""
    facts = {**results.machine, "size": results.size, "command": f"`{results.command}`", "begun": results.started}
    facts["took"] = f"{results.seconds / 60:.1f} minutes"
    return markdown(("", ""), list(facts.items()))


def markdown(headings: Sequence[str], table: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in table]) + "\n"


def _row(results: Results, record: Record) -> tuple[str, ...]:
    times = ratio(results, record.workload, record.latency_ms) if record.subject == CALLSHEET else math.nan
    fresh = record.runs[0].freshness
    of_floor = math.nan
    if record.workload == "backfill" and record.subject in (CALLSHEET, PLAIN):
        of_floor = record.median(lambda run: run.cpu_ms_per_change) / floor_ms(results)
    quantiles = " / ".join(_short(1000 * one) for one in (fresh.p50, fresh.p95, fresh.p99)) if fresh else ""
    return (
        record.workload,
        record.subject,
        str(record.latency_ms),
        _spread(record, lambda run: run.per_second, 1),
        _times(times),
        _spread(record, lambda run: run.requests_per_change, 3),
        quantiles,
        _spread(record, lambda run: run.cpu_ms_per_change, 2),
        _times(of_floor),
        f"{record.median(lambda run: run.peak_rss_mib):.0f}",
        f"{record.median(lambda run: run.server_load):.0%}",
        f"{record.median(lambda run: run.machine_busy):.0%}",
        f"{len(record.runs)} x {record.median(lambda run: run.seconds):.1f} s",
    )


def _spread(record: Record, figure: Callable[[Run], float], digits: int) -> str:
    least, most = record.spread(figure)
    middle = f"{record.median(figure):.{digits}f}"
    return middle if len(record.runs) == 1 else f"{middle} ({least:.{digits}f} to {most:.{digits}f})"


def _times(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}"


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0f}"
