"""What the commands share: options, one-line errors with exit codes, and the way to standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console

from producers.settings import AMQP_URL, SettingsError
from producers.sync.failure import FAILURES

PROGRAM: Final = "callsheet-producer"
FAILED: Final = 1
WRONG_USAGE: Final = 2

AmqpUrl = Annotated[
    str | None,
    typer.Option(
        "--amqp-url",
        metavar="URL",
        help=f"The broker. Others on this machine can read a command line: a password is safer in {AMQP_URL}.",
    ),
]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0.1, help="How long to keep trying while the broker is away."),
]
AsJson = Annotated[bool, typer.Option("--json", help="The summary as one JSON object on standard output.")]


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turns what may go wrong into one line on standard error and an exit code."""
    try:
        yield
    except SettingsError as error:
        say_error(error)
        raise typer.Exit(WRONG_USAGE) from None
    except FAILURES as error:
        say_error(error)
        raise typer.Exit(FAILED) from None


def say_error(error: Exception) -> None:
    """One line on standard error."""
    typer.echo(f"{PROGRAM}: {error}", err=True)


def console() -> Console:
    """Standard error, for progress and for what a person should know."""
    return Console(stderr=True, soft_wrap=True)


def say(on: Console, line: str) -> None:
    """A line as it is, above a progress bar if there is one."""
    on.print(line, markup=False, highlight=False)


def print_json(summary: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(orjson.dumps(summary).decode())
