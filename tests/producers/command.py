"""``callsheet-producer`` as people and scripts call it, and a small studio to sync."""

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from typer.testing import CliRunner, Result

from deploy.sandbox.ports import free_ports
from producers.commands import app
from tests.producers.samples import directory_csv, write


def run(*arguments: str | Path, amqp_url: str = "", stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """``callsheet-producer`` in a process of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CALLSHEET_")}
    given = {**kept, "TERM": "dumb", **({"CALLSHEET_AMQP_URL": amqp_url} if amqp_url else {})}
    done = subprocess.run(
        [sys.executable, "-m", "producers", *map(str, arguments)],
        env=given,
        input=stdin,
        capture_output=True,
        timeout=50,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_here(*arguments: str, environment: Mapping[str, str] | None = None) -> Result:
    """The command in this process, which is quicker; it must not read standard input."""
    clean: dict[str, str | None] = {key: None for key in os.environ if key.startswith("CALLSHEET_")}
    return CliRunner().invoke(app, arguments, env={**clean, "TERM": "dumb", **(environment or {})})


def nobody() -> str:
    """The URL of a broker that is not there."""
    return f"amqp://guest:s3cret@127.0.0.1:{free_ports(1)[0]}/"


class Studio:
    """A schedule, a directory and a state in a folder, and the command on them."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self.schedule = folder / "schedule.xml"
        self.directory = folder / "directory.csv"
        self.state = folder / "state.sqlite"
        self._amqp_url = amqp_url
        persons = {"1": "anna@example.com", "2": "bo@example.com"}
        write(self.directory, directory_csv(persons, {"Suite 4": "suite-4@example.com"}))

    def sync(self, *more: str, schedule: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command in a thread of this process: many are quick, and the test's event loop is not in its way."""
        if schedule is not None:
            write(self.schedule, schedule)
        given = ("--directory", self.directory, "--state", self.state, "--wait", "5", "--amqp-url", self._amqp_url)
        arguments = [str(word) for word in ("sync", "pentabarf", self.schedule, *given, *more)]
        with ThreadPoolExecutor(1) as thread:
            done = thread.submit(run_here, *arguments).result()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
