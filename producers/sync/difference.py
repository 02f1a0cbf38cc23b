"""What has to be published so that every mailbox shows the schedule. Pure: no clock, no files, no broker.

A booking stands in a mailbox on account of its *holders*: the people and rooms it is for that have this mailbox. Two
holders of one mailbox make one booking there, and it is cancelled when the last of them is gone. A holder that has
dropped out of the directory keeps what it has, because nobody can tell whether it lost the booking or only its entry.

Only what touches the window is published. What comes into it by the passing of time is published then, even if it was
published before: beyond the window nobody knows whether it was written. What was published and is moved out of the
window is published as moved, so that nothing stays where it no longer is. What lies wholly before the window is left
alone, also if the source says no more of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from producers.sync.directory import Directory
from producers.sync.schedule import Booking, Content, ScheduledObject
from producers.sync.view import ContentFor
from producers.sync.window import EVERYTHING, Side, Window


class Place(NamedTuple):
    """One booking in one mailbox (lower case)."""

    mailbox: str
    booking: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What was last published at a place. ``content`` is None, and nobody holds it, after a cancellation.

    ``inside``: it lay in the window when it was last looked at. Not ``confirmed``: a run broke off while it published
    this, and the broker may have it or not.
    """

    revision: int
    content: Content | None
    holders: frozenset[ScheduledObject]
    inside: bool = True
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What shall stand at a place from now on; ``content`` None cancels."""

    place: Place
    content: Content | None
    holders: frozenset[ScheduledObject]
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """The way from what was published to what the schedule says.

    ``publish``: events to send, sorted by place. ``record``: places with nothing to send where the holders changed, or
    on which side of the window's edges they lie. ``unmapped``: objects without a mailbox that have a booking in the
    schedule or still in a mailbox.
    """

    publish: tuple[Change, ...]
    record: tuple[Change, ...]
    unmapped: frozenset[ScheduledObject]


def difference(
    published: Mapping[Place, Entry],
    bookings: Mapping[str, Booking],
    directory: Directory,
    window: Window = EVERYTHING,
    content_for: ContentFor = lambda booking, _: booking.content,
) -> Difference:
    """What to publish, given what was published, the schedule, the directory and the window.

    A place that is not confirmed is published in any case: what stands there now is not known.
    """
    wanted: dict[Place, set[ScheduledObject]] = {}
    unmapped: set[ScheduledObject] = set()
    for booking in bookings.values():
        for item in booking.objects:
            if item in directory:
                wanted.setdefault(Place(directory[item], booking.id), set()).add(item)
            else:
                unmapped.add(item)
    publish: list[Change] = []
    record: list[Change] = []
    for place in sorted(wanted.keys() | published.keys()):
        entry = published.get(place)
        left = (
            frozenset(item for item in entry.holders if _has_dropped_out(item, place, directory))
            if entry
            else frozenset()
        )
        unmapped |= left
        if place in wanted:
            content: Content | None = content_for(bookings[place.booking], place.mailbox)
        else:
            content = entry.content if entry is not None and left else None
        change = Change(place, content, left | wanted.get(place, set()), _inside(window, content))
        if entry is None:
            if change.inside:
                publish.append(change)
        elif not entry.confirmed or _is_due(entry, change, window):
            publish.append(change)
        else:
            kept = _kept(entry, change, window)
            if (kept.holders, kept.inside) != (entry.holders, entry.inside):
                record.append(kept)
    return Difference(tuple(publish), tuple(record), frozenset(unmapped))


def _has_dropped_out(item: ScheduledObject, place: Place, directory: Directory) -> bool:
    """Whether nobody can tell any more whose mailbox it is. Who goes by an address needs no directory."""
    return item not in directory and item.id.lower() != place.mailbox


def _is_due(entry: Entry, change: Change, window: Window) -> bool:
    """Whether an event says what the calendar cannot know yet, and is to know."""
    if entry.content is None:
        return change.content is not None and change.inside
    if change.content == entry.content:
        return change.inside and not entry.inside
    if change.content is not None and change.inside:
        return True
    # Moved out of the window, or cancelled: of interest unless what stands there is history.
    return window.side(entry.content) is not Side.BEFORE


def _kept(entry: Entry, change: Change, window: Window) -> Change:
    """What is remembered of a place without an event: its content stays the published one."""
    if change.content == entry.content:
        return change
    return Change(change.place, entry.content, entry.holders, _inside(window, entry.content))


def _inside(window: Window, content: Content | None) -> bool:
    return content is None or window.side(content) is Side.INSIDE
