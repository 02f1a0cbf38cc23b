"""What has to be published so that every mailbox shows the schedule. Pure: no clock, no files, no broker.

A booking stands in a mailbox on account of its *holders*: the people and rooms it is for that have this mailbox. Two
holders of one mailbox make one booking there, and it is cancelled when the last of them is gone. A holder that has
dropped out of the directory keeps what it has, because nobody can tell whether it lost the booking or only its entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from producers.sync.directory import Directory
from producers.sync.schedule import Booking, Content, ScheduledObject


class Place(NamedTuple):
    """One booking in one mailbox (lower case)."""

    mailbox: str
    booking: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What was last published at a place. ``content`` is None, and nobody holds it, after a cancellation.

    Not ``confirmed``: a run broke off while it published this, and the broker may have it or not.
    """

    revision: int
    content: Content | None
    holders: frozenset[ScheduledObject]
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What shall stand at a place from now on; ``content`` None cancels."""

    place: Place
    content: Content | None
    holders: frozenset[ScheduledObject]


@dataclass(frozen=True, slots=True)
class Difference:
    """The way from what was published to what the schedule says.

    ``publish``: events to send, sorted by place. ``record``: places where only the holders changed, nothing to send.
    ``unmapped``: objects without a mailbox that have a booking in the schedule or still in a mailbox.
    """

    publish: tuple[Change, ...]
    record: tuple[Change, ...]
    unmapped: frozenset[ScheduledObject]


def difference(published: Mapping[Place, Entry], bookings: Mapping[str, Booking], directory: Directory) -> Difference:
    """What to publish, given what was published, the schedule and the directory.

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
        left = frozenset(item for item in entry.holders if item not in directory) if entry else frozenset()
        unmapped |= left
        holders = left | wanted.get(place, set())
        if place in wanted:
            content: Content | None = bookings[place.booking].content
        else:
            content = entry.content if entry is not None and left else None
        if content != (entry.content if entry is not None else None) or not (entry is None or entry.confirmed):
            publish.append(Change(place, content, holders))
        elif entry is not None and holders != entry.holders:
            record.append(Change(place, content, holders))
    return Difference(tuple(publish), tuple(record), frozenset(unmapped))
