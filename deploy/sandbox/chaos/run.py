"""One run from beginning to end: bring up, storm, calm, and the comparison."""

import json
import random
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.sandbox.broker import BrokerUnavailable
from deploy.sandbox.calendars import read_calendars
from deploy.sandbox.chaos.conductor import Conductor
from deploy.sandbox.chaos.events import History, churned, histories, last_day, moved_house, only, stream
from deploy.sandbox.chaos.feeder import Feeder
from deploy.sandbox.chaos.form import Form
from deploy.sandbox.chaos.parked import REJECTED, Parked, read_parked
from deploy.sandbox.chaos.people import People
from deploy.sandbox.chaos.plan import TOUCHES, make_plan
from deploy.sandbox.chaos.report import Progress, Result, difference_lines, fault_table
from deploy.sandbox.chaos.system import System
from deploy.sandbox.chaos.verdict import Difference, Kind, judge
from deploy.sandbox.children import ChildError
from deploy.sandbox.directory import Entry, mailboxes
from deploy.sandbox.display import Display
from deploy.sandbox.edition import prepare
from deploy.sandbox.pentabarf import UnreadableSchedule

EXIT_RIGHT: Final = 0
EXIT_WRONG: Final = 1
EXIT_WRONG_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Cast:
    """Whose calendars there are, and everything that becomes of every booking."""

    directory: tuple[Entry, ...]
    histories: tuple[History, ...]


def run_chaos(seed: int, form: Form, schedules: Path | None, json_file: Path | None) -> int:
    """Run it; the exit code: 0 all is right, 1 it is not or something failed, 2 the schedules are unusable.

    On failure the folder with the logs and the journal of events is kept and named.
    """
    display = Display()
    display.line(f"chaos: seed={seed} form={form.name}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix=f"callsheet-chaos-{seed}-"))
    code, named = EXIT_WRONG, False
    try:
        cast = _cast(seed, form, schedules, folder)
        result = _run(seed, form, cast, folder, Progress(display), display)
        if json_file is not None:
            json_file.write_text(json.dumps(result.as_json(), indent=1, default=str))
        for problem in result.problems:
            display.line(f"problem: {problem}")
        code = EXIT_RIGHT if result.is_right else EXIT_WRONG
        if code != EXIT_RIGHT:
            named = True
            display.line(f"logs and journal: {folder}")
        display.line(result.summary())
    except UnreadableSchedule as error:
        display.line(f"chaos: {error}")
        code = EXIT_WRONG_USAGE
    except (ChildError, BrokerUnavailable) as error:
        display.line(f"chaos: seed={seed}: {error}")
    except KeyboardInterrupt:
        display.line("chaos: interrupted; everything is stopped")
        code = EXIT_INTERRUPTED
    finally:
        # Also when it ends by a fault of ours, whose traceback follows.
        if code != EXIT_WRONG:
            shutil.rmtree(folder, ignore_errors=True)
        elif not named:
            display.line(f"logs and journal: {folder}")
    return code


def _cast(seed: int, form: Form, schedules: Path | None, folder: Path) -> Cast:
    """The generator's houses; a real schedule takes the place of one of them."""
    rng = random.Random(f"{seed} histories")
    today = datetime.now().astimezone().date()
    directory: list[Entry] = []
    found: list[History] = []
    if schedules is not None:
        edition = prepare(folder / "schedule", schedules, seed, today)
        directory += edition.directory
        found += histories(edition.versions, edition.directory, "chaos://schedule")
    for number in range(1, form.houses + (1 if schedules is None else 0)):
        house = folder / f"house-{number}"
        edition = prepare(house, None, seed * 10 + number, today)
        entries = moved_house(edition.directory, f"house-{number}.example.com")
        directory += entries
        found += histories(edition.versions, entries, f"chaos://house-{number}")
    kept = only(churned(rng, found), form.calendars, form.events)
    wanted = {history.mailbox for history in kept}
    return Cast(tuple(entry for entry in directory if entry.mailbox.casefold() in wanted), tuple(kept))


def _run(seed: int, form: Form, cast: Cast, folder: Path, progress: Progress, display: Display) -> Result:
    events = stream(random.Random(f"{seed} stream"), cast.histories)
    plan = make_plan(random.Random(f"{seed} plan"), form)
    boxes = mailboxes(cast.directory)
    days_after = max(180, (last_day(cast.histories) - datetime.now().astimezone().date()).days + 14)
    progress.line(f"{len(events)} events of {len(cast.histories)} bookings in {len(boxes)} calendars; bringing up")
    with System(folder, boxes, seed, days_after) as system:
        progress.line("broker, stand-in Exchange and three replicas are up; the storm begins")
        feeder = Feeder(system.producer, folder, events, form.storm_seconds)
        people = People(
            random.Random(f"{seed} people"), system.mailbox, cast.histories, feeder.add, first_revision=len(events)
        )
        conductor = Conductor(plan, system, people)

        def tick(_seconds: float = 0.0) -> None:
            feeder.require_going_on()
            if progress.is_due:
                progress.line(_state(system, feeder))

        try:
            feeder.begin()
            conductor.run(tick)
            feeder.wait_until_handed_over(60, tick)
            progress.line(f"the storm is over: {_state(system, feeder)}")
            parked, replayed = _calm(system, feeder, people, form, progress, tick)
            found = read_calendars(system.emulator, [str(box["address"]) for box in boxes], folder / "readback")
        finally:
            feeder.write_journal(folder / "journal.jsonl")
        differences = judge(feeder.model.calendars(found), found, people.own)
        differences += [_wrongly(one) for one in parked]
        result = Result(
            seed=seed,
            form=form.name,
            events=feeder.published,
            calendars=len(found),
            done=dict(system.done),
            touches=dict(people.done),
            faults=system.emulator.counters()["faults"],
            struck=conductor.struck,
            replayed=replayed,
            differences=differences,
            seconds=progress.seconds,
            problems=_not_done(form, system.done, people.done),
        )
    history = {(one.mailbox, one.booking): feeder.history(one.mailbox, one.booking) for one in differences}
    for line in (*difference_lines(differences, history), *fault_table(result)):
        display.line(line)
    return result


def _calm(
    system: System, feeder: Feeder, people: People, form: Form, progress: Progress, tick: Callable[[], None]
) -> tuple[list[Parked], int]:
    """Nothing fails any more: until everything is applied, looked at again, and mended. What stays parked."""
    system.emulator.clear_faults()
    # While work is still under way, and second looks wait for their time.
    system.replicas.roll()
    progress.line("nothing fails any more, and all replicas were restarted as planned")
    people.closing()
    feeder.end()
    # A second look is a message that waits, like an event that is to be tried again.
    system.until_drained(form.drain_seconds, tick)
    progress.line("nothing waits any more")
    refused = [one for one in read_parked(system.broker.management, system.amqp_url) if one.was_refused]
    if refused:
        progress.line(f"replaying {len(refused)} events that Exchange had refused on demand")
        system.replicas.command("replay", "parked", "replay", "--reason", REJECTED)
        system.until_drained(form.drain_seconds, tick)
    return read_parked(system.broker.management, system.amqp_url), len(refused)


def _state(system: System, feeder: Feeder) -> str:
    waiting = system.waiting()
    queues = "the broker is away" if waiting is None else f"{waiting} messages wait, {system.parked()} parked"
    done = ", ".join(f"{what} {count}" for what, count in sorted(system.done.items()))
    return f"published {feeder.published}; {queues}" + (f"; {done}" if done else "")


def _not_done(form: Form, done: Mapping[str, int], touches: Mapping[str, int]) -> list[str]:
    """What the plan had in it and did not happen."""
    planned = {
        "kills": form.kills,
        "pauses": form.pauses,
        "broker stops": form.broker_stops,
        "broker kills": form.broker_kills,
        # Some may fall into a time when the broker is away.
        "dropped connections": min(1, form.dropped_connections),
    }
    missing = [
        f"{what}: {done.get(what, 0)} of {count}" for what, count in planned.items() if done.get(what, 0) < count
    ]
    return missing + [f"nobody could {action} an item" for action in TOUCHES if not touches.get(action)]


def _wrongly(parked: Parked) -> Difference:
    what = f"revision {parked.revision} was parked: {parked.reason}: {parked.error}"
    return Difference(Kind.PARKED_WRONGLY, parked.mailbox.casefold(), parked.booking, what)


def _interrupt(_number: int, _frame: object) -> None:
    # The clean-up that follows has its own time limits; a second Ctrl-C must not cut it short.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
