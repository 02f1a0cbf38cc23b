"""Ends the children of a process that died without ending them itself, even by SIGKILL. A program of its own.

Its standard input is a pipe whose other end only the parent holds: the pipe closes when the parent is gone, however it
went. Lines on it: ``watch PID``, ``forget PID``, ``tidy FOLDER``, ``keep FOLDER``. At the end of input every watched
process group gets SIGTERM, a few seconds later SIGKILL, and the folders are removed. A process is held by its pidfd, so
that a number which has meanwhile been given to a stranger is never signalled.

Standard library only: it is started with ``python -I -S`` to be there within milliseconds.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import time

_GRACE_SECONDS = 8.0


def _is_running(pidfd: int) -> bool:
    return not select.select([pidfd], [], [], 0)[0]


def _signal_groups(watched: dict[int, int], number: signal.Signals) -> None:
    for pid, pidfd in watched.items():
        if _is_running(pidfd):
            # The child leads a group of its own (start_new_session), so its number is the group's too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)


def main() -> None:
    """Read the orders until the parent is gone, then clean up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, int] = {}
    folders: set[str] = set()
    for line in sys.stdin:
        order, _, operand = line.rstrip("\n").partition(" ")
        if order == "watch":
            with contextlib.suppress(ProcessLookupError):
                watched[int(operand)] = os.pidfd_open(int(operand))
        elif order == "forget" and int(operand) in watched:
            os.close(watched.pop(int(operand)))
        elif order == "tidy":
            folders.add(operand)
        elif order == "keep":
            folders.discard(operand)
    _signal_groups(watched, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline and any(_is_running(pidfd) for pidfd in watched.values()):
        time.sleep(0.05)
    _signal_groups(watched, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
