"""Help, exit codes of wrong usage, and what a command does not load."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from consumer.commands import app
from deploy.sandbox.children import CHECKOUT

QUEUE_COMMANDS = [
    *(["parked", command] for command in ("list", "show", "replay", "drop")),
    *(["held", command] for command in ("list", "show", "release", "drop")),
]
COMMANDS = [["run"], ["topology"], ["explain"], ["purge"], *QUEUE_COMMANDS]


def help_of(*command: str) -> str:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    return shown.output


def test_the_help_names_every_command() -> None:
    for command in ("run", "topology", "parked", "held", "explain", "purge"):
        assert command in help_of()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    assert len(help_of(*command).splitlines()) > 5


@pytest.mark.parametrize("command", QUEUE_COMMANDS, ids=" ".join)
def test_the_filters_are_the_same_everywhere(command: list[str]) -> None:
    text = help_of(*command)
    for option in ("--reason", "--mailbox", "--older-than", "--newer-than", "--id", "--json"):
        assert option in text
    assert ("--dry-run" in text) is (command[1] in ("replay", "release", "drop"))
    assert ("--force" in text) is (command[1] == "replay")
    assert ("--yes" in text) is (command[1] == "drop")


def test_looking_at_messages_does_not_load_what_speaks_to_exchange() -> None:
    # The broker is not there; each command goes as far as to find that out.
    program = (
        "import sys\nfrom consumer.commands import app\n"
        "for command in (['--help'], ['topology'], ['parked', 'list']):\n"
        "    try: app(command, standalone_mode=False)\n"
        "    except SystemExit as end: assert end.code == 1, end.code\n"
        "print('exchangelib' in sys.modules, 'aio_pika' in sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        env={"CALLSHEET_AMQP_URL": "amqp://guest:guest@127.0.0.1:1/"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.stdout.splitlines()[-1] == "False True", ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["parked", "list", "--older-than", "soon"],
        ["parked", "list", "--reason", "bad_luck"],
        ["parked", "drop", "--force"],
        ["parked", "replay", "some-id"],
        ["held", "release", "some-id"],
        ["held", "replay"],
        ["explain", "anna@example.com"],
        ["explain", "Anna", "B-1"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
