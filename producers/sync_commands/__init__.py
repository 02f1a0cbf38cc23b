"""``callsheet-producer sync …``: one command for each kind of source, with the same options for all."""

import typer

from producers.sync_commands.pentabarf import EXAMPLES, pentabarf
from producers.sync_commands.source import source_command

sync = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Compares a schedule with what was last published, and publishes only what changed for each mailbox: once, "
    "again and again (--every), or each day (--at).",
)


@sync.callback()
def _group() -> None:
    """Keeps ``pentabarf`` a command with a name of its own while it is the only one."""


sync.command(epilog=EXAMPLES)(source_command(pentabarf))
