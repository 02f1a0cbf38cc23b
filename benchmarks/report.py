"""docs/performance.md and its plots, made from results and from nothing else but the profile's own file."""

import re
from dataclasses import astuple
from typing import Final

from benchmarks import tables
from benchmarks.bench import CALLSHEET, PLAIN
from benchmarks.figures import bars, floor_ms, slow_ms, summary
from benchmarks.plots import Group, bar_chart
from benchmarks.results import Results
from benchmarks.workloads.replicas import LATENCY_MS, subject_of
from deploy.sandbox.children import CHECKOUT

DOCUMENT: Final = CHECKOUT / "docs" / "performance.md"
PROFILE: Final = CHECKOUT / "docs" / "performance-profile.md"
_IMAGES: Final = "images/performance"

_INTRODUCTION: Final = """\
# Performance

Made by `make bench` from what it measured; never edited by hand (`python -m benchmarks report FILE` makes it anew from
saved results). What was changed to get there is in the [profile](#the-profile).

On one broker, against one stand-in Exchange in a process of its own, with the same events: Callsheet as it is
installed, and a *plain consumer* ([`benchmarks/plain_consumer/`](../benchmarks/plain_consumer/)) as a competent
engineer writes it from the documentation of FastStream and exchangelib: one look-up and one write for each event,
eight threads, accounts and folders cached, version and log-in fixed, its own retry. The *floor* is exchangelib's own
bulk_create of the same items in batches of the same size, and nothing else.

A burst waits at the broker, with the consumer stopped, until the clock starts; it ends with the last write in the
server's journal. Rounds are repeated until a run has its seconds; tables show the median of the runs, and smallest to
largest where there were several. CPU is that of the consumer's processes alone.
"""

_NOT_FULL: Final = """\
**This is a {size} run**: too small, and perhaps on a machine that was busy, to judge by. A full one replaces it.
"""

_WORKLOADS: Final = """\
- **backfill**: new bookings in new mailboxes. **scattered**: one edit of a known booking in each of many mailboxes;
  *warm*: the replica remembers them, *cold*: it was just started. **hot mailbox**: a burst of edits of a few bookings
  of one mailbox.
- **schedule**: the versions of a schedule, one after the other, each when the one before is in the calendars.
- **trickle**: a few changes a second. Freshness is exact there: from just before the event is published to the
  moment the item can be read. Elsewhere it is what Callsheet's own metric says, and in a burst it is mostly waiting.
- **late keys**: one edit of each booking after Exchange has changed its ChangeKey on its own.
- **replicas**: scattered warm with several replicas, {replicas_ms} ms a request, so that latency is the limit.
- The plain consumer runs a slice of the events; its rate is used.
"""


def write_document(results: Results) -> None:
    """Write the document and its plots."""
    folder = DOCUMENT.parent / _IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in plots(results).items():
        (folder / name).write_text(content, encoding="utf-8")
    profile = PROFILE.read_text(encoding="utf-8") if PROFILE.exists() else ""
    DOCUMENT.write_text(document(results, profile), encoding="utf-8")


def document(results: Results, profile: str) -> str:
    """The text of the document. ``profile`` is the text of the profile's own file, or empty."""
    slow = slow_ms(results)
    parts = [
        _INTRODUCTION,
        *([] if results.size == "full" else [_NOT_FULL.format(size=results.size)]),
        "## The bars\n",
        tables.of_bars(bars(results)),
        f"```\n{summary(results)}\n```\n",
        f"![Changes a second, {slow} ms]({_IMAGES}/throughput.svg)\n",
        "## Every workload\n",
        _WORKLOADS.format(replicas_ms=LATENCY_MS),
        tables.of_records(results),
        tables.of_limits(results),
        f"![CPU for each change]({_IMAGES}/cpu.svg)\n",
        f"![Freshness in the trickle]({_IMAGES}/freshness.svg)\n",
        f"![Replicas]({_IMAGES}/replicas.svg)\n",
        "## Floor, memory, log-ins\n",
        tables.of_the_rest(results),
        "## Where it was measured\n",
        tables.of_machine(results),
        "## The profile\n",
        _below_a_heading(profile) if profile else "None was taken yet.\n",
    ]
    return "\n".join(parts)


def plots(results: Results) -> dict[str, str]:
    """The charts by file name."""
    slow = slow_ms(results)
    found = [
        name
        for name in ("backfill", "scattered warm", "hot mailbox", "schedule", "schedule real")
        if results.find(name, CALLSHEET, slow) and results.find(name, PLAIN, slow)
    ]
    both = [[record for name in (CALLSHEET, PLAIN) if (record := results.find(one, name, slow))] for one in found]
    throughput = [Group(rows[0].workload, [row.median(lambda run: run.per_second) for row in rows]) for rows in both]
    cpu = [Group(rows[0].workload, [row.median(lambda run: run.cpu_ms_per_change) for row in rows]) for rows in both]
    cpu.append(Group("floor (bulk_create)", [floor_ms(results)]))
    trickles = [
        Group(f"{record.workload}, {record.subject}, {record.latency_ms} ms", [1000 * one for one in astuple(fresh)])
        for record in results.records
        if record.workload.startswith("trickle") and (fresh := record.runs[0].freshness)
    ]
    replicas = [
        Group(str(number), [record.median(lambda run: run.per_second)])
        for number in range(1, 17)
        if (record := results.find("replicas", subject_of(number), LATENCY_MS))
    ]
    names = (CALLSHEET, "plain consumer")
    return {
        "throughput.svg": bar_chart(
            f"Changes a second, {slow} ms a request", "1/s", names, throughput, logarithmic=True
        ),
        "cpu.svg": bar_chart("CPU for each change", "ms", names, cpu, logarithmic=True),
        "freshness.svg": bar_chart(
            "Freshness in the trickle", "ms", ("p50", "p95", "p99"), trickles, logarithmic=False
        ),
        "replicas.svg": bar_chart(
            f"Changes a second by replicas, {LATENCY_MS} ms", "1/s", (CALLSHEET,), replicas, logarithmic=False
        ),
    }


def _below_a_heading(text: str) -> str:
    """A document as a section of another: without its title, headings one level lower."""
    return re.sub(r"^#", "##", re.sub(r"\A# .*\n+", "", text), flags=re.MULTILINE)
