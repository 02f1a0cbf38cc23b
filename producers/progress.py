"""Progress on the terminal: a bar where somebody watches, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_PLAIN_LINE_EVERY_SECONDS: Final = 5.0

Advance = Callable[[int], None]
"""Called with the number of steps that were done since the last call."""


@contextmanager
def progress(console: Console, label: str, total: int | None) -> Iterator[Advance]:
    """Shows how far a piece of work is. ``total`` is None where the end is not known."""
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda steps: bar.advance(task, steps)
        return
    done = 0
    next_line_at = time.monotonic() + _PLAIN_LINE_EVERY_SECONDS

    def advance(steps: int) -> None:
        nonlocal done, next_line_at
        done += steps
        if time.monotonic() >= next_line_at:
            next_line_at = time.monotonic() + _PLAIN_LINE_EVERY_SECONDS
            console.print(f"{label}: {done}" + (f" of {total}" if total is not None else ""), markup=False)

    yield advance
