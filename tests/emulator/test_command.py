"""`python -m emulator` as a process: what it says, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.sandbox.children import CHECKOUT
from emulator.__main__ import main
from tests.conftest import StartEmulator
from tests.emulator.soap import Client, codes

ORGANISATION = '[[account]]\nuser = "a"\npassword = "b"\n[[mailbox]]\naddress = "anna@example.com"\n'


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def mailboxes(tmp_path: Path) -> Path:
    file = tmp_path / "organisation.toml"
    file.write_text(ORGANISATION)
    return file


def test_help_teaches() -> None:
    done = run("--help")
    assert done.returncode == 0
    for taught in (
        "[[mailbox]]",
        "[[account]]",
        "--store",
        "commit_then_drop",
        "/oauth2/token",
        "callsheet@any.domain",
    ):
        assert taught in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--mailboxes"),
        (["--mailboxes", "none.toml"], "none.toml: cannot be read"),
        (["--mailboxes", "FILE", "--port", "99999"], "expected a port"),
        (["--mailboxes", "FILE", "--auth", "kerberos"], "expected basic, ntlm or both"),
        (["--mailboxes", "FILE", "--auth", ""], "nobody could log in"),
        (["--mailboxes", "FILE", "--latency-ms", "-1"], "expected milliseconds"),
        (["--mailboxes", "FILE", "--tls-expired"], "belong to --tls"),
        (["--mailboxes", "FILE", "--token-file", "FILE"], "client: Field required"),
    ],
)
def test_wrong_arguments_exit_with_2(
    mailboxes: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = [str(mailboxes) if argument == "FILE" else argument for argument in arguments]
    monkeypatch.setattr(sys, "argv", ["emulator", *given])
    try:
        code: object = main()
    except SystemExit as stopped:
        code = stopped.code
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert message in said.err


def test_a_port_that_is_taken_exits_with_1(mailboxes: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--mailboxes", mailboxes, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_is_no_store_exits_with_1(mailboxes: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.write_text("this is no database, and long enough to be seen as something else" * 20)
    done = run("--mailboxes", mailboxes, "--store", store)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_in_one_line_and_stops_cleanly(mailboxes: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "emulator", "--mailboxes", str(mailboxes)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert set(ready) == {"ews", "page", "control", "pid"}
        assert ready["ews"] == ready["page"] + "EWS/Exchange.asmx"
        assert ready["pid"] == process.pid
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_store_survives_a_restart(start_emulator: StartEmulator, tmp_path: Path) -> None:
    arguments = ["--store", str(tmp_path / "store.sqlite")]
    first = start_emulator(["anna@example.com"], args=arguments)
    client = Client(first)
    assert codes(client.create("kept", "also kept", mailbox="anna@example.com")) == ["NoError", "NoError"]
    assert first.stop() == 0
    second = start_emulator(["anna@example.com"], args=arguments)
    client = Client(second)
    assert client.subjects("anna@example.com") == ["also kept", "kept"]
    client.create("new", mailbox="anna@example.com")
    second.child.kill()
    third = start_emulator(["anna@example.com"], args=arguments)
    assert Client(third).subjects("anna@example.com") == ["also kept", "kept", "new"]
