"""Connecting to PostgreSQL, and its errors in words that hold no secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_CONNECT_SECONDS: Final = 10
EXPECTED_DSN: Final = "host=… dbname=… user=…, or postgresql://user@host/dbname; the password is best kept in ~/.pgpass"


class PostgresFailed(OSError):
    """The database cannot be used. The text says why; it holds no password."""


def checked_dsn(dsn: str) -> str:
    """The connection string with a time-out and our name. Raises ValueError that says what is expected."""
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:  # its text repeats parts of the string
        raise ValueError(EXPECTED_DSN) from None
    ours: dict[str, str | int] = {"connect_timeout": _CONNECT_SECONDS, "application_name": "callsheet-producer"}
    return make_conninfo(dsn, **{name: value for name, value in ours.items() if name not in given})


@contextmanager
def explained() -> Iterator[None]:
    """Turns errors of the database into :class:`PostgresFailed`."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        reason = _first_line(error)
        hint = ": load the outbox with `callsheet-producer outbox sql | psql …`" if "callsheet_" in reason else ""
        raise PostgresFailed(f"PostgreSQL: {reason}{hint}") from None
    except psycopg.Error as error:
        raise PostgresFailed(f"PostgreSQL: {_first_line(error)}") from None


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
