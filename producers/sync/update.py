"""An update from end to end: source, directory and settings are read, compared with the state, and published."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from contract.event import Status
from producers.progress import Advance
from producers.publisher import Publisher
from producers.sync.directory import Directory, mailboxes_of, read_directory
from producers.sync.patience import PatientReader
from producers.sync.plan import NOTHING, Accepted, Plan, plan
from producers.sync.request import Request
from producers.sync.run import Summary, SyncRefused, synchronise
from producers.sync.schedule import Schedule
from producers.sync.state import State
from producers.sync.view import View
from producers.sync.view_file import ViewSettings, read_view_settings
from producers.sync.window import Window

Read = Callable[[Window], Schedule]
"""A source: everything it says of the window, or of more."""

_NO_STATE: Final = Path(":memory:")


@dataclass(frozen=True, slots=True)
class Job:
    """What is kept in step with what, and how. The files are read anew for each update.

    ``days_before`` and ``days_after`` None: no edge on that side.
    """

    read: Read
    state: Path
    directory: Path | None
    view_file: Path | None
    statuses: frozenset[Status]
    days_before: int | None
    days_after: int | None
    zone: ZoneInfo
    source_timeout_seconds: float


@dataclass(frozen=True, slots=True)
class _Inputs:
    schedule: Schedule
    directory: Directory
    view: View
    window: Window


class Updater:
    """Does the updates of one job. Raises :data:`producers.sync.failure.FAILURES`."""

    def __init__(
        self,
        job: Job,
        connect: Callable[[], AbstractAsyncContextManager[Publisher]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._job = job
        self._connect = connect
        self._clock = clock
        self._reader = PatientReader(self._inputs, job.source_timeout_seconds)

    async def update(
        self, request: Request, accepted: Accepted = NOTHING, advance: Callable[[Plan], Advance] | None = None
    ) -> Summary:
        """Publishes what the request asks for. ``advance`` is told the plan, and then each event's confirm."""
        inputs = await self._reader.read()
        with State(self._job.state, inputs.schedule.source) as state:
            planned = self._plan(inputs, state, request, accepted)
            if planned.refusal is not None:
                raise SyncRefused(planned.refusal)
            step = advance(planned) if advance is not None else lambda _: None
            return await synchronise(planned, state, self._connect, step)

    async def plan(self, request: Request, accepted: Accepted = NOTHING) -> Plan:
        """What :meth:`update` would publish. Makes no state file, and publishes nothing."""
        inputs = await self._reader.read()
        file = self._job.state if self._job.state.exists() else _NO_STATE
        with State(file, inputs.schedule.source) as state:
            return self._plan(inputs, state, request, accepted)

    def _plan(self, inputs: _Inputs, state: State, request: Request, accepted: Accepted) -> Plan:
        return plan(inputs.schedule, inputs.directory, state, inputs.window, inputs.view, request, accepted)

    def _inputs(self) -> _Inputs:
        job = self._job
        window = Window.around(self._clock(), job.days_before, job.days_after, job.zone)
        settings = read_view_settings(job.view_file) if job.view_file is not None else ViewSettings()
        listed = read_directory(job.directory) if job.directory is not None else {}
        schedule = job.read(window)
        directory = mailboxes_of(schedule, listed)
        if not directory:
            raise SyncRefused(
                f"{schedule.source} names no mailboxes itself: say with --directory which person or room has which"
            )
        view = View(
            statuses=job.statuses,
            title=settings.templates.title,
            notes=settings.templates.notes,
            privacy=settings.privacy_rules,
        )
        return _Inputs(schedule, directory, view, window)
