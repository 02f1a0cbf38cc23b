"""What follows from a booking's not being named by a snapshot of its source: leftovers go, and older events are stale.

Only what lies wholly inside the snapshot's interval, at or below the revision up to which it speaks. Too much of it
at once is held for a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from consumer.core.actions import Change, DeleteItem, Plan, WriteTombstone
from consumer.core.coverage import Coverage
from consumer.core.mailbox import Item, MailboxState, TombstoneState
from consumer.core.snapshot import Snapshot
from consumer.core.survivors import outlived, sorted_out
from consumer.core.window import Window


@dataclass(frozen=True, slots=True)
class Absence:
    """The leftovers of one snapshot by key, and how many items of its source lie in its interval at all."""

    snapshot: Snapshot
    named: frozenset[str]
    leftovers: tuple[str, ...]
    present: int

    @property
    def held(self) -> bool:
        """True when a person has to agree first."""
        guard = self.snapshot.guard
        return guard is not None and guard.holds(len(self.leftovers), self.present)

    @property
    def explanation(self) -> str:
        """Why it is held, for a person."""
        covered = self.snapshot.coverage
        return (
            f"it would remove {len(self.leftovers)} of the {self.present} items of this source between "
            f"{covered.start.isoformat()} and {covered.end.isoformat()}; the rest of it was applied. If they are gone: "
            "callsheet-consumer held release; if not: mend the producer, then held drop"
        )

    def denies(self, change: Change) -> bool:
        """True when this snapshot says that what the change asks for is no longer so."""
        return (
            change.source == self.snapshot.source
            and change.key not in self.named
            and denied(change, self.snapshot.coverage)
        )


def denied(change: Change, covered: Coverage) -> bool:
    """True when a snapshot that did not name the booking is later than the change, and speaks of its whole time."""
    if change.appointment is None or change.forced:
        return False
    earlier = change.revision <= covered.as_of if change.as_of is None else change.as_of < covered.as_of
    return earlier and covered.holds(change.appointment.fields.start, change.appointment.fields.end)


def absence(snapshot: Snapshot, state: MailboxState, by_key: Mapping[str, Sequence[Change]], window: Window) -> Absence:
    """What one snapshot denies. ``by_key`` are the changes of the round: a leftover that one of them keeps is none."""
    named = frozenset(change.key for change in snapshot.changes)
    leftovers: list[str] = []
    present = 0
    for key, item in _within(snapshot, state, window):
        present += 1
        if key in named or item.revision > snapshot.coverage.as_of:
            continue
        kept = any(
            change.standing >= item.standing and not denied(change, snapshot.coverage) for change in by_key.get(key, ())
        )
        if not kept and snapshot.coverage.holds(item.start, item.end):
            leftovers.append(key)
    return Absence(snapshot, named, tuple(leftovers), present)


def _within(snapshot: Snapshot, state: MailboxState, window: Window) -> Iterator[tuple[str, Item]]:
    """The bookings of the source that stand in the interval. The past is never touched."""
    for key, items in state.items.items():
        if items[0].source != snapshot.source:
            continue
        tombstone = state.tombstones.get(key)
        item = sorted_out(items, tombstone).survivor
        if item is None or outlived(item, tombstone, window) is not None:
            continue
        if snapshot.coverage.overlaps(item.start, item.end) and not window.wholly_after(item.start, item.end):
            yield key, item


def remove_leftover(
    plan: Plan, state: MailboxState, key: str, snapshot: Snapshot, window: Window, now: datetime
) -> None:
    """Adds what removes a leftover: a tombstone that says which snapshot did not name it, then the deletion."""
    present = state.tombstones.get(key)
    found = sorted_out(state.items[key], present)
    assert found.survivor is not None
    change = Change(key, snapshot.source, "", snapshot.coverage.as_of, snapshot.event)
    tombstone = WriteTombstone(
        change=change,
        state=TombstoneState.ABSENT,
        expires=window.expiry(now),
        dead_up_to=max(found.survivor.revision, present.dead_up_to if present else -1),
        replaces=present.ref if present else None,
        absent=snapshot.coverage,
    )
    gone = [item for item in (found.survivor, *found.dead) if not window.wholly_after(item.start, item.end)]
    plan.add(key, tombstone, *(DeleteItem(item) for item in gone))
