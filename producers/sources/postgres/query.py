"""A schedule that one query gives: read as a whole, in a transaction that may not write."""

from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from producers.sources.damaged import DamagedFile
from producers.sources.interval import Interval
from producers.sources.postgres.connection import PostgresFailed, checked_dsn, explained
from producers.sources.table.mapping import TableMapping, read_mapping
from producers.sources.table.rows import BadCell, RowReader, cells_of, missing_columns
from producers.sync.schedule import Schedule

MAX_ROWS: Final = 1_000_000
_ROWS_AT_ONCE: Final = 2_000
_STATEMENT_SECONDS: Final = 300


def read_query(
    dsn: str,
    query_file: Path,
    mapping_file: Path | None = None,
    *,
    source: str | None = None,
    timezone: str | None = None,
    interval: Interval | None = None,
) -> Schedule:
    """The schedule that a query gives, one SELECT in a file. Its columns mean what they mean in CSV.

    The query may ask for the interval by ``current_setting('callsheet.from')::timestamptz`` and ``callsheet.to``.
    ``source`` goes before the mapping's; without both it is ``postgres://`` and the file's name. ``timezone`` is for
    values of type timestamp, which have no offset.

    Raises :class:`DamagedFile` that names the row, :class:`PostgresFailed`, ValueError for a connection string that is
    none, and OSError when a file cannot be read.
    """
    mapping = read_mapping(mapping_file, TableMapping)
    query = query_file.read_bytes()
    reader = RowReader(mapping, timezone)
    with explained(), psycopg.connect(checked_dsn(dsn)) as connection:
        connection.read_only = True
        settings = {"statement_timeout": str(_STATEMENT_SECONDS * 1000)}
        if interval is not None:
            settings |= {"callsheet.from": interval.start.isoformat(), "callsheet.to": interval.end.isoformat()}
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, value))
        # A cursor of the server takes exactly one SELECT, and hands it over in parts.
        with connection.cursor("callsheet", row_factory=dict_row) as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(query)
            _read_rows(cursor, str(query_file), reader, mapping)
    return reader.schedule(source or mapping.source or f"postgres://{query_file.stem.replace(' ', '-')}")


def _read_rows(
    cursor: psycopg.ServerCursor[dict[str, Any]], file: str, reader: RowReader, mapping: TableMapping
) -> None:
    names = [column.name for column in cursor.description or ()]
    missing = missing_columns(mapping, names)
    if missing:
        raise DamagedFile(file, f"no column {', '.join(missing)}; there are {', '.join(names)}: name yours with AS")
    for number, row in enumerate(cursor, 1):
        if number > MAX_ROWS:
            raise PostgresFailed(f"{file}: more than {MAX_ROWS} rows, expected a schedule")
        try:
            reader.add(cells_of(row), number)
        except BadCell as error:
            raise DamagedFile(file, f"row {number}: {error}") from None
