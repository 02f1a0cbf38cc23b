"""Where the emulated mailboxes are kept: in memory, or in memory with a SQLite file behind."""

from emulator.store.memory import MailboxStore, MemoryStore, Store
from emulator.store.model import CalendarEntry, Folder, Item, Value
from emulator.store.sqlite import SqliteStore

__all__ = ["CalendarEntry", "Folder", "Item", "MailboxStore", "MemoryStore", "SqliteStore", "Store", "Value"]
