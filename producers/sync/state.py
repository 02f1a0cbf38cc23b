"""What was last published, in a SQLite file that one sync at a time may use.

An entry is written only after the broker has confirmed, a batch in one transaction. Before a batch is published it is
*announced*, with its revision. After a crash in between the next run therefore knows which bookings the broker may
have, and publishes every one of them again: as it is now, or its cancellation if the schedule has gone on meanwhile.
And revisions rise even if the clock was set back. Cancellations stay, with their revision, so that the whole state of
a mailbox can be sent again.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from producers.sync.difference import Change, Entry, Place
from producers.sync.schedule import ObjectKind, ScheduledObject
from producers.sync.state_schema import NotOurs, prepare


class StateError(Exception):
    """The state file cannot be used, or is in use. The text says what to do."""


class State:
    """The state of one source in a file; other sources may have theirs in the same file. A context manager.

    Opening makes the file where there is none. It stays locked against every other sync until it is closed. Raises
    :class:`StateError`, from every method.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        try:
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        except sqlite3.Error as error:
            raise self._explained(error) from None
        try:
            self._open()
        except sqlite3.Error as error:
            self._connection.close()
            raise self._explained(error) from None
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def entries(self) -> dict[Place, Entry]:
        """Everything that was published, cancellations included; announced and not confirmed goes before confirmed."""
        query = (
            "SELECT mailbox, booking, revision, content, holders, inside, 1 FROM entry WHERE source = :source "
            "UNION ALL "
            "SELECT mailbox, booking, revision, content, holders, inside, 0 FROM announced WHERE source = :source"
        )
        try:
            rows = self._connection.execute(query, {"source": self._source}).fetchall()
            return {
                Place(mailbox, booking): Entry(revision, content, _read_holders(holders), bool(inside), bool(confirmed))
                for mailbox, booking, revision, content, holders, inside, confirmed in rows
            }
        except sqlite3.Error as error:
            raise self._explained(error) from None
        except (ValueError, TypeError) as error:
            raise StateError(f"{self._path}: an entry cannot be read ({error}): take the file from a backup") from None

    def highest_revision(self) -> int:
        """The highest revision ever given to this source; -1 before the first."""
        query = "SELECT highest_revision FROM source WHERE name = ?"
        try:
            row = self._connection.execute(query, (self._source,)).fetchone()
        except sqlite3.Error as error:
            raise self._explained(error) from None
        return int(row[0]) if row else -1

    def announce(self, changes: Iterable[Change], revision: int) -> None:
        """Notes, all or none, what is about to be published at this revision; the next revision will be higher."""
        reserve = (
            "INSERT INTO source VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET highest_revision = max(highest_revision, excluded.highest_revision)"
        )
        insert = "INSERT OR REPLACE INTO announced VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._write([(reserve, (self._source, revision)), *((insert, self._row(item, revision)) for item in changes)])

    def confirm(self, changes: Sequence[Change], revision: int) -> None:
        """Records changes that the broker has confirmed at this revision, all or none."""
        insert = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)"
        settle = "DELETE FROM announced WHERE source = ? AND mailbox = ? AND booking = ?"
        self._write(
            [
                *((insert, self._row(change, revision)) for change in changes),
                *((settle, (self._source, *change.place)) for change in changes),
            ]
        )

    def record(self, changes: Iterable[Change]) -> None:
        """Records who holds places, and on which side of the window they lie, where nothing was published."""
        statement = "UPDATE entry SET holders = ?, inside = ? WHERE source = ? AND mailbox = ? AND booking = ?"
        self._write(
            (statement, (_write_holders(change.holders), change.inside, self._source, *change.place))
            for change in changes
        )

    def _row(self, change: Change, revision: int) -> tuple[object, ...]:
        holders = _write_holders(change.holders)
        return (self._source, *change.place, revision, change.content, holders, change.inside)

    def _write(self, statements: Iterable[tuple[str, tuple[object, ...]]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in statements:
                    self._connection.execute(statement, values)
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk is full
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._explained(error) from None

    def _open(self) -> None:
        execute = self._connection.execute
        # In this mode SQLite keeps the lock until the file is closed, and a process that dies loses it.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA synchronous = FULL")
        execute("BEGIN EXCLUSIVE")
        try:
            prepare(self._connection)
        except NotOurs as error:
            raise StateError(f"{self._path} {error}") from None
        execute("COMMIT")

    def _explained(self, error: sqlite3.Error) -> StateError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # not set where Python itself complains
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StateError(f"{self._path} is in use: another sync is running on it; wait for its end")
        if code == sqlite3.SQLITE_NOTADB or code & 0xFF == sqlite3.SQLITE_CORRUPT:
            return StateError(f"{self._path} is damaged or no state file ({error}): take it from a backup")
        return StateError(f"{self._path}: {error}")


def _write_holders(holders: frozenset[ScheduledObject]) -> str:
    return orjson.dumps([[item.kind, item.id] for item in sorted(holders)]).decode()


def _read_holders(text: str) -> frozenset[ScheduledObject]:
    return frozenset(ScheduledObject(ObjectKind(kind), object_id) for kind, object_id in orjson.loads(text))
