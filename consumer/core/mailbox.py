"""What stands in a mailbox: our items, what the user threw away, tombstones and floors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

from consumer.core.coverage import Coverage
from consumer.core.packed import Packed, instant, row, values

MAILBOX_OVERHEAD: Final = 1100
"""Bytes that Python takes for a mailbox in which nothing stands, its address and folder id included. Measured."""
_FLOOR_BYTES: Final = 600


class Standing(NamedTuple):
    """Where a change stands among all changes of its key: the greater one wins, whatever the order of arrival.

    At equal revision a cancellation beats a change, and of two changes the larger digest wins.
    """

    revision: int
    cancelled: bool
    digest: str


@dataclass(frozen=True, slots=True)
class ItemRef:
    """An item at one moment: a write with this change key fails if somebody wrote in between."""

    item_id: str
    change_key: str


@dataclass(frozen=True, slots=True)
class Item:
    """One of our items in a calendar.

    ``as_written`` is false when its content is no longer what its digest says. ``plain`` is false for a meeting or a
    series, which somebody made of it. ``other_categories`` are the user's own.
    """

    ref: ItemRef
    key: str
    source: str
    revision: int
    digest: str
    start: datetime
    end: datetime
    other_categories: tuple[str, ...] = ()
    as_written: bool = True
    plain: bool = True

    @property
    def standing(self) -> Standing:
        """The change that this item shows."""
        return Standing(self.revision, False, self.digest)


class TombstoneState(StrEnum):
    """Why no item stands for a booking."""

    CANCELLED = "cancelled"
    OUTSIDE = "outside"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Remembers the revision of a booking for which no item is written.

    ``dead_up_to`` is the highest revision at which the booking was ever cancelled: a deletion may be under way for
    every item at or below it, so such an item is never written to again. ``absent`` is set with that state: the
    snapshot that did not name the booking, up to whose revision, ``revision``, the booking is not in its interval.
    """

    ref: ItemRef
    key: str
    source: str
    revision: int
    state: TombstoneState
    digest: str
    expires: datetime
    dead_up_to: int = -1
    absent: Coverage | None = None

    @property
    def standing(self) -> Standing:
        """The change that this tombstone remembers; for an absent booking the cancellation of the item it removed."""
        if self.state is TombstoneState.ABSENT:
            return Standing(self.dead_up_to, True, "")
        if self.state is TombstoneState.CANCELLED:
            return Standing(self.revision, True, "")
        return Standing(self.revision, False, self.digest)


@dataclass(frozen=True, slots=True)
class Floor:
    """The highest revision of one source whose tombstone was swept, -1 for none; and what its last snapshot covered."""

    ref: ItemRef
    source: str
    revision: int
    last: Coverage | None = None


_MARKS = ("ref.item_id", "ref.change_key", "source", "revision", "digest")
_ITEM = attrgetter(*_MARKS, "start", "end", "other_categories", "as_written", "plain")
_TOMBSTONE = attrgetter(*_MARKS, "state", "expires", "dead_up_to")


def _item(
    key: str,
    item_id: str,
    change_key: str,
    source: str,
    revision: int,
    digest: str,
    start: str,
    end: str,
    others: list[str],
    as_written: bool,
    plain: bool,
) -> Item:
    ref = ItemRef(item_id, change_key)
    return Item(ref, key, source, revision, digest, instant(start), instant(end), tuple(others), as_written, plain)


class PackedItems(Packed[tuple[Item, ...]]):
    """The items of each key."""

    __slots__ = ()

    @staticmethod
    def pack(value: tuple[Item, ...]) -> bytes:
        """See :class:`consumer.core.packed.Packed`."""
        return row(*map(_ITEM, value))

    @staticmethod
    def unpack(key: str, record: bytes) -> tuple[Item, ...]:
        """See :class:`consumer.core.packed.Packed`."""
        return tuple(_item(key, *fields) for fields in values(record))


class PackedTombstones(Packed[Tombstone]):
    """The tombstone of each key."""

    __slots__ = ()

    @staticmethod
    def pack(value: Tombstone) -> bytes:
        """See :class:`consumer.core.packed.Packed`."""
        absent = (value.absent.start, value.absent.end) if value.absent else None
        return row(*_TOMBSTONE(value), absent)

    @staticmethod
    def unpack(key: str, record: bytes) -> Tombstone:
        """See :class:`consumer.core.packed.Packed`."""
        item_id, change_key, source, revision, digest, state, expires, dead_up_to, absent = values(record)
        return Tombstone(
            ref=ItemRef(item_id, change_key),
            key=key,
            source=source,
            revision=revision,
            state=TombstoneState(state),
            digest=digest,
            expires=instant(expires),
            dead_up_to=dead_up_to,
            absent=Coverage(instant(absent[0]), instant(absent[1]), revision) if absent else None,
        )


class PackedStandings(Packed[Standing]):
    """The standing of each key."""

    __slots__ = ()

    @staticmethod
    def pack(value: Standing) -> bytes:
        """See :class:`consumer.core.packed.Packed`."""
        return row(*value)

    @staticmethod
    def unpack(key: str, record: bytes) -> Standing:
        """See :class:`consumer.core.packed.Packed`."""
        del key  # a standing does not say whose it is
        return Standing(*values(record))


@dataclass(slots=True)
class MailboxState:
    """All that is known of our things in one mailbox, by key. Changed in place as writes succeed.

    ``discarded`` holds what the user threw away, as a gate only. ``repaired`` says when a booking was last put right,
    where it was. ``spare`` are ledger entries that another one covers.
    ``tidy`` says that nothing is left to be put in order, so that nobody needs to look again.
    """

    ledger_folder: str | None = None
    items: PackedItems = field(default_factory=PackedItems)
    discarded: PackedStandings = field(default_factory=PackedStandings)
    tombstones: PackedTombstones = field(default_factory=PackedTombstones)
    floors: dict[str, Floor] = field(default_factory=dict)
    repaired: dict[str, datetime] = field(default_factory=dict)
    spare: tuple[ItemRef, ...] = ()
    tidy: bool = False

    def knows(self, key: str) -> bool:
        """True when anything stands for this key."""
        return key in self.items or key in self.tombstones or key in self.discarded

    def renew(self, keys: Iterable[str], found: "MailboxState") -> None:
        """Let what was ``found`` of some keys take the place of what was known of them."""
        for key in keys:
            self.items.pop(key, None)
            self.tombstones.pop(key, None)
            self.discarded.pop(key, None)
            self.repaired.pop(key, None)
        self.items.update(found.items)
        self.tombstones.update(found.tombstones)
        self.discarded.update(found.discarded)
        self.repaired.update(found.repaired)
        self.spare += tuple(ref for ref in found.spare if ref not in self.spare)
        self.tidy = False

    def size(self) -> int:
        """About how many bytes of memory it takes."""
        packed = self.items.size + self.discarded.size + self.tombstones.size
        return MAILBOX_OVERHEAD + packed + _FLOOR_BYTES * (len(self.floors) + len(self.spare) + len(self.repaired))
