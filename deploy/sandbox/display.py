"""What the demo shows: progress bars where a terminal watches, plain lines where not."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Display:
    """Standard output. Lines stay plain, so that they can be read by programs."""

    def __init__(self) -> None:
        self._console = Console()

    def line(self, text: str = "") -> None:
        """One line."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar, gone at the end; call what it yields with the number that is done. Without a terminal, nothing."""
        if not self._console.is_terminal:
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as bars:
            task = bars.add_task(what, total=total or None)
            yield lambda done: bars.update(task, completed=min(done, total) if total else 0)
