"""Results with round figures."""

from benchmarks.bench import CALLSHEET, PLAIN
from benchmarks.results import Floor, Memory, Quantiles, Record, Results, Run
from benchmarks.workloads.replicas import LATENCY_MS, subject_of


def run(per_second: float = 100.0, requests: float = 1.0, cpu_ms: float = 1.0, p50: float = 0.06) -> Run:
    """Ten seconds of it."""
    changes = round(10 * per_second)
    return Run(
        changes=changes,
        seconds=10.0,
        requests=round(requests * changes),
        items=changes,
        cpu_seconds=cpu_ms * changes / 1000,
        server_cpu_seconds=9.0,
        peak_rss_mib=100.0,
        machine_busy=0.95,
        freshness=Quantiles(p50, 2 * p50, 2 * p50),
    )


def results() -> Results:
    """Every bar is reached, but that of the CPU."""
    made = Results("full", "2026-01-01T00:00:00+00:00", {"Python": "3.13"}, "python -m benchmarks", seconds=60.0)
    for workload, ours, theirs in (
        ("backfill", 2000.0, 100.0),
        ("scattered warm", 150.0, 50.0),
        ("hot mailbox", 3000.0, 50.0),
    ):
        requests = 0.05 if workload == "backfill" else 1.0
        runs = tuple(run(ours * factor, requests) for factor in (0.5, 1.0, 4.0))
        made.records.append(Record(workload, CALLSHEET, 50, runs))
        made.records.append(Record(workload, PLAIN, 50, (run(theirs, 3.0, 10.0),)))
    made.records.append(Record("trickle", CALLSHEET, 50, (run(20.0),)))
    made.records += [Record("replicas", subject_of(number), LATENCY_MS, (run(40.0 * number),)) for number in (1, 2, 4)]
    made.floor = Floor(50, (0.8, 0.7, 0.9))
    made.memory = Memory(50_000, 40, 250.0, 300.0, 5000, 5000, 6.0)
    return made
