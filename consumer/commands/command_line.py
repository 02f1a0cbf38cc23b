"""What the commands share: settings and errors with their exit codes, and a stop that comes between two steps."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer
from aio_pika.exceptions import AMQPError

from consumer.broker_settings import Settings, SettingsError, read_settings
from consumer.commands.display import json_text, safe
from consumer.parking.rotation import Unavailable

FAILED: Final = 1
WRONG_USAGE: Final = 2


def settings_of(kind: type[Settings]) -> Settings:
    """The settings of a command. Ends the program with 2 where one is wrong or missing."""
    try:
        return read_settings(kind)
    except SettingsError as error:
        wrong_settings(error)


def wrong_settings(error: SettingsError) -> NoReturn:
    """Name each wrong setting and what is expected; the end, with 2."""
    for line in str(error).splitlines():
        typer.echo(f"Wrong setting: {line}", err=True)
    sys.exit(WRONG_USAGE)


def wrong_usage(text: str) -> NoReturn:
    """Say what is wrong with how the command was called; the end, with 2."""
    say(text)
    sys.exit(WRONG_USAGE)


def failed(text: str) -> NoReturn:
    """Say what went wrong; the end, with 1."""
    say(text)
    sys.exit(FAILED)


def say(line: str) -> None:
    """A line on standard error, without anything that could steer a terminal."""
    typer.echo(safe(line), err=True)


def print_json(document: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(json_text(document))


@contextmanager
def clear_broker_errors() -> Iterator[None]:
    """Turns what can go wrong with the broker into one line and the exit code 1."""
    try:
        yield
    except Unavailable as error:
        failed(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    except (AMQPError, OSError, TimeoutError) as error:
        failed(f"The broker did not do it: {type(error).__name__}: {error}")


@contextmanager
def stop_at_signal() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and Ctrl-C set, so that work ends where nothing is half done."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
