"""What an update is asked for, and of whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from producers.sync.directory import Directory, checked_mailbox
from producers.sync.schedule import ObjectKind, ScheduledObject

Named = str | ScheduledObject
"""A mailbox in lower case, or a person or room by its id."""


class Kind(StrEnum):
    """What an update does."""

    CHANGES = "changes"
    """Publishes what has changed."""
    DAILY = "daily"
    """And a snapshot for each mailbox that has or had a booking."""
    NOW = "now"
    """And a snapshot for each mailbox; only for those who are named, if any are."""
    AGAIN = "again"
    """For mailboxes that were enrolled later: as NOW, and the cancellations that a snapshot cannot say."""


class UnknownName(Exception):
    """Somebody is named whom neither the directory nor the state knows."""


@dataclass(frozen=True, slots=True)
class Request:
    """An update. ``who`` empty: everybody."""

    kind: Kind = Kind.CHANGES
    who: frozenset[Named] = frozenset()

    @property
    def with_snapshots(self) -> bool:
        """Whether it ends with snapshots."""
        return self.kind is not Kind.CHANGES

    def mailboxes(self, directory: Directory, published: Mapping[str, object]) -> frozenset[str] | None:
        """The mailboxes that are named; None for everybody. ``published`` has those of the state as keys.

        Raises :class:`UnknownName`.
        """
        if not self.who:
            return None
        known = {*published, *directory.values()}
        found, unknown = set(), []
        for named in self.who:
            mailbox = directory.get(named, "") if isinstance(named, ScheduledObject) else named
            if mailbox in known:
                found.add(mailbox)
            else:
                unknown.append(str(named))
        if unknown:
            raise UnknownName(f"neither in the directory nor in the state: {', '.join(sorted(unknown))}")
        return frozenset(found)


def merged(first: Request | None, second: Request) -> Request:
    """One update that does what both ask for."""
    if first is None or first == second:
        return second
    order = list(Kind)
    kind = max(first.kind, second.kind, key=order.index)
    who = first.who | second.who if first.who and second.who else frozenset[Named]()
    return Request(kind, who)


CHANGES: Final = Request()


def read_name(text: str) -> Named:
    """A mailbox like ``anna@example.com``, or an object like ``person:123``. Raises ValueError."""
    kind, colon, object_id = text.partition(":")
    if colon and kind in list(ObjectKind) and object_id.strip():
        return ScheduledObject(ObjectKind(kind), object_id.strip())
    try:
        return checked_mailbox(text)
    except ValueError as error:
        raise ValueError(f"{error}, or an object, like person:123 or room:Suite 4") from None
