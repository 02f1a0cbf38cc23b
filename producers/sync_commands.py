"""``callsheet-producer sync …``: one command for each kind of source."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError

from contract.fields import Source
from producers.command_line import AmqpUrl, AsJson, Wait, clear_errors, console, print_json, say
from producers.progress import progress
from producers.publisher import DEFAULT_DEADLINE_SECONDS, Publisher
from producers.settings import Settings
from producers.sources.pentabarf import read_pentabarf
from producers.sync.directory import checked_mailbox, read_directory
from producers.sync.run import Again, Summary, plan, synchronise
from producers.sync.state import State

EXAMPLES: Final = """**Examples**

`callsheet-producer sync pentabarf schedule.xml --directory people.csv --state schedule.sqlite`

`callsheet-producer sync pentabarf schedule.xml anna@example.com --again --directory people.csv --state schedule.sqlite`
– Anna has just been enrolled: send her whole state once more

The directory is CSV: `kind,id,mailbox`, then lines like `person,123,anna@example.com` and
`room,Suite 4,suite-4@example.com`. A room's id is its name."""

_NAMED_AT_MOST: Final = 20

sync = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Compares a schedule with what was last published, and publishes only what changed for each mailbox.",
)


@sync.callback()
def _group() -> None:
    """Keeps ``pentabarf`` a command with a name of its own while it is the only one."""


@sync.command(epilog=EXAMPLES)
def pentabarf(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The schedule: XML, or XML in gzip.", exists=True, dir_okay=False)
    ],
    directory: Annotated[
        Path,
        typer.Option(metavar="DIR.csv", help="Which person or room has which mailbox.", exists=True, dir_okay=False),
    ],
    state: Annotated[
        Path,
        typer.Option(metavar="STATE.sqlite", help="What was last published; made by the first run.", dir_okay=False),
    ],
    mailboxes: Annotated[
        list[str] | None, typer.Argument(metavar="MAILBOX", help="With --again: whose state is sent once more.")
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Also send the whole state of the given mailboxes (of all, when none is given) once more, known "
            "cancellations included, at the recorded revisions: for a mailbox that was enrolled later.",
        ),
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the source in events; left out: pentabarf:// and the acronym."),
    ] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Cancel everything when the schedule has no event at all.")
    ] = False,
    amqp_url: AmqpUrl = None,
    wait: Wait = DEFAULT_DEADLINE_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Publishes what changed in a schedule of pentabarf, frab or pretalx.

    Added, retimed, moved, renamed, reassigned and removed bookings, for each person and each room. Whoever is not in
    the directory is named, and left as they are. The state is written only after the broker has confirmed: a run that
    breaks off loses nothing, the next one publishes the rest. A damaged file changes nothing.
    """
    with clear_errors():
        settings = Settings.read(os.environ, amqp_url)
        if source is not None:
            _check_source(source)
        meant = _again(mailboxes or [], again=again)
        schedule = read_pentabarf(file, source)
        addresses = read_directory(directory)
        screen = console()
        with State(state, schedule.source) as opened:
            planned = plan(schedule, addresses, opened, meant, allow_empty=allow_empty)

            def connect() -> Publisher:
                return Publisher(settings.amqp_url, partitions=settings.partitions, deadline_seconds=wait)

            with progress(screen, "events", planned.events) as advance:
                summary = asyncio.run(synchronise(schedule, opened, planned, connect, advance))
    if as_json:
        print_json(_as_json(summary))
        return
    for item, name in summary.unmapped[:_NAMED_AT_MOST]:
        say(screen, f"no mailbox for {item}" + (f" ({name})" if name != item.id else ""))
    if len(summary.unmapped) > _NAMED_AT_MOST:
        say(screen, f"no mailbox for {len(summary.unmapped) - _NAMED_AT_MOST} more (--json names all)")
    typer.echo(
        f"sync: source={summary.source} bookings={summary.bookings} changed={summary.changed} "
        f"cancelled={summary.cancelled} sent_again={summary.sent_again} mailboxes={summary.mailboxes} "
        f"unmapped={len(summary.unmapped)} seconds={summary.seconds:.1f}"
    )


def _again(mailboxes: list[str], *, again: bool) -> Again | None:
    if not again:
        if mailboxes:
            raise typer.BadParameter("mailboxes are named, but not what for: expected --again with them")
        return None
    checked = set()
    for mailbox in mailboxes:
        try:
            checked.add(checked_mailbox(mailbox))
        except ValueError as error:
            raise typer.BadParameter(f"--again: {mailbox!r}, expected {error}") from None
    return Again(checked)


def _check_source(source: str) -> None:
    try:
        TypeAdapter[str](Source).validate_python(source)
    except ValidationError:
        raise typer.BadParameter("--source: expected 1 to 500 characters without spaces, like frab://studio") from None


def _as_json(summary: Summary) -> dict[str, Any]:
    return {
        "source": summary.source,
        "bookings": summary.bookings,
        "changed": summary.changed,
        "cancelled": summary.cancelled,
        "sent_again": summary.sent_again,
        "mailboxes": summary.mailboxes,
        "unmapped": [{"kind": item.kind, "id": item.id, "name": name} for item, name in summary.unmapped],
        "revision": summary.revision,
        "seconds": summary.seconds,
    }
