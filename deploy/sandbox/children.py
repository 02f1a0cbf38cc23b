"""Child processes that never outlive us, and folders that never stay behind.

Every child leads a process group of its own, so that Ctrl-C in a terminal reaches only us and we stop them in order.
A small reaper process (reaper.py) does it for us if we are killed.
"""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, Self

CHECKOUT: Final = Path(__file__).resolve().parents[2]
"""The folder in which ``python -m emulator`` and the like are found."""


class ChildError(RuntimeError):
    """A child process did not start, or ended when it should have gone on. The text holds the tail of its log."""


class _Reaper:
    """Our end of the reaper's pipe; started with the first child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def tell(self, order: str) -> None:
        with self._lock:
            if self._process is None or self._owner != os.getpid():
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py"))],
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                    text=True,
                    close_fds=True,
                )
                self._owner = os.getpid()
                atexit.register(self._close, self._process)
            pipe = self._process.stdin
            # A reaper that somebody killed must not break what still works.
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.write(order + "\n")
                    pipe.flush()

    @staticmethod
    def _close(process: subprocess.Popen[str]) -> None:
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)


_reaper = _Reaper()


class Child:
    """One running child process with its log.

    ``log`` receives standard error, and standard output too unless ``capture_stdout``, which leaves it to be read from
    ``stdout``. Raises ChildError if the program cannot be started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        capture_stdout: bool = False,
        directory: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        try:
            with log.open("ab") as sink:
                self._process = subprocess.Popen(
                    [str(part) for part in command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if capture_stdout else sink,
                    stderr=sink,
                    env=None if environment is None else dict(environment),
                    cwd=directory,
                    start_new_session=True,
                )
        except OSError as error:
            raise ChildError(f"{name} cannot be started: {error}") from error
        _reaper.tell(f"watch {self._process.pid}")

    @property
    def pid(self) -> int:
        """Its process id, which is the id of its process group too."""
        return self._process.pid

    @property
    def stdout(self) -> IO[bytes]:
        """Its standard output. Raises ValueError unless it was started with ``capture_stdout``."""
        if self._process.stdout is None:
            raise ValueError(f"the output of {self.name} goes to its log")
        return self._process.stdout

    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        code = self._process.poll()
        if code is not None:
            self._ended()
        return code

    def require_running(self) -> None:
        """Raise ChildError with the tail of the log if it has ended."""
        code = self.exit_code()
        if code is not None:
            raise ChildError(f"{self.name} has ended with code {code}. The end of its log:\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        """The last lines of its log."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError as error:
            return f"(no log: {error})"
        return "\n".join(text.splitlines()[-lines:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone; nothing happens if it has ended."""
        self._process.send_signal(number)

    def stop(self, grace_seconds: float = 15.0) -> int:
        """SIGTERM, and SIGKILL for the whole group after the grace period. The exit code; no error if it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                return self.kill()
        self._ended()
        return self._process.returncode

    def kill(self) -> int:
        """SIGKILL for the process and its group, at once. The exit code."""
        # Not once its end has been collected: the number may be somebody else's by then.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._ended()
        return self._process.returncode

    def wait(self, timeout_seconds: float) -> int:
        """Wait for its own end. Raises ChildError (and kills it) after the time-out."""
        try:
            code = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ChildError(
                f"{self.name} did not end within {timeout_seconds:g} s. The end of its log:\n{self.tail()}"
            ) from None
        self._ended()
        return code

    def _ended(self) -> None:
        _reaper.tell(f"forget {self._process.pid}")
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.stdout.close()


class TemporaryFolder:
    """A new private folder below the system's temporary folder, removed by ``close``, or by the reaper if we die."""

    def __init__(self, purpose: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"callsheet-{purpose}-"))
        _reaper.tell(f"tidy {self.path}")

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        _reaper.tell(f"keep {self.path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def wait_until(what: str, ready: Callable[[], bool], *, timeout_seconds: float, children: Sequence[Child] = ()) -> None:
    """Ask ``ready`` again and again until it says True.

    Raises ChildError as soon as one of ``children`` has ended, or when the time is over.
    """
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        for child in children:
            child.require_running()
        if time.monotonic() > deadline:
            logs = "".join(f"\nThe end of the log of {child.name}:\n{child.tail()}" for child in children)
            raise ChildError(f"{what}: not within {timeout_seconds:g} s.{logs}")
        time.sleep(0.05)
