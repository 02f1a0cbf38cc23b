"""What a mailbox holds: folders, and items as plain values by property path.

A path is a FieldURI ("item:Subject") or the text form of an extended property
(:func:`emulator.ews.extended.parse_extended`). Values are what JSON knows, so an item is stored as it stands: instants
are whole seconds since 1970, enumerations go by name, structures are lists or XML text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

Value = str | int | float | bool | list[str]

FOLDER_KINDS = ("Folder", "CalendarFolder", "ContactsFolder", "TasksFolder", "SearchFolder")


@dataclass(slots=True, eq=False)
class Item:
    """One item of a mailbox.

    ``number`` names it for ever within its mailbox (a moved item gets a new one); ``change`` is the number of its last
    change and stands in its ChangeKey; ``born`` the one it came into its folder with. ``read_change`` is the last
    change of anything but IsRead when only that changed since, else 0. ``touched`` remembers the last change of each
    property written since. Instants are seconds since 1970; ``size`` is in bytes.
    """

    number: int
    kind: str
    folder: int
    values: dict[str, Value]
    change: int = 0
    born: int = 0
    read_change: int = 0
    created: float = 0.0
    modified: float = 0.0
    size: int = 0
    associated: bool = False
    touched: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Folder:
    """One folder: its place, its own properties, and its items by number in the order they came."""

    number: int
    parent: int
    kind: str
    name: str
    folder_class: str | None
    distinguished: str | None = None
    values: dict[str, Value] = field(default_factory=dict)
    change: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    associated: dict[int, Item] = field(default_factory=dict)
    gone: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Items that left: number -> (change it came in with, change it left with), for SyncFolderItems."""

    def of(self, item: Item) -> dict[int, Item]:
        """The table of this folder in which ``item`` belongs."""
        return self.associated if item.associated else self.items


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A calendar item as a page shows it. ``start`` and ``end`` are in UTC; all-day ends are the midnight after."""

    id: str
    subject: str
    start: datetime
    end: datetime
    all_day: bool
    location: str
    free_busy: str
    categories: tuple[str, ...]
    private: bool
    time_zone: str | None
    body: str
