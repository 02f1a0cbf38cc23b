"""Mailboxes in memory with a SQLite file behind, so that they are there again after a restart."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import orjson

from emulator.store.memory import MailboxStore, MemoryStore
from emulator.store.model import Folder, Item

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mailbox (
    address TEXT PRIMARY KEY, last_number INTEGER NOT NULL, last_change INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folder (
    address TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (address, number)
);
CREATE TABLE IF NOT EXISTS item (
    address TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (address, number)
);
"""
_VERSION = 1
_SAVE_FOLDER = "INSERT OR REPLACE INTO folder VALUES (?, ?, ?)"
_DROP_FOLDER = "DELETE FROM folder WHERE address = ? AND number = ?"
_SAVE_ITEM = "INSERT OR REPLACE INTO item VALUES (?, ?, ?)"
_DROP_ITEM = "DELETE FROM item WHERE address = ? AND number = ?"


class SqliteStore(MemoryStore):
    """A :class:`~emulator.store.memory.Store` that writes each request's changes into one SQLite transaction.

    Everything is read into memory at the start. A process that is killed loses nothing that was answered; a machine
    that loses power may lose the last moments (``synchronous=NORMAL``), never the consistency of the file.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises ValueError when it was written by another version of the emulator."""
        super().__init__()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        # The file itself is written, and waited for, once in about 80 MB instead of 4: backfills wait for little else.
        self._db.execute("PRAGMA wal_autocheckpoint=20000")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            self._db.close()
            raise ValueError(f"{path}: written by another version of the emulator (format {version}, not {_VERSION})")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version={_VERSION}")
        self._load()

    def _load(self) -> None:
        for address, number, change in self._db.execute("SELECT address, last_number, last_change FROM mailbox"):
            mailbox = self._mailboxes[address] = MailboxStore(address)
            mailbox.last_number, mailbox.last_change = number, change
        for address, data in self._db.execute("SELECT address, data FROM folder"):
            self._mailboxes[address].keep_folder(_read_folder(data))
        for address, data in self._db.execute("SELECT address, data FROM item ORDER BY address, number"):
            self._mailboxes[address].place(_read_item(data))
        for mailbox in self._mailboxes.values():
            mailbox.dirty_folders.clear()

    def commit(self, mailbox: MailboxStore) -> None:
        """Write the changes of one request in one transaction, then tell the watchers."""
        if mailbox.dirty_items or mailbox.dirty_folders:
            address = mailbox.address
            self._db.execute("BEGIN")
            self._db.execute(
                "INSERT OR REPLACE INTO mailbox VALUES (?, ?, ?)",
                (address, mailbox.last_number, mailbox.last_change),
            )
            folders, items = mailbox.dirty_folders.items(), mailbox.dirty_items.items()
            self._db.executemany(_SAVE_FOLDER, [(address, n, _folder_data(f)) for n, f in folders if f is not None])
            self._db.executemany(_DROP_FOLDER, [(address, n) for n, f in folders if f is None])
            self._db.executemany(_SAVE_ITEM, [(address, n, _item_data(i)) for n, i in items if i is not None])
            self._db.executemany(_DROP_ITEM, [(address, n) for n, i in items if i is None])
            self._db.execute("COMMIT")
        super().commit(mailbox)

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._db.close()


_ITEM_FIELDS = (
    "number", "kind", "folder", "values", "change", "born", "read_change", "created", "modified", "size",
    "associated", "touched",
)  # fmt: skip
_FOLDER_FIELDS = ("number", "parent", "kind", "name", "folder_class", "distinguished", "values", "change")


def _item_data(item: Item) -> bytes:
    return orjson.dumps([getattr(item, name) for name in _ITEM_FIELDS])


def _read_item(data: bytes) -> Item:
    return Item(*orjson.loads(data))


def _folder_data(folder: Folder) -> bytes:
    gone = [[number, born, left] for number, (born, left) in folder.gone.items()]
    return orjson.dumps([[getattr(folder, name) for name in _FOLDER_FIELDS], gone])


def _read_folder(data: bytes) -> Folder:
    fields, gone = orjson.loads(data)
    folder = Folder(*fields)
    folder.gone = {number: (born, left) for number, born, left in gone}
    return folder
