"""What is put in order by the way: duplicates, unfinished deletions, tombstones whose time is over.

Done for a whole mailbox after it was loaded, and never for a mailbox that holds nothing of the kind: then it costs
no request.
"""

from collections.abc import Container
from datetime import datetime

from consumer.core.actions import DeleteEntry, DeleteItem, FenceItem, Plan, RaiseFloor, ReleaseItem
from consumer.core.mailbox import MailboxState
from consumer.core.survivors import outlived, sorted_out
from consumer.core.window import Window


def keep_house(state: MailboxState, plan: Plan, window: Window, now: datetime, changing: Container[str]) -> None:
    """Adds what is to be put in order. What the keys in ``changing`` need goes with their change."""
    for key, items in state.items.items():
        tombstone = state.tombstones.get(key)
        if len(items) < 2 and tombstone is None:
            continue
        found = sorted_out(items, tombstone)
        for item in found.duplicates:
            plan.add(key, FenceItem(item), DeleteItem(item))
        plan.add(key, *(ReleaseItem(item) for item in found.copies))
        plan.add(key, *(DeleteItem(item) for item in found.dead if not window.wholly_after(item.start, item.end)))
        leftover = outlived(found.survivor, tombstone, window)
        if leftover is not None and key not in changing:
            plan.add(key, FenceItem(leftover), DeleteItem(leftover))
    if state.spare:
        plan.add("", *(DeleteEntry(ref) for ref in state.spare))
    _sweep(state, plan, now, changing)


def _sweep(state: MailboxState, plan: Plan, now: datetime, changing: Container[str]) -> None:
    """Tombstones whose time is over go, and the floor of their source takes their revision over before that."""
    raised: dict[str, int] = {}
    for key, tombstone in state.tombstones.items():
        if tombstone.expires <= now and key not in changing and not state.items.get(key):
            raised[tombstone.source] = max(raised.get(tombstone.source, -1), tombstone.revision)
            # Each is there once: thousands whose time is over on the same day are not compared with each other.
            plan.actions.setdefault(floor_key(tombstone.source), []).append(DeleteEntry(tombstone.ref, key))
    for source, revision in raised.items():
        floor = state.floors.get(source)
        if floor is None or floor.revision < revision:
            raised_floor = (
                RaiseFloor(source, revision, floor.ref, floor.last) if floor else RaiseFloor(source, revision)
            )
            plan.add(floor_key(source), raised_floor)


def floor_key(source: str) -> str:
    """The key of a floor. A key of its own: no booking's key has a space in it."""
    return f"floor {source}"
