"""``serve`` and ``token`` on the command line: wrong usage, and what cannot be had."""

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from deploy.sandbox.installation import clean_environment
from producers.commands import app
from tests.producers.serve.conftest import tokens_toml


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "producers", *arguments]
    environment = {**clean_environment(), "TERM": "dumb"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)


def wrong(*arguments: str) -> str:
    """What is said of wrong usage, on one line."""
    clean: dict[str, str | None] = {key: None for key in os.environ if key.startswith("CALLSHEET_")}
    result = CliRunner().invoke(app, arguments, env={**clean, "TERM": "dumb", "COLUMNS": "200"})
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


def test_wrong_usage_is_exit_code_2_and_names_the_option(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    assert "--tokens" in wrong("serve")
    assert f"--tokens: {file} cannot be read" in wrong("serve", "--tokens", str(file))
    file.write_text(tokens_toml())
    serve = ("serve", "--tokens", str(file))
    assert "--max-in-flight" in wrong(*serve, "--max-batch", "50", "--max-in-flight", "10")
    assert "--tls-key" in wrong(*serve, "--tls-certificate", str(file))
    for url in ("ftp://x/", "http://user:s3cret@127.0.0.1/trigger", "http://", "http://x:99999/"):
        said = wrong(*serve, "--sync-url", url)
        assert "--sync-url" in said
        assert "s3cret" not in said
    assert "--amqp-url" in wrong(*serve, "--amqp-url", "http://x/")
    assert "mailboxes.0" in wrong("token", "new", "x", "--source", "*", "--mailbox", "*")
    assert "name" in wrong("token", "new", "x y", "--source", "*", "--mailbox", "*@*")


def test_an_address_or_certificate_that_cannot_be_used_is_exit_code_1(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(tokens_toml())
    done = run("serve", "--tokens", str(file), "--host", "192.0.2.1")
    assert done.returncode == 1
    assert "--host 192.0.2.1 --port 8460: " in done.stderr
    done = run("serve", "--tokens", str(file), "--tls-certificate", str(file), "--tls-key", str(file))
    assert done.returncode == 1
    assert "--tls-certificate, --tls-key: expected PEM files" in done.stderr
    assert "Traceback" not in done.stderr
