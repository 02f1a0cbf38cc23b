"""``callsheet-producer sync …``: one command for each kind of source, with the same options for all."""

import typer

from producers.sync_commands.icalendar import icalendar
from producers.sync_commands.pentabarf import EXAMPLES, pentabarf
from producers.sync_commands.source import source_command
from producers.sync_commands.tables import csv, farmerswife, postgres

sync = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Compares a schedule with what was last published, and publishes only what changed for each mailbox: once, "
    "again and again (--every), or each day (--at).",
)
sync.command(epilog=EXAMPLES)(source_command(pentabarf))
for source in (icalendar, csv, farmerswife, postgres):
    sync.command()(source_command(source))
