"""``callsheet-producer sync csv``, ``farmerswife`` and ``postgres``: sources whose columns a mapping names."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from producers.sources.csv_file import read_csv
from producers.sources.farmerswife import read_farmerswife
from producers.sources.interval import Interval
from producers.sync.update import Read
from producers.sync_commands.names import SourceName

_Mapping = Annotated[
    Path | None,
    typer.Option(metavar="FILE.toml", help="What the columns are called, and more.", exists=True, dir_okay=False),
]


def csv(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The table.", exists=True, dir_okay=False)],
    mapping: _Mapping = None,
    source: SourceName = None,
    timezone: ZoneInfo | None = None,
) -> Read:
    """Publishes what changed in a table in CSV.

    One row for each booking, or for each person of one. --timezone is also that of times without an offset.
    """
    return lambda _: read_csv(file, mapping, source=source, timezone=_name(timezone))


def farmerswife(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The export: XML, or XML in gzip.", exists=True, dir_okay=False)
    ],
    mapping: _Mapping = None,
    source: SourceName = None,
    timezone: ZoneInfo | None = None,
) -> Read:
    """Publishes what changed in an XML export of farmerswife.

    What the elements of a booking are called is not documented: compare the mapping's defaults with an export of yours.
    --timezone is also that of times without an offset.
    """
    return lambda _: read_farmerswife(file, mapping, source=source, timezone=_name(timezone))


def postgres(
    dsn: Annotated[str, typer.Argument(metavar="DSN", help="The database, as libpq writes it.")],
    query: Annotated[
        Path, typer.Argument(metavar="QUERY.sql", help="One SELECT of all bookings.", exists=True, dir_okay=False)
    ],
    mapping: _Mapping = None,
    source: SourceName = None,
    timezone: ZoneInfo | None = None,
) -> Read:
    """Publishes what changed in the result of a query.

    Its columns mean what they mean in CSV. It may ask for the window by current_setting('callsheet.from') and
    'callsheet.to'. The password is best kept in ~/.pgpass, because others on this machine can read a command line.
    """
    try:
        from producers.sources.postgres.connection import checked_dsn
        from producers.sources.postgres.query import read_query
    except ImportError:
        raise typer.BadParameter("psycopg is not installed: expected `pip install 'callsheet[postgres]'`") from None
    try:
        checked_dsn(dsn)
    except ValueError as error:
        raise typer.BadParameter(f"DSN: expected {error}") from None
    return lambda window: read_query(
        dsn,
        query,
        mapping,
        source=source,
        timezone=_name(timezone),
        interval=Interval(window.start, window.end),
    )


def _name(zone: ZoneInfo | None) -> str | None:
    return None if zone is None else zone.key
