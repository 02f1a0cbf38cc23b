"""All calendars read back at once, by two client processes."""

import json
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from deploy.sandbox.children import CHECKOUT, Child, ChildError
from deploy.sandbox.comparison import Item, item_from_json
from deploy.sandbox.stand_in import RunningEmulator

_PROCESSES: Final = 2
_THREADS: Final = 3


def read_calendars(
    emulator: RunningEmulator,
    mailboxes: Sequence[str],
    folder: Path,
    *,
    timeout_seconds: float = 300.0,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, list[Item]]:
    """Read these calendars over EWS with plain exchangelib; ``progress`` is told of each that is done.

    ``folder`` takes orders and logs. Raises ChildError if one cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shares = [mailboxes[number::_PROCESSES] for number in range(_PROCESSES)]
    children: list[Child] = []
    calendars: dict[str, list[Item]] = {}

    def collect(child: Child) -> None:
        # A client that hangs is killed, which ends its output.
        alarm = threading.Timer(timeout_seconds, child.kill)
        alarm.start()
        try:
            for line in child.stdout:
                answer = json.loads(line)
                calendars[answer["mailbox"]] = [item_from_json(fields) for fields in answer["items"]]
                progress(1)
            code = child.wait(timeout_seconds)
        finally:
            alarm.cancel()
        if code:
            raise ChildError(f"{child.name} ended with code {code}:\n{child.tail()}")

    with ThreadPoolExecutor(_PROCESSES) as threads:
        try:
            for number, share in enumerate(shares, start=1):
                if share:
                    children.append(_start(number, emulator, share, folder))
            list(threads.map(collect, children))
        finally:
            # Before the threads are waited for, so that an interruption does not have to wait for the readers.
            for child in children:
                child.kill()
    return calendars


def _start(number: int, emulator: RunningEmulator, mailboxes: Sequence[str], folder: Path) -> Child:
    order = folder / f"readback-{number}.json"
    order.touch(mode=0o600)
    order.write_text(
        json.dumps(
            {
                "url": emulator.ews_url,
                "user": emulator.user,
                "password": emulator.password,
                "mailboxes": list(mailboxes),
                "threads": _THREADS,
            }
        )
    )
    command: list[str | Path] = [sys.executable, "-m", "deploy.sandbox.readback", order]
    log = folder / f"readback-{number}.log"
    return Child(f"reader {number}", command, log=log, capture_stdout=True, directory=CHECKOUT)
