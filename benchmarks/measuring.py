"""Timing a round: a burst waits at the broker, the clock starts when the consumer is let go.

The end is the moment of the last write in the journal of the stand-in Exchange; that all is settled is asked of the
broker, and only then of the consumer, so that nobody asks it anything while the clock runs.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from benchmarks.events import Booking, publish
from benchmarks.results import Quantiles, Run
from benchmarks.stage import Stage
from benchmarks.subjects import Subject
from benchmarks.usage import cpu_seconds, machine_cpu_seconds

Burst = Sequence[Booking | dict[str, Any]]

LONGEST_ROUND_SECONDS: Final = 900.0
_STOPPED_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.1
# What must not happen in a measurement: then less work was done than is counted.
_NOT_DONE: Final = ("parked", "held", "not_enrolled", "outside_window", "unchanged")


class BenchmarkFailed(Exception):
    """A subject did not do what was measured, or not in time. The text says what it did."""


def run_of(
    stage: Stage, subject: Subject, bursts: Iterable[Burst], min_seconds: float = 0.0, *, held: bool = True
) -> Run:
    """One run: bursts one after the other, until ``min_seconds`` of work were timed or no burst is left.

    Not ``held``: the clock starts before the burst is published. Raises BenchmarkFailed, ChildError.
    """
    run: Run | None = None
    for burst in bursts:
        one = _round(stage, subject, burst, held=held)
        run = one if run is None else run + one
        if run.seconds >= min_seconds:
            break
    if run is None:
        raise BenchmarkFailed("there was no burst to measure")
    return run


def prepare(stage: Stage, subject: Subject, *bursts: Burst) -> None:
    """Bring a subject to where the measurement starts, with a server as fast as it can be."""
    stage.slow_down(0)
    for burst in bursts:
        _round(stage, subject, burst, held=False)


class Meter:
    """What is counted between its making and :meth:`read`."""

    def __init__(self, stage: Stage, subject: Subject) -> None:
        self._stage, self._subject = stage, subject
        stage.emulator.reset_counters()
        self.mark = stage.journal.end()
        self._outcomes = subject.outcomes()
        self._freshness = subject.freshness()
        self._server_cpu = cpu_seconds(stage.emulator.child.pid)
        self._cpu = subject.cpu_seconds()
        self.start()

    def start(self) -> None:
        """Start the clock now, not when the meter was made."""
        self._machine = machine_cpu_seconds()
        self.started = time.time()

    def until_done(self, events: int) -> None:
        """Wait until that many events are settled. Raises BenchmarkFailed."""
        deadline = time.monotonic() + LONGEST_ROUND_SECONDS
        progress, moved_at = -1, time.monotonic()
        while self._stage.waiting() or self._settled() < events:
            self._subject.require_running()
            time.sleep(_LOOK_EVERY_SECONDS)
            # The journal grows as long as anything is written.
            if (size := self._stage.journal.end()) != progress:
                progress, moved_at = size, time.monotonic()
            if time.monotonic() > min(deadline, moved_at + _STOPPED_SECONDS):
                raise BenchmarkFailed(
                    f"{self._settled()} of {events} events are settled, {self._stage.waiting()} wait, and nothing goes "
                    f"on: {self._subject.outcomes() or ''}\n{self._subject.children[0].tail()}"
                )

    def read(self, changes: int) -> Run:
        """The figures, for that many changes. Raises BenchmarkFailed when something else was done than they say."""
        busy, whole = (now - then for now, then in zip(machine_cpu_seconds(), self._machine, strict=True))
        cpu, server_cpu = self._subject.cpu_seconds(), cpu_seconds(self._stage.emulator.child.pid)
        counters = self._stage.emulator.counters()
        writes = self._stage.journal.since(self.mark)
        done = self._subject.outcomes()
        if done is not None and self._outcomes is not None:
            done.subtract(self._outcomes)
            if undone := {name: done[name] for name in _NOT_DONE if done[name]}:
                raise BenchmarkFailed(f"of {changes} events some were not applied: {undone}")
        freshness, before = self._subject.freshness(), self._freshness
        return Run(
            changes=changes,
            seconds=max(write.at for write in writes) - self.started if writes else 0.0,
            requests=sum(counters["requests"].values()),
            items=sum(counters["items"].values()),
            cpu_seconds=cpu - self._cpu,
            server_cpu_seconds=server_cpu - self._server_cpu,
            peak_rss_mib=self._subject.peak_rss_mib(),
            machine_busy=busy / whole if whole > 0 else 0.0,
            handshakes=counters["auth"]["ntlm_handshakes"],
            put_off=done["retried"] if done is not None else 0,
            creates=counters["requests"].get("CreateItem", 0),
            freshness=Quantiles.of_histogram(freshness - before) if freshness and before else None,
        )

    def _settled(self) -> int:
        done = self._subject.outcomes()
        if done is None or self._outcomes is None:
            # It does one write for each event, and acknowledges after it.
            return sum(self._stage.emulator.counters()["items"].values())
        done.subtract(self._outcomes)
        return sum(count for name, count in done.items() if name not in ("retried", "forwarded"))


def _round(stage: Stage, subject: Subject, burst: Burst, *, held: bool) -> Run:
    meter = Meter(stage, subject)
    held_seconds = 0.0
    if held:
        subject.hold()
        try:
            publish(stage.amqp_url, burst)
        finally:
            held_seconds = time.time() - meter.started
            meter.start()
            subject.release()
    else:
        publish(stage.amqp_url, burst)
    meter.until_done(len(burst))
    return replace(meter.read(len(burst)), held_seconds=held_seconds)
