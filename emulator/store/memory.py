"""Mailboxes in memory."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol

from emulator.store.folders import standard_folders
from emulator.store.ids import item_id, mailbox_number
from emulator.store.model import CalendarEntry, Folder, Item


class Store(Protocol):
    """What the emulator needs of a store. One thread uses it."""

    def mailboxes(self) -> list[str]:
        """Addresses of the mailboxes that have been opened at least once, sorted."""

    def open(self, address: str) -> MailboxStore:
        """The mailbox with this primary address, made with its standard folders when it is not there yet."""

    def calendar(self, address: str, start: datetime, end: datetime) -> list[CalendarEntry]:
        """What the calendar of ``address`` shows in [start, end), in order of start. Empty for an unopened mailbox."""

    def watch(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call ``callback(address)`` after each request that wrote to a mailbox. Returns what ends it."""

    def commit(self, mailbox: MailboxStore) -> None:
        """End a request's writes to ``mailbox``: make them durable, and tell the watchers."""

    def close(self) -> None:
        """Give back what the store holds."""


class MailboxStore:
    """One mailbox. Changes are numbered; every write gives the item the next number."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.number = mailbox_number(address)
        self.folders: dict[int, Folder] = {}
        self.items: dict[int, Item] = {}
        self.size = 0
        self.last_number = 0
        self.last_change = 0
        self.distinguished: dict[str, Folder] = {}
        self.dirty_items: dict[int, Item | None] = {}
        self.dirty_folders: dict[int, Folder | None] = {}
        self._late: deque[tuple[float, int]] = deque()

    def furnish(self) -> None:
        """Make the standard folders of a new mailbox."""
        for folder in standard_folders(self.next_number):
            folder.change = self.next_change()
            self.keep_folder(folder)

    def next_number(self) -> int:
        """A number no item or folder of this mailbox ever had."""
        self.last_number += 1
        return self.last_number

    def next_change(self) -> int:
        """The number of the next change of this mailbox."""
        self.last_change += 1
        return self.last_change

    # -- folders

    def keep_folder(self, folder: Folder) -> None:
        """Add or save a folder."""
        self.folders[folder.number] = folder
        if folder.distinguished is not None:
            self.distinguished[folder.distinguished] = folder
        self.dirty_folders[folder.number] = folder

    def children(self, parent: int) -> Iterator[Folder]:
        """The direct subfolders of a folder, in the order they were made."""
        return (folder for folder in self.folders.values() if folder.parent == parent)

    def child_named(self, parent: int, name: str) -> Folder | None:
        """The subfolder of that name; names are compared without regard to case."""
        wanted = name.casefold()
        return next((folder for folder in self.children(parent) if folder.name.casefold() == wanted), None)

    def drop_folder(self, folder: Folder) -> None:
        """Remove a folder with all its items and subfolders."""
        for child in list(self.children(folder.number)):
            self.drop_folder(child)
        for item in [*folder.items.values(), *folder.associated.values()]:
            self.remove(item)
        del self.folders[folder.number]
        self.dirty_folders[folder.number] = None

    # -- items

    def add(self, item: Item, *, late_at: float | None = None) -> None:
        """Put a new item into its folder. ``late_at``: when its ChangeKey changes once more by itself."""
        item.change = item.born = self.next_change()
        self.place(item)
        self.dirty_items[item.number] = item
        if late_at is not None:
            self._late.append((late_at, item.number))

    def place(self, item: Item) -> None:
        """Index an item that has its numbers already (as read from a file)."""
        self.items[item.number] = item
        self.folders[item.folder].of(item)[item.number] = item
        self.size += self._counted(item, item.size)

    def changed(self, item: Item, size: int, *, read_only: bool = False) -> None:
        """Record that an item was written; ``size`` is its new size, ``read_only``: nothing but IsRead changed."""
        before = item.change
        item.change = self.next_change()
        if not read_only:
            item.read_change = 0
        elif item.read_change == 0:
            item.read_change = before
        self.size += self._counted(item, size - item.size)
        item.size = size
        self.dirty_items[item.number] = item

    def remove(self, item: Item) -> None:
        """Take an item out of the mailbox."""
        folder = self.folders[item.folder]
        del folder.of(item)[item.number]
        del self.items[item.number]
        folder.gone[item.number] = (item.born, self.next_change())
        self.size -= self._counted(item, item.size)
        self.dirty_items[item.number] = None
        self.dirty_folders[folder.number] = folder

    def _counted(self, item: Item, size: int) -> int:
        """What of a size counts towards the mailbox's quota: Recoverable Items have a quota of their own."""
        return 0 if (self.folders[item.folder].distinguished or "").startswith("recoverableitems") else size

    def move(self, item: Item, folder: Folder) -> Item:
        """Move an item to another folder; it gets a new number, as Exchange gives a new ItemId (MS-OXWSCORE_R421)."""
        moved = Item(
            self.next_number(), item.kind, folder.number, item.values, created=item.created, modified=item.modified,
            size=item.size, associated=item.associated,
        )  # fmt: skip
        self.remove(item)
        self.add(moved)
        return moved

    def settle(self, now: float) -> None:
        """Let the late changes happen that are due by ``now`` (seconds since 1970)."""
        while self._late and self._late[0][0] <= now:
            item = self.items.get(self._late.popleft()[1])
            if item is not None:
                self.changed(item, item.size)


class MemoryStore:
    """A :class:`Store` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._mailboxes: dict[str, MailboxStore] = {}
        self._watchers: list[Callable[[str], None]] = []

    def mailboxes(self) -> list[str]:
        """Addresses of the mailboxes opened so far, sorted."""
        return sorted(self._mailboxes)

    def open(self, address: str) -> MailboxStore:
        """The mailbox of an address, made when it is not there yet."""
        found = self._mailboxes.get(address)
        if found is None:
            found = self._mailboxes[address] = MailboxStore(address)
            found.furnish()
        return found

    def calendar(self, address: str, start: datetime, end: datetime) -> list[CalendarEntry]:
        """What the calendar shows in [start, end), in order of start."""
        mailbox = self._mailboxes.get(address)
        return [] if mailbox is None else _entries(mailbox, start.timestamp(), end.timestamp())

    def watch(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call ``callback(address)`` after each request that wrote; returns what ends it."""
        self._watchers.append(callback)

        def end() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return end

    def commit(self, mailbox: MailboxStore) -> None:
        """End a request: tell the watchers when it wrote anything."""
        wrote = bool(mailbox.dirty_items)
        mailbox.dirty_items.clear()
        mailbox.dirty_folders.clear()
        if wrote:
            for callback in tuple(self._watchers):
                callback(mailbox.address)

    def close(self) -> None:
        """Forget the watchers."""
        self._watchers.clear()


def _entries(mailbox: MailboxStore, start: float, end: float) -> list[CalendarEntry]:
    found: list[tuple[float, int, Item]] = []
    for item in mailbox.distinguished["calendar"].items.values():
        begins, ends = item.values.get("calendar:Start"), item.values.get("calendar:End")
        if isinstance(begins, int) and isinstance(ends, int) and begins < end and (ends > start or begins >= start):
            bisect.insort(found, (begins, item.number, item))
    return [_entry(mailbox, item) for _, _, item in found]


def _entry(mailbox: MailboxStore, item: Item) -> CalendarEntry:
    values = item.values
    categories = values.get("item:Categories")
    zone = values.get("calendar:StartTimeZone")
    return CalendarEntry(
        id=item_id(mailbox.number, item.number),
        subject=str(values.get("item:Subject", "")),
        start=datetime.fromtimestamp(float(str(values["calendar:Start"])), UTC),
        end=datetime.fromtimestamp(float(str(values["calendar:End"])), UTC),
        all_day=values.get("calendar:IsAllDayEvent") is True,
        location=str(values.get("calendar:Location", "")),
        free_busy=str(values.get("calendar:LegacyFreeBusyStatus", "Busy")),
        categories=tuple(categories) if isinstance(categories, list) else (),
        private=values.get("item:Sensitivity", "Normal") == "Private",
        time_zone=zone[0] if isinstance(zone, list) else None,
        body=str(values.get("item:Body", "")),
    )
