"""``callsheet-producer outbox …``: publishes what a database has committed."""

import asyncio
import os
import signal
from importlib.resources import files
from typing import Annotated, Final

import typer

from producers.command_line import AmqpUrl, AsJson, Wait, clear_errors, console, print_json, say, say_error
from producers.publisher import DEFAULT_DEADLINE_SECONDS, Publisher
from producers.settings import Settings

EXAMPLES: Final = """**Examples**

`callsheet-producer outbox sql | psql mydatabase` – make the outbox, once

`callsheet-producer outbox postgres "host=db dbname=mydatabase user=callsheet" --follow` – publish for ever

The password is best kept in `~/.pgpass`, because others on this machine can read a command line."""

outbox = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Publishes what a database has committed: a transactional outbox in PostgreSQL.",
)


@outbox.command()
def sql() -> None:
    """Prints the SQL that makes the outbox in a database: table, functions, and a trigger for your own tables."""
    typer.echo(files("producers.sources.postgres").joinpath("outbox.sql").read_text(encoding="utf-8"), nl=False)


@outbox.command(epilog=EXAMPLES)
def postgres(
    dsn: Annotated[str, typer.Argument(metavar="DSN", help="The database, as libpq writes it.")],
    follow: Annotated[
        bool, typer.Option("--follow", help="Do not end: publish whatever is committed, as soon as it is.")
    ] = False,
    amqp_url: AmqpUrl = None,
    wait: Wait = DEFAULT_DEADLINE_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Publishes the outbox in order, and deletes each row when the broker has confirmed it.

    A row that is no event is named, stays in the outbox with its reason, and holds up nobody. A run that breaks off
    loses nothing. Ends with --follow only by a signal.
    """
    with clear_errors():
        settings = Settings.read(os.environ, amqp_url)
        asyncio.run(_drain(dsn, settings, wait, forever=follow, as_json=as_json))


async def _drain(dsn: str, settings: Settings, wait: float, *, forever: bool, as_json: bool) -> None:
    try:
        from producers.sources.postgres.connection import checked_dsn
        from producers.sources.postgres.outbox import Drained, Refused, drain, follow
    except ImportError:
        raise typer.BadParameter("psycopg is not installed: pip install 'callsheet[postgres]'") from None
    try:
        address = checked_dsn(dsn)
    except ValueError as error:
        raise typer.BadParameter(f"DSN: expected {error}") from None
    screen = console()
    tally = Drained()

    def report_refused(refused: Refused) -> None:
        say(screen, f"outbox row {refused.position} is refused: {refused.reason}")

    async with Publisher(settings.amqp_url, partitions=settings.partitions, deadline_seconds=wait) as publisher:
        try:
            if forever:
                work = asyncio.ensure_future(follow(address, publisher, tally, report_refused, say_error))
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, work.cancel)
                say(screen, "outbox: publishing what is committed, until a signal comes")
                await asyncio.wait([work])
                if not work.cancelled():
                    work.result()
            else:
                await drain(address, publisher, tally, report_refused)
        finally:
            if as_json:
                print_json({"published": tally.published, "refused": tally.refused})
            else:
                typer.echo(f"outbox: published={tally.published} refused={tally.refused}")
