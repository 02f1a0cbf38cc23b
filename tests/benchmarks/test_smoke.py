"""What is measured is measured, at a tiny size: each subject and each kind of server. No rates: other tests run beside.

The other workloads are made of the same parts; `make bench` runs them all.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.bench import CALLSHEET, PLAIN, Bench
from benchmarks.figures import bars, summary
from benchmarks.results import Record, Results, load
from benchmarks.sizes import SMOKE
from benchmarks.workloads import WORKLOADS
from deploy.sandbox.broker import Broker

SMOKED = ("backfill", "hot", "memory")


@pytest.mark.timeout(120)
def test_a_little_of_it_gives_every_figure(broker: Broker, tmp_path: Path) -> None:
    results = Results("smoke", "2026-01-01T00:00:00+00:00", {}, "python -m benchmarks --smoke")

    def play(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        WORKLOADS[name](Bench(SMOKE, broker, folder, results, lambda _: None))

    with ThreadPoolExecutor(len(SMOKED)) as pool:
        list(pool.map(play, SMOKED))

    measured = {bar.name for bar in bars(results) if not math.isnan(bar.value)}
    assert {"backfill_ratio", "hot_ratio", "requests_per_change", "cpu_over_floor"} <= measured
    assert summary(results).startswith("bench: backfill_ratio=")
    for record in results.records:
        for run in record.runs:
            assert run.changes > 0, record
            assert run.seconds > 0, record
            assert run.cpu_seconds > 0, record
            assert run.peak_rss_mib > 10, record
            assert run.freshness is None or 0 < run.freshness.p50 <= run.freshness.p99 < 60, record
        assert (record.runs[0].freshness is None) == (record.subject == PLAIN), record

    def requests(workload: str, subject: str) -> float:
        return found(results, workload, subject).median(lambda run: run.requests_per_change)

    assert requests("hot mailbox", CALLSHEET) < 1
    assert requests("hot mailbox", PLAIN) > 2
    assert results.memory is not None
    assert results.memory.requests_for_last == results.memory.last == SMOKE.memory_last

    file = tmp_path / "results.json"
    results.save(file)
    assert load(file) == results


def found(results: Results, workload: str, subject: str) -> Record:
    record = results.find(workload, subject, SMOKE.series[0])
    assert record is not None, f"{workload} of {subject} was not measured"
    return record
