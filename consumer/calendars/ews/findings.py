"""What an inspection finds: items as people see them, tombstones with the event that led to them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from consumer.calendars.ews.soap import TYPES
from consumer.core.mailbox import Floor, Item, Tombstone
from consumer.core.repair import event_without_mark
from contract import names


@dataclass(frozen=True, slots=True)
class Shown:
    """An item of ours as it stands in a folder (``calendar`` or ``deleteditems``), with the text that people see."""

    folder: str
    item: Item
    title: str
    location: str
    all_day: bool
    show_as: str
    private: bool
    booking: str
    event: str
    our_categories: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """A tombstone, with the event that led to it."""

    tombstone: Tombstone
    booking: str
    event: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that stands of a booking in a mailbox, and the floors of its sources."""

    items: tuple[Shown, ...]
    tombstones: tuple[Remembered, ...]
    floors: tuple[Floor, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """All that is ours in a mailbox. ``ledger_entries`` is None where there is no ledger folder."""

    items: tuple[Shown, ...]
    ledger_entries: int | None


def shown(folder: str, element: Any, item: Item) -> Shown:
    """An item of ours with what its element says to people."""
    categories = element.findall(f"{TYPES}Categories/{TYPES}String")
    return Shown(
        folder=folder,
        item=item,
        title=element.findtext(f"{TYPES}Subject") or "",
        location=element.findtext(f"{TYPES}Location") or "",
        all_day=element.findtext(f"{TYPES}IsAllDayEvent") == "true",
        show_as=element.findtext(f"{TYPES}LegacyFreeBusyStatus") or "",
        private=element.findtext(f"{TYPES}Sensitivity") == "Private",
        booking=mark(element, names.PROPERTY_BOOKING),
        event=mark(element, names.PROPERTY_EVENT),
        our_categories=len(categories) - len(item.other_categories),
    )


def mark(element: Any, name: str) -> str:
    """The text of one of our marks on an element, empty where there is none."""
    for extended in element.iterfind(f"{TYPES}ExtendedProperty"):
        uri = extended.find(f"{TYPES}ExtendedFieldURI")
        if uri is not None and uri.get("PropertyName") == name:
            return str(extended.findtext(f"{TYPES}Value") or "")
    return ""


def event_of(text: str) -> tuple[str, datetime | None]:
    """Id and time of the event in a ``CallsheetEvent``; what is not in that form is all id."""
    identifier, _, written = event_without_mark(text).rpartition(" ")
    try:
        return identifier, datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:
        return text, None
