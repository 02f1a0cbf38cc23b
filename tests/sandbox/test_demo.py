"""The demo as a user runs it, with a small schedule: right calendars, a kept store, nothing left behind."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from deploy.sandbox import studio
from deploy.sandbox.directory import Entry, write_directory
from deploy.sandbox.pentabarf import Schedule, write
from deploy.sandbox.studio_staff import resources, staff
from tests.support import eventually

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def small_schedule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of what two crafts do in the first four days."""
    folder = tmp_path_factory.mktemp("schedule")
    first_day = date(2026, 3, 2)
    crafts = {"Grading", "Mastering"}
    for number, version in enumerate(studio.versions(1, first_day)[::4], start=1):
        sessions = [session for session in version.sessions if session.track in crafts]
        near = [session for session in sessions if session.start.date() < first_day + timedelta(days=4)]
        write(folder / f"{number}.xml", Schedule(version.title, version.timezone, tuple(near), version.people))
    people = [Entry("person", one.id, one.mailbox, one.name) for one in staff() if one.craft in crafts]
    rooms = [Entry("room", one.name, one.mailbox, one.name, one.kind) for one in resources() if one.craft in crafts]
    write_directory(folder / "directory.csv", [*people, *rooms])
    return folder


class RunningDemo:
    """A demo as a child process, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            match = re.search(pattern, self.lines[-1])
            if match:
                return match
        raise AssertionError(f"{pattern} did not come:\n" + "\n".join(self.lines))

    def pids(self) -> list[int]:
        """Of everything that it has said is up."""
        return [int(pid) for line in self.lines for pid in re.findall(r"up, pid (\d+)", line)]


@contextmanager
def demo(*arguments: str | Path) -> Iterator[RunningDemo]:
    command = [sys.executable, "-m", "deploy.sandbox", "demo", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            yield RunningDemo(process)
        finally:
            process.kill()


def everything_is_gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def processes_that_name(path: Path) -> list[str]:
    """Living processes whose command line or environment names this path: the broker's port mapper, for one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(path).encode() in words:
            found.append(words.decode(errors="replace"))
    return found


@pytest.mark.timeout(150)
def test_replay_compare_keep_and_replay_again(small_schedule: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with demo("--schedule", small_schedule, "--store", store, "--keep") as first:
        summary = first.until(r"^demo: calendars=(\d+) items=(\d+) (.*) ews_requests=(\d+) changes=(\d+)$")
        assert summary[3] == "missing=0 extra=0 wrong=0 duplicates=0"
        assert int(summary[1]) == len({line.split(",")[2] for line in _directory(small_schedule)})
        assert int(summary[5]) >= int(summary[2]) > 40
        page = first.until(r"The calendars: (http://\S+)$")[1]
        with urllib.request.urlopen(page, timeout=10) as response:
            assert response.status == 200
        assert len(first.pids()) == 4
        assert processes_that_name(store)
        first.process.send_signal(signal.SIGINT)
        assert first.process.wait(30) == 0
        assert everything_is_gone(first.pids())

    with demo("--schedule", small_schedule, "--store", store, "--keep") as second:
        again = second.until(r"^demo: .* missing=0 extra=0 wrong=0 duplicates=0 ews_requests=\d+ changes=0$")
        assert f" items={summary[2]} " in again[0]
        requests = next(line for line in second.lines if line.startswith("requests to Exchange:"))
        assert not re.search(r"CreateItem|UpdateItem|DeleteItem", requests)
        os.kill(second.process.pid, signal.SIGKILL)
        eventually(lambda: everything_is_gone(second.pids()), 30, what="all children of a killed demo are gone")
        eventually(lambda: not processes_that_name(store), 10, what="and all that those had started")


def test_unusable_schedules_are_refused_before_anything_starts(tmp_path: Path) -> None:
    with demo("--schedule", tmp_path) as nothing:
        nothing.until(r"holds no \*\.xml")
        assert nothing.process.wait(30) == 2
        assert nothing.pids() == []


def _directory(folder: Path) -> list[str]:
    return (folder / "directory.csv").read_text(encoding="utf-8").splitlines()[1:]
