"""The command line ``callsheet-producer``."""

import logging

import typer

from producers.command_line import PROGRAM
from producers.outbox_command import outbox
from producers.publish_command import EXAMPLES, publish
from producers.serve_command import EXAMPLES as SERVE_EXAMPLES
from producers.serve_command import serve
from producers.sync_commands import sync
from producers.token_command import token

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Publishes schedule changes to RabbitMQ, from where Callsheet's consumers bring them into Exchange calendars.

    Exit codes: 0 done, 1 something failed or was bad, 2 wrong usage or settings.

    Settings in the environment: CALLSHEET_AMQP_URL (default amqp://guest:guest@localhost:5672/) and
    CALLSHEET_PARTITIONS (default 16, the same as for the consumers).""",
)
app.command(epilog=EXAMPLES)(publish)
app.add_typer(sync, name="sync")
app.command(epilog=SERVE_EXAMPLES)(serve)
app.add_typer(token, name="token")
app.add_typer(outbox, name="outbox")


def main() -> None:
    """The entry point of ``callsheet-producer``."""
    # What the AMQP libraries log, our errors say in words of our own: do not let it fall through to standard error.
    for library in ("aio_pika", "aiormq"):
        logging.getLogger(library).addHandler(logging.NullHandler())
    app(prog_name=PROGRAM)
