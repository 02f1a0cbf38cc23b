"""Putting back what a user has changed or thrown away: once a day for each item, and it shows on the item.

The day of the last repair is read from ``CallsheetEvent`` on the item, so every replica knows it, and it goes along
when the item is thrown away again.
"""

from dataclasses import replace
from datetime import datetime

from consumer.core.actions import Change
from consumer.core.window import Window

_MARK = " repair"
"""Behind id and time of the event that wrote an item, where it was written to put right what a user had done."""


def repairing(change: Change) -> Change:
    """The same change, written as a repair."""
    return replace(change, event=change.event + _MARK, repairs=True)


def event_without_mark(text: str) -> str:
    """Id and time of the event in a ``CallsheetEvent``."""
    return text.removesuffix(_MARK)


def repaired_at(text: str) -> datetime | None:
    """The time of the event in a ``CallsheetEvent`` that repaired the item; None where it was no repair."""
    return time_of(event_without_mark(text)) if text.endswith(_MARK) else None


def time_of(event: str) -> datetime | None:
    """The time in an id and time of an event; None where it is not in that form."""
    try:
        at = datetime.fromisoformat(event.rpartition(" ")[2])
    except ValueError:
        return None
    return at if at.tzinfo else None


def may_repair(change: Change, last: datetime | None, window: Window) -> bool:
    """False when the item was repaired on the same day already, or later. Days are those of the window's zone."""
    at = time_of(change.event)
    if last is None or at is None:
        return True
    zone = window.start.tzinfo
    return last.astimezone(zone).date() < at.astimezone(zone).date()
