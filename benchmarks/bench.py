"""One run of the benchmark: what all workloads share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import Burst, run_of
from benchmarks.results import Record, Results, Run
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage
from benchmarks.subjects import Subject
from deploy.sandbox.broker import Broker

CALLSHEET: Final = "callsheet"
PLAIN: Final = "plain"


@dataclass
class Bench:
    """``say`` hears a line for everything that was measured; ``schedules`` holds the versions of a real schedule."""

    sizes: Sizes
    broker: Broker
    folder: Path
    results: Results
    say: Callable[[str], None]
    schedules: Path | None = None
    _stages: int = field(init=False, default=0)

    def stage(
        self, mailboxes: Iterable[str | Mapping[str, Any]], *arguments: str, domains: Sequence[str] = ()
    ) -> Stage:
        """A new stage, which is not up yet."""
        self._stages += 1
        folder = self.folder / f"stage-{self._stages}"
        stage = Stage(self.broker, folder, mailboxes, arguments)
        if domains:
            stage.domains = domains
        return stage

    def series(
        self, stage: Stage, subject: Subject, workload: str, name: str, bursts: Callable[[], Iterable[Burst]]
    ) -> None:
        """Measure a workload at each latency; ``bursts`` gives new ones for each run."""
        for number, latency_ms in enumerate(self.sizes.series):
            stage.slow_down(latency_ms)
            # The plain consumer is slow; the bars are about the first series.
            runs = self.sizes.runs if name == CALLSHEET else 1 if number else self.sizes.plain_runs
            measured = [run_of(stage, subject, bursts(), self.sizes.min_seconds) for _ in range(runs)]
            self.record(workload, name, latency_ms, measured)

    def record(self, workload: str, subject: str, latency_ms: int, runs: Sequence[Run], note: str = "") -> Record:
        """Keep what was measured, and say it."""
        record = Record(workload, subject, latency_ms, tuple(runs), note)
        self.results.records.append(record)
        rate, seconds = record.median(lambda run: run.per_second), record.median(lambda run: run.seconds)
        self.say(
            f"{workload:<16} {subject:<12} {latency_ms:>3} ms  {rate:>8.1f} changes/s  "
            f"{record.median(lambda run: run.requests_per_change):>6.3f} requests  "
            f"{record.median(lambda run: run.cpu_ms_per_change):>6.2f} ms CPU  "
            f"{record.median(lambda run: run.server_load):>4.0%} server  {seconds:>5.1f} s x {len(runs)}"
        )
        return record
