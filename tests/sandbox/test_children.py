"""Child processes end with us, however we end."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from deploy.sandbox.children import Child, ChildError, TemporaryFolder, wait_until
from tests.support import eventually

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
POLITE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("up", flush=True)
signal.pause()
"""
GRANDCHILD = """
import subprocess
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
child.wait()
"""


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_stop_is_polite_first(tmp_path: Path) -> None:
    child = Child("polite", python(POLITE), log=tmp_path / "log", capture_stdout=True)
    assert child.stdout.readline() == b"up\n"
    assert child.stop() == 7
    assert child.exit_code() == 7
    assert child.stop() == 7


def test_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    child = Child("stubborn", python(STUBBORN), log=tmp_path / "log", capture_stdout=True)
    assert child.stdout.readline() == b"up\n"
    assert child.stop(grace_seconds=0.2) == -signal.SIGKILL


def test_death_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    program = "print(*range(100), sep='\\n', flush=True); raise SystemExit('the reason')"
    child = Child("short-lived", python(program), log=tmp_path / "log")
    with pytest.raises(ChildError, match="short-lived has ended with code 1") as told:
        wait_until("it is ready", lambda: False, timeout_seconds=20, children=[child])
    assert "the reason" in str(told.value)
    assert "\n50\n" not in str(told.value)


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"it is ready: not within 0\.1 s"):
        wait_until("it is ready", lambda: False, timeout_seconds=0.1)
    child = Child("stubborn", python(STUBBORN), log=tmp_path / "log")
    with pytest.raises(ChildError, match="did not end within"):
        child.wait(0.1)
    assert child.exit_code() == -signal.SIGKILL


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match="nothing cannot be started"):
        Child("nothing", [tmp_path / "nothing"], log=tmp_path / "log")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_children_and_folders_go_with_their_parent(how: signal.Signals, tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import signal, sys
        from pathlib import Path
        from deploy.sandbox.children import Child, TemporaryFolder
        folder = TemporaryFolder("test")
        log = Path({str(tmp_path)!r}) / "log"
        child = Child("a parent", [sys.executable, "-c", {GRANDCHILD!r}], log=log, capture_stdout=True)
        print(child.pid, int(child.stdout.readline()), folder.path, flush=True)
        signal.pause()
    """)
    with subprocess.Popen(python(program), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        child, grandchild, folder = parent.stdout.readline().split()
        assert not is_gone(int(child))
        assert Path(folder).is_dir()
        os.kill(parent.pid, how)
    eventually(lambda: is_gone(int(child)) and is_gone(int(grandchild)), what="both processes are gone")
    eventually(lambda: not Path(folder).exists(), what="the folder is gone")


def test_temporary_folder_goes() -> None:
    with TemporaryFolder("test") as folder:
        (folder.path / "file").write_text("x")
    assert not folder.path.exists()
