"""How parked messages, and what was done with them, are shown to people and to programs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import typer

from consumer.commands import display
from consumer.commands.command_line import FAILED, print_json, say
from consumer.parking.message import ParkedMessage

COLUMNS: Final = ("parked at", "reason", "attempts", "mailbox", "booking", "revision", "error", "id")
"""What a list shows of each message."""


def row(message: ParkedMessage) -> tuple[str, ...]:
    """A message as a line of a table under :data:`COLUMNS`."""
    return (
        display.local(message.parked_at),
        message.reason,
        str(message.attempts),
        message.mailbox,
        message.booking,
        "" if message.revision is None else str(message.revision),
        message.error,
        message.id,
    )


def _name(message: ParkedMessage) -> str:
    return " ".join(part for part in (message.id, message.reason, message.mailbox, message.booking) if part)


def summary(message: ParkedMessage) -> dict[str, Any]:
    """A message in JSON, without headers and body."""
    return {
        "id": message.id,
        "reason": message.reason,
        "error": message.error,
        "attempts": message.attempts,
        "parked_at": None if message.parked_at is None else message.parked_at.isoformat(),
        "mailbox": message.mailbox,
        "booking": message.booking,
        "revision": message.revision,
        "is_valid_event": message.is_valid,
        "bytes": message.size,
    }


def in_full(message: ParkedMessage) -> dict[str, Any]:
    """A message in JSON, with headers and body; bytes that are no UTF-8 are replaced."""
    return {
        **summary(message),
        "headers": {name: _plain(value) for name, value in message.headers.items()},
        "body": message.body.decode("utf-8", "replace"),
    }


def show(message: ParkedMessage) -> None:
    """Print a message for people, with headers and body."""
    for label, value in zip(COLUMNS, row(message), strict=True):
        typer.echo(f"{label + ':':<11}{display.safe(value)}")
    for name, value in message.headers.items():
        typer.echo(display.safe(f"  {name}: {_plain(value)}"))
    typer.echo(display.safe(message.body.decode("utf-8", "replace")) + "\n")


def _plain(value: object) -> Any:
    """The value of a header, as JSON can hold it."""
    convert: Callable[[Any], Any] = _plain
    if isinstance(value, dict):
        return {str(name): convert(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return list(map(convert, value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


class Outcome:
    """What was done with which messages, and which were left, and why."""

    def __init__(self) -> None:
        self.done: list[ParkedMessage] = []
        self.left: list[tuple[ParkedMessage, str]] = []

    def report(self, queue: str, total: int, done: str, dry_run: bool, as_json: bool) -> None:
        """Say so; the end, with 1, if something that was meant had to be left."""
        if as_json:
            left = [{**summary(message), "why": why} for message, why in self.left]
            print_json(
                {
                    "queue": queue,
                    "dry_run": dry_run,
                    "messages_in_queue": total,
                    done: list(map(summary, self.done)),
                    "left": left,
                }
            )
        else:
            for message in self.done if dry_run else ():
                say(f"would be {done}: {_name(message)}")
            for message, why in self.left:
                say(f"left where it is: {_name(message)}: {why}")
            would = "would be " if dry_run else ""
            typer.echo(f"{would}{done}: {len(self.done)}, left: {len(self.left)}, looked at: {total}")
        if self.left:
            raise typer.Exit(FAILED)
