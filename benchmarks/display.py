"""What is shown while it runs, and the table at its end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks import tables
from benchmarks.results import Results

_WIDTH = 190


@contextmanager
def progress(workloads: int) -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """A line for each measurement, and where a terminal watches a bar below.

    Yields what says a line, and what is told the name of each workload when it begins.
    """
    console = Console()
    if not console.is_terminal:
        yield _say, lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("starting", total=workloads, completed=-1)
        yield (
            lambda text: shown.console.print(text, markup=False, highlight=False),
            lambda name: shown.update(task, description=name, advance=1),
        )


def print_table(results: Results) -> None:
    """All that was measured, on standard output; wide, so that programs get whole lines."""
    table = Table(*tables.head(), box=None, header_style="bold")
    for row in tables.rows(results):
        table.add_row(*row)
    console = Console()
    wide = console if console.is_terminal else Console(width=_WIDTH)
    wide.print(table)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
