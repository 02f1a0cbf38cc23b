"""The command line: ``callsheet-consumer``. Exit codes: 0 done, 1 it failed, 2 wrong usage or settings."""

import asyncio
import sys
from typing import Annotated, NoReturn

import aio_pika
import orjson
import typer
from aio_pika.exceptions import AMQPError

from consumer.amqp import topology as amqp_topology
from consumer.run import run as run_consumer
from consumer.settings import BrokerSettings, RunSettings, Settings, SettingsError, read_settings, seconds
from consumer.telemetry.logs import configure_logs
from consumer.version import VERSION

app = typer.Typer(
    name="callsheet-consumer",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Applies schedule changes from RabbitMQ to people's and rooms' Exchange calendars.\n\n"
    "All settings come from the environment; docs/settings.md names them. First `callsheet-consumer topology`, once "
    "for each broker, then as many `callsheet-consumer run` as you like, side by side.",
)


def main() -> None:
    """Entry point of ``callsheet-consumer``."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"callsheet-consumer {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which release this is.")
    ] = False,
) -> None:
    """Options of all commands."""


@app.command()
def run() -> None:
    """Consume schedule changes until SIGTERM or Ctrl-C.

    Needs at least `CALLSHEET_AMQP_URL`, `CALLSHEET_EWS_URL`, `CALLSHEET_EWS_USER`, `CALLSHEET_EWS_PASSWORD_FILE`,
    `CALLSHEET_TIMEZONE` and `CALLSHEET_ENROLMENT_FILE`. Replicas find each other on the broker and share the
    partitions evenly. On SIGTERM what is under way is finished, the partitions are handed over, and the exit code is 0.
    """
    settings = _settings(RunSettings)
    configure_logs(settings.log_level)
    try:
        _run_event_loop(settings)
    except SettingsError as error:
        _wrong_settings(error)


@app.command()
def topology(
    as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False,
) -> None:
    """Declare the exchanges and queues; does no harm where they are there already.

    Run it when you deploy, before the first producer and consumer, with a broker user who may configure
    `^(schedule\\..*)$`. On RabbitMQ 4.0 and later also set a policy without a delivery limit for `^schedule\\.`.
    """
    settings = _settings(BrokerSettings)
    try:
        declared = asyncio.run(_declare(settings))
    except (AMQPError, OSError, TimeoutError) as error:
        typer.echo(f"The broker did not do it: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(orjson.dumps({"queues": declared}).decode())
    else:
        typer.echo(f"{len(declared)} queues stand: {declared[0]} to {declared[-1]}")


async def _declare(settings: BrokerSettings) -> list[str]:
    delays = [(name, seconds(name)) for name in settings.retry_delays]
    connection = await aio_pika.connect(settings.amqp_url.get_secret_value(), timeout=15)
    async with connection:
        return await amqp_topology.declare(await connection.channel(), settings.partitions, delays)


def _run_event_loop(settings: RunSettings) -> None:
    """With uvloop where it is installed: it halves the cost of a message."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(run_consumer(settings))
    else:
        uvloop.run(run_consumer(settings))


def _settings(kind: type[Settings]) -> Settings:
    try:
        return read_settings(kind)
    except SettingsError as error:
        _wrong_settings(error)


def _wrong_settings(error: SettingsError) -> NoReturn:
    for line in str(error).splitlines():
        typer.echo(f"Wrong setting: {line}", err=True)
    sys.exit(2)
