"""Text for eyes: tables and progress on a terminal, plain lines elsewhere, and nothing that could steer a terminal.

Titles, addresses and ids come from events and calendars. A terminal obeys control characters in what it shows, so those
are shown as escapes; characters that change the direction of writing are too, since they can make a line say something
else than it does (Unicode Technical Report 36, section 2).
"""

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_PLAIN_LINE_EVERY_SECONDS: Final = 5.0

# C0 and C1 controls, DEL, line and paragraph separators, direction marks, surrogates that no file can hold.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str) -> str:
    """The text on one line, with everything that could steer a terminal shown as an escape like ``\\x1b``."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def json_text(document: Any) -> str:
    """JSON in which every character that could steer a terminal is escaped; the same document to whoever parses it."""
    written = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return _UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", written)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, wide: str) -> None:
    """A table on a terminal; elsewhere a line for each row, with tabs between its cells. ``wide`` may be wrapped."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            typer.echo("\t".join(map(safe, row)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column), overflow="fold", no_wrap=False, ratio=1 if column == wide else None)
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    Console().print(table)


def local(at: datetime | None) -> str:
    """A time as an operator reads it: UTC, to the second. Nothing for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows on standard error how far a piece of work is; gives what is to be told of every step."""
    console = Console(stderr=True, soft_wrap=True)
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
            typer.echo(f"{label}: {done} of {total}", err=True)

    yield advance
