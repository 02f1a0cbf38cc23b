"""The tables of the state file, and the way from older versions of them."""

import sqlite3
from typing import Final

SCHEMA_VERSION: Final = 2
_APPLICATION_ID: Final = 0x63616C6C  # "call": says whose file it is

_TABLES: Final = (
    "CREATE TABLE source (name TEXT PRIMARY KEY, highest_revision INTEGER NOT NULL) WITHOUT ROWID",
    *(
        f"""CREATE TABLE {table} (
            source TEXT NOT NULL,
            mailbox TEXT NOT NULL,
            booking TEXT NOT NULL,
            revision INTEGER NOT NULL,
            content TEXT,
            holders TEXT NOT NULL,
            inside INTEGER NOT NULL DEFAULT 1,
            PRIMARY KEY (source, mailbox, booking)
        ) WITHOUT ROWID"""
        for table in ("entry", "announced")
    ),
)
# What leads from each version to the next. Version 1 knew no window: all that it published lay inside.
_STEPS: Final = {
    1: tuple(f"ALTER TABLE {table} ADD COLUMN inside INTEGER NOT NULL DEFAULT 1" for table in ("entry", "announced")),
}


class NotOurs(Exception):
    """The file is of another program, or of a later release. The text goes on after the file's name."""


def prepare(connection: sqlite3.Connection) -> None:
    """Makes the tables, or brings them up to date, within the transaction that is open.

    Raises :class:`NotOurs` and sqlite3.Error.
    """
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        steps = _TABLES
    elif application != _APPLICATION_ID:
        raise NotOurs("is a database of another program: name another file with --state")
    elif not 1 <= version <= SCHEMA_VERSION:
        problem = f"has schema version {version}, this release knows {SCHEMA_VERSION}"
        raise NotOurs(f"{problem}: use the release that wrote it, or a newer one")
    else:
        steps = tuple(step for number in range(version, SCHEMA_VERSION) for step in _STEPS[number])
    if steps:
        for statement in steps:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
