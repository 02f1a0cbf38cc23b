"""Several items of one key: which is the booking, which are dead, and what becomes of the rest.

More than one comes about by a write whose answer was lost, by two replicas at once, or by a user who made a copy.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from consumer.core.mailbox import Item, Tombstone, TombstoneState
from consumer.core.window import Window


@dataclass(frozen=True, slots=True)
class KeyItems:
    """The items of one key, sorted out.

    ``survivor`` is the booking. ``dead`` are at or below a cancellation. ``copies`` are the user's own, changed copies.
    ``duplicates`` are what is too many.
    """

    survivor: Item | None
    dead: tuple[Item, ...]
    duplicates: tuple[Item, ...] = ()
    copies: tuple[Item, ...] = ()


def sorted_out(items: Iterable[Item], tombstone: Tombstone | None) -> KeyItems:
    """Sort the items of one key.

    The survivor is a pure function of item data: highest revision, then larger digest, then content that matches its
    digest, then smallest id. So every replica that looks at the same mailbox chooses the same one.
    """
    dead_up_to = tombstone.dead_up_to if tombstone else -1
    dead: list[Item] = []
    living: list[Item] = []
    for item in items:
        (dead if item.revision <= dead_up_to else living).append(item)
    if not living:
        return KeyItems(None, tuple(dead))
    survivor, *others = sorted(living, key=_preference)
    duplicates: list[Item] = []
    copies: list[Item] = []
    for item in others:
        # A meeting or a series that somebody made of our item is no copy: it still says that the booking is there.
        (duplicates if item.as_written or not item.plain else copies).append(item)
    return KeyItems(survivor, tuple(dead), tuple(duplicates), tuple(copies))


def outlived(survivor: Item | None, tombstone: Tombstone | None, window: Window) -> Item | None:
    """The survivor, where it is older than what the tombstone says of a booking outside the window: a leftover.

    It was written late, by a request whose answer nobody had. An item of the past stays beside such a tombstone.
    """
    if survivor is None or tombstone is None or tombstone.state is not TombstoneState.OUTSIDE:
        return None
    if survivor.standing >= tombstone.standing or window.wholly_after(survivor.start, survivor.end):
        return None
    return survivor


def _preference(item: Item) -> tuple[int, tuple[int, ...], bool, str]:
    larger_digest_first = tuple(-ord(character) for character in item.digest)
    return (-item.revision, larger_digest_first, not item.as_written, item.ref.item_id)
