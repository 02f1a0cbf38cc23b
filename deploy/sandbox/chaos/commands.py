"""The command line of a chaos run."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from deploy.sandbox.chaos.form import LONG, SHORT
from deploy.sandbox.chaos.run import run_chaos

app = typer.Typer(add_completion=False)


@app.command()
def chaos(
    seed: Annotated[
        int | None, typer.Option(help="The same number does the same again; left out, one is drawn and printed.", min=0)
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="The form that takes about a minute.")] = False,
    schedules: Annotated[
        Path | None,
        typer.Option(
            help="A folder of pentabarf versions (*.xml, *.xml.gz), moved so that their first day is next week. "
            "They take the place of one of the built-in generator's houses.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the result into this file too.", dir_okay=False)] = None,
) -> None:
    """Break everything, in an order that the seed decides, and compare every calendar with what it ought to hold.

    Exit code 0: nothing lost, twice, resurrected, wrong or wrongly parked. 1: a difference, each with its events, or a
    part that failed. 2: schedules that cannot be used.
    """
    drawn = secrets.randbelow(1_000_000) if seed is None else seed
    raise typer.Exit(run_chaos(drawn, SHORT if short else LONG, schedules, json))


def main() -> None:
    """Run it."""
    app()
