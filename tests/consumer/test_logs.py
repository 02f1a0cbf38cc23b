"""The log: one JSON object a line whatever the text is, and nothing from libraries that write too much."""

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from deploy.sandbox.children import CHECKOUT

HOSTILE = 'two\nlines\r\nand "quotes" {braces} %s \u2028 \x1b[31mred\x00 🎬 \u202eabc'
PROGRAM = """
import json, logging, sys, warnings
from consumer.telemetry.logs import configure_logs, logger
level, text = json.loads(sys.argv[1])
configure_logs(level)
logger().debug("looking", title=text)
logger().info("settled", title=text, mailbox="anna@example.com", nested={"text": text}, number=1)
logger().warning(text)
logging.getLogger("some.library").warning("said %s", text)
for name in ("exchangelib.services", "exchangelib", "requests_ntlm.x", "spnego", "urllib3.connectionpool", "oauthlib"):
    logging.getLogger(name).error("the whole request: %s", "hemlig")
warnings.warn("a warning of Python")
logging.getLogger("aio_pika.robust_connection").warning("reconnecting")
try:
    raise ValueError(text)
except ValueError as fault:
    logger().error("fault", exc_info=fault)
"""


def run(level: str, text: str) -> list[dict[str, Any]]:
    """The records that a process of its own writes."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([level, text])],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == b""
    return [json.loads(line) for line in done.stderr.decode().split("\n")[:-1]]


def test_one_record_a_line_whatever_the_text_is() -> None:
    settled, free, library, warning, fault = run("info", HOSTILE)
    assert (settled["action"], settled["title"], settled["nested"]["text"]) == ("settled", HOSTILE, HOSTILE)
    assert (settled["level"], settled["mailbox"], settled["number"]) == ("info", "anna@example.com", 1)
    assert settled["timestamp"].endswith("Z")
    assert free["action"] == HOSTILE
    assert (library["action"], library["level"]) == (f"said {HOSTILE}", "warning")
    assert warning["level"] == "warning"
    assert "UserWarning: a warning of Python" in warning["action"]
    assert fault["level"] == "error"
    assert "ValueError: two\nlines" in fault["exception"]


@pytest.mark.parametrize(
    ("level", "actions"),
    [
        ("debug", ["looking", "settled", "x", "said x", "fault"]),
        ("info", ["settled", "x", "said x", "fault"]),
        ("warning", ["x", "said x", "fault"]),
        ("error", ["fault"]),
    ],
)
def test_the_level(level: str, actions: list[str]) -> None:
    assert [record["action"] for record in run(level, "x") if "UserWarning" not in record["action"]] == actions


def test_libraries_that_write_whole_requests_are_silent() -> None:
    assert "hemlig" not in json.dumps(run("debug", "x"))


@pytest.mark.parametrize("text", [HOSTILE])
def test_in_a_terminal_a_text_breaks_no_line_either(text: str) -> None:
    ours, theirs = pty.openpty()
    program = PROGRAM.partition("logger().warning(text)")[0]
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", program, json.dumps(["info", text])],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
            stderr=theirs,
        )
        os.close(theirs)
        written = b""
        while chunk := _read(ours):
            written += chunk
        assert child.wait(20) == 0
    finally:
        os.close(ours)
    lines = written.decode().replace("\r\n", "\n").splitlines()
    assert len(lines) == 1
    assert "settled" in lines[0]
    assert "\x1b[31mred" not in lines[0]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""
