"""The sandbox's command line."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.sandbox.broker import BrokerUnavailable, broker_binary
from deploy.sandbox.demo import run_demo

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Callsheet on one machine.")


@app.callback()
def sandbox() -> None:
    """Callsheet on one machine: private broker, stand-in Exchange, consumers, sample schedule."""


@app.command("broker-binary")
def show_broker_binary() -> None:
    """Print where RabbitMQ is; exit code 1, with the command that installs it, if it is not on this machine."""
    try:
        typer.echo(str(broker_binary()))
    except BrokerUnavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def demo(
    schedule: Annotated[
        Path | None,
        typer.Option(
            help="A folder of pentabarf versions (*.xml, *.xml.gz) to replay instead of the built-in sample, in order "
            "of their names, moved so that their first day is next week. Its directory.csv (kind,id,mailbox) may say "
            "whose mailbox is whose; without it mailboxes are made up from the ids.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Keep broker, calendars, logs and what was published in this folder. A second run on it publishes "
            "only what is new: nothing, for the same versions.",
            file_okay=False,
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Stay up after the comparison, until Ctrl-C.")] = False,
    seed: Annotated[int, typer.Option(help="Another number makes another sample.")] = 1,
    timeout: Annotated[float, typer.Option(min=1.0, help="Seconds after which waiting for a version ends.")] = 300.0,
) -> None:
    """Bring the whole system up, replay a schedule version by version, and compare every calendar with the last one."""
    raise typer.Exit(run_demo(schedule, store, keep=keep, seed=seed, timeout_seconds=timeout))


def main() -> None:
    """Run the command that the arguments name."""
    app()
