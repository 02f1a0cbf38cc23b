"""What stands in a mailbox: our items, what the user threw away, tombstones and floors."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from consumer.core.coverage import Coverage


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


@dataclass(slots=True)
class MailboxState:
    """All that is known of our things in one mailbox, by key. Changed in place as writes succeed.

    ``discarded`` holds what the user threw away, as a gate only. ``repaired`` says when a booking was last put right,
    where it was. ``spare`` are ledger entries that another one covers.
    ``tidy`` says that nothing is left to be put in order, so that nobody needs to look again.
    """

    ledger_folder: str | None = None
    items: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    discarded: dict[str, Standing] = field(default_factory=dict)
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    floors: dict[str, Floor] = field(default_factory=dict)
    repaired: dict[str, datetime] = field(default_factory=dict)
    spare: tuple[ItemRef, ...] = ()
    tidy: bool = False

    def knows(self, key: str) -> bool:
        """True when anything stands for this key."""
        return bool(self.items.get(key)) or key in self.tombstones or key in self.discarded

    def entries(self) -> int:
        """How many things are remembered, as a measure of memory."""
        return len(self.items) + len(self.tombstones) + len(self.discarded) + 1
