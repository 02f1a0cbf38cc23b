"""Schedule: the versions of a schedule, one after the other, each when the one before is in the calendars."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.bench import CALLSHEET, PLAIN, Bench
from benchmarks.events import SOURCE, envelope
from benchmarks.measuring import Burst, prepare, run_of
from benchmarks.subjects import Callsheet, Plain
from benchmarks.workloads.scattered import WARM_UP_EVENTS, edits
from contract.event import EventType
from deploy.sandbox.directory import domains
from deploy.sandbox.directory import mailboxes as boxes_of
from deploy.sandbox.edition import Edition
from deploy.sandbox.edition import prepare as prepare_edition
from producers.sources.pentabarf import read_pentabarf
from producers.sync.difference import Entry, Place, difference
from producers.sync.directory import read_directory

_WARM_UP = "warmup.example.com"


def schedule(bench: Bench) -> None:
    """The sandbox's own schedule, and a real one where its folder was named."""
    _play(bench, "schedule", None)
    if bench.schedules is not None:
        _play(bench, "schedule real", bench.schedules)


def _play(bench: Bench, workload: str, folder: Path | None) -> None:
    sizes = bench.sizes
    today = datetime.now().astimezone().date()
    edition = prepare_edition(bench.folder / workload.replace(" ", "-"), folder, 1, today)
    versions = list(_versions(edition))
    warm_up = [f"warm-{number}@{_WARM_UP}" for number in range(WARM_UP_EVENTS)]
    places = [_WARM_UP, *domains(edition.directory)]
    everybody: list[str | dict[str, Any]] = [*warm_up, *boxes_of(edition.directory)]
    for name, kind, events in ((CALLSHEET, Callsheet, sizes.schedule_events), (PLAIN, Plain, sizes.plain_events)):
        wanted = _slice(versions, events)
        for latency_ms in sizes.series:
            with bench.stage(everybody, domains=places) as stage, kind.on(stage) as subject:
                prepare(stage, subject, edits(warm_up, 1))
                stage.slow_down(latency_ms)
                # All of it is one run, however long it takes.
                run = run_of(stage, subject, wanted, math.inf)
            bench.record(workload, name, latency_ms, [run])


def _versions(edition: Edition) -> Iterator[Burst]:
    """What a producer publishes for each version: the difference from the one before."""
    directory = read_directory(edition.directory_file)
    published: dict[Place, Entry] = {}
    for revision, file in enumerate(edition.files, start=1):
        found = difference(published, read_pentabarf(file, SOURCE).bookings, directory)
        for change in (*found.publish, *found.record):
            published[change.place] = Entry(revision, change.content, change.holders)
        yield [
            _event(change.place, revision, None if change.content is None else orjson.loads(change.content))
            for change in found.publish
        ]


def _event(place: Place, revision: int, content: dict[str, Any] | None) -> dict[str, Any]:
    data = {"booking": place.booking, "revision": revision, **(content or {})}
    return envelope(place.mailbox, EventType.CANCELLED if content is None else EventType.CHANGED, data)


def _slice(versions: Sequence[Burst], events: int | None) -> list[Burst]:
    """The first events of the versions, so many in all; None: all of them."""
    if events is None:
        return list(versions)
    kept: list[Burst] = []
    for version in versions:
        if part := version[: events - sum(map(len, kept))]:
            kept.append(part)
    return kept
