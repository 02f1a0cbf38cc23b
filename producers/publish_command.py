"""``callsheet-producer publish``: events as JSON lines."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from producers.command_line import FAILED, AmqpUrl, AsJson, Wait, clear_errors, console, print_json, say, say_error
from producers.lines import BadLine, Tally, publish_lines
from producers.progress import progress
from producers.publisher import DEFAULT_DEADLINE_SECONDS, Publisher, PublishFailed
from producers.settings import Settings

EXAMPLES: Final = """**Examples**

`callsheet-producer publish changes.jsonl` – publish the events of a file

`callsheet-producer publish --check changes.jsonl` – only say which lines are bad

`export-bookings | callsheet-producer publish -` – publish what a program of yours writes"""

_STANDARD_INPUT: Final = 0


def publish(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Files of JSON lines, one event each; - is standard input."),
    ],
    check: Annotated[bool, typer.Option("--check", help="Only check the lines; publish nothing.")] = False,
    amqp_url: AmqpUrl = None,
    wait: Wait = DEFAULT_DEADLINE_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Publishes events that are written as JSON lines.

    Every line is checked. The good ones are published, the bad ones are named by file, line and reason; exit code 1 if
    there was a bad one.
    """
    with clear_errors():
        settings = Settings.read(os.environ, amqp_url)
        for path in files:
            if str(path) != "-" and not path.is_file():
                raise typer.BadParameter(f"file '{path}' does not exist, or is no file")
        asyncio.run(_publish_files(files, None if check else settings, wait, as_json=as_json))


async def _publish_files(files: list[Path], settings: Settings | None, wait: float, *, as_json: bool) -> None:
    screen = console()
    started = time.monotonic()
    tally = Tally()
    bad_lines: list[BadLine] = []

    def report_bad(bad: BadLine) -> None:
        if as_json:
            bad_lines.append(bad)
        say(screen, f"{bad.file}:{bad.line}: {bad.reason}: {bad.error}")

    failure: Exception | None = None
    try:
        async with AsyncExitStack() as opened:
            publisher = None
            if settings is not None:
                publisher = Publisher(settings.amqp_url, partitions=settings.partitions, deadline_seconds=wait)
                await opened.enter_async_context(publisher)
            advance = opened.enter_context(progress(screen, "lines", None))
            for path in files:
                name = str(path)
                with os.fdopen(_STANDARD_INPUT, "rb", closefd=False) if name == "-" else path.open("rb") as file:
                    await publish_lines(file, name, publisher, tally, report_bad=report_bad, advance=advance)
    except (PublishFailed, OSError) as error:
        failure = error
        say_error(error)
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        counts = {"good": tally.good, "published": tally.published, "bad": tally.bad, "seconds": seconds}
        named = [{"file": bad.file, "line": bad.line, "reason": bad.reason, "error": bad.error} for bad in bad_lines]
        print_json({**counts, "bad_lines": named, "error": None if failure is None else str(failure)})
    else:
        done = f"{tally.good} good" if settings is None else f"{tally.published} published"
        typer.echo(f"publish: {done}, {tally.bad} bad, {seconds:.1f} s")
    if tally.bad or failure is not None:
        raise typer.Exit(FAILED)
