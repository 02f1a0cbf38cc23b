"""The command line: ``callsheet-consumer``. Exit codes: 0 done, 1 it failed, 2 wrong usage or settings.

A command imports what is heavy when it runs: who asks for help, or looks at parked messages, does not wait for what
speaks to Exchange.
"""

from typing import Annotated

import typer

from consumer.commands.explain import explain
from consumer.commands.parked import held_commands, parked_commands
from consumer.commands.purge import purge
from consumer.commands.run import run
from consumer.commands.topology import topology
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
app.command()(run)
app.command()(topology)
app.add_typer(
    parked_commands(),
    name="parked",
    help="Look at messages that could not be applied, put them back to work, or drop them.",
)
app.add_typer(
    held_commands(),
    name="held",
    help="Look at mass changes that wait for a person, let them pass, or drop them.",
)
app.command()(explain)
app.command()(purge)


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
