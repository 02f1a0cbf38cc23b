"""The demo: the whole way from a schedule to Exchange calendars, ending with a comparison of every calendar."""

import signal
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.sandbox.broker import BrokerUnavailable
from deploy.sandbox.calendars import read_calendars
from deploy.sandbox.children import ChildError, TemporaryFolder
from deploy.sandbox.comparison import Verdict, compare, expected_calendars
from deploy.sandbox.display import Display
from deploy.sandbox.edition import Edition, prepare
from deploy.sandbox.installation import SOURCE, Installation
from deploy.sandbox.management import ManagementError
from deploy.sandbox.pentabarf import UnreadableSchedule
from deploy.sandbox.replay import NotSettled, Replay

EXIT_DONE: Final = 0
EXIT_DIFFERENT: Final = 1
EXIT_WRONG_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130

_LISTED_AT_MOST: Final = 50


def run_demo(schedule: Path | None, store: Path | None, *, keep: bool, seed: int, timeout_seconds: float) -> int:
    """Run it; the exit code: 0 every calendar is right, 1 one is not or something failed, 2 the schedule is unusable.

    Ctrl-C and SIGTERM stop everything that was started; nothing stays behind, not even after SIGKILL.
    """
    display = Display()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with ExitStack() as cleanup:
        try:
            if store is None:
                temporary = TemporaryFolder("demo")
                cleanup.callback(temporary.close)
                folder = temporary.path
            else:
                folder = store.resolve()
                folder.mkdir(parents=True, exist_ok=True)
            edition = prepare(folder / "schedule", schedule, seed, datetime.now().astimezone().date())
            return _bring_up_and_replay(edition, folder, display, store, keep=keep, timeout_seconds=timeout_seconds)
        except UnreadableSchedule as error:
            display.line(f"demo: {error}")
            return EXIT_WRONG_USAGE
        except (ChildError, NotSettled, BrokerUnavailable, ManagementError) as error:
            display.line(f"demo: {error}")
            if store is None and not isinstance(error, BrokerUnavailable):
                display.line("(logs went with the temporary folder; `make demo STORE=DIR` keeps them)")
            return EXIT_DIFFERENT
        except KeyboardInterrupt:
            display.line("demo: interrupted; everything is stopped")
            return EXIT_INTERRUPTED


def _bring_up_and_replay(
    edition: Edition, folder: Path, display: Display, store: Path | None, *, keep: bool, timeout_seconds: float
) -> int:
    installation = Installation(
        folder,
        edition.directory,
        edition.timezone.key,
        edition.last_day(),
        keep_state=store is not None,
        say=display.line,
    )
    with installation:
        replay = Replay(installation, edition, folder / "producer.sqlite", display, timeout_seconds)
        replay.run()
        again = replay.repeat()
        display.line(f"the last version once more: published {again}")
        requests = installation.emulator.counters()["requests"]
        shown = ", ".join(f"{operation} {count}" for operation, count in sorted(requests.items()))
        display.line(f"requests to Exchange: {shown or 'none'}")
        verdict = _compare(installation, edition, folder, display)
        parked = installation.parked()
        for difference in verdict.differences[:_LISTED_AT_MOST]:
            display.line(str(difference))
        if len(verdict.differences) > _LISTED_AT_MOST:
            display.line(f"… and {len(verdict.differences) - _LISTED_AT_MOST} more")
        if parked:
            display.line(f"{parked} events were parked:")
            for reason in installation.parked_reasons():
                display.line(f"  {reason}")
        display.line(verdict.summary(sum(requests.values()), replay.published + again))
        if keep:
            _stay_up(installation, display)
        return EXIT_DIFFERENT if verdict.differences or parked or again else EXIT_DONE


def _compare(installation: Installation, edition: Edition, folder: Path, display: Display) -> Verdict:
    expected = expected_calendars(edition.versions[-1], edition.directory, SOURCE)
    done = 0
    with display.progress("reading the calendars back", len(expected)) as advance:

        def count(calendars: int) -> None:
            nonlocal done
            done += calendars
            advance(done)

        found = read_calendars(installation.emulator, sorted(expected), folder / "readback", progress=count)
    return compare(expected, found)


def _stay_up(installation: Installation, display: Display) -> None:
    """Until Ctrl-C, or until a part dies (ChildError)."""
    try:
        display.line(f"It stays up until Ctrl-C. The calendars: {installation.emulator.page_url}")
        while True:
            # Wakes up now and then, so that the death of a part does not go unnoticed.
            time.sleep(1.0)
            installation.require_running()
    except KeyboardInterrupt:
        return


def _interrupt(_number: int, _frame: object) -> None:
    # The clean-up that follows has its own time limits; a second Ctrl-C must not cut it short.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
