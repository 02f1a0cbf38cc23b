"""A snapshot: all bookings of one source in an interval of a mailbox. What it adds to the changes of a round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consumer.core.actions import Change
from consumer.core.coverage import Coverage
from consumer.core.guard import Guard
from consumer.core.mailbox import MailboxState


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one snapshot asks: each of ``changes`` stands, and nothing else of ``source`` lies in the interval.

    ``changes`` carry the snapshot's ``as_of``. ``event`` is its id and time. ``guard`` is None once a person has let
    it pass.
    """

    source: str
    coverage: Coverage
    changes: tuple[Change, ...]
    event: str
    guard: Guard | None

    @property
    def key(self) -> str:
        """A key of its own: no booking's key has a space in it."""
        covered = self.coverage
        return f"snapshot {self.source} {covered.start.isoformat()} {covered.end.isoformat()} {covered.as_of}"

    @property
    def booking(self) -> str:
        """What the log says instead of a booking's id."""
        return f"all from {self.coverage.start.isoformat()} to {self.coverage.end.isoformat()}"

    @property
    def revision(self) -> int:
        """The revision up to which it speaks."""
        return self.coverage.as_of


Asked = Change | Snapshot
"""What a delivery asks of a mailbox."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The snapshots of a round by position: those that are decided, and those that say nothing new.

    ``covered`` names the decided one that stands for an older one; None where the mailbox remembers a later one.
    ``keys`` are those of all snapshots.
    """

    decided: dict[int, Snapshot]
    covered: dict[int, Snapshot | None]
    keys: dict[int, str]


def judged(asked: Sequence[Asked], state: MailboxState) -> Judged:
    """Which snapshots of a round count. Of two that cover the same the later one does, whatever their order."""
    decided: dict[int, Snapshot] = {}
    covered: dict[int, Snapshot | None] = {}
    present = {position: one for position, one in enumerate(asked) if isinstance(one, Snapshot)}
    by_weight = sorted(present, key=lambda at: (present[at].coverage.as_of, present[at].guard is None, -at))
    for position in reversed(by_weight):
        one = present[position]
        floor = state.floors.get(one.source)
        if floor is not None and floor.last is not None and floor.last.outdates(one.coverage):
            covered[position] = None
            continue
        over = (other for other in decided.values() if other.source == one.source)
        instead = next((other for other in over if other.coverage.covers(one.coverage)), None)
        if instead is None:
            decided[position] = one
        else:
            covered[position] = instead
    return Judged(decided, covered, {at: one.key for at, one in present.items()})


def candidates(one: Asked, state: MailboxState) -> Iterator[Change]:
    """The changes that one of those that are asked stands for."""
    if isinstance(one, Change):
        yield one
    else:
        yield from (_at_its_height(change, state) for change in one.changes)


def _at_its_height(change: Change, state: MailboxState) -> Change:
    """A change of a snapshot, at the revision at which the same content stands already, or can stand.

    A booking that an earlier snapshot did not name, and this one does, at a revision whose item was removed since:
    an item at that revision is dead for ever, so it comes back at the revision up to which this snapshot speaks. Later
    snapshots, which name it at its old revision, mean that item.
    """
    assert change.as_of is not None
    tombstone = state.tombstones.get(change.key)
    dead_up_to = tombstone.dead_up_to if tombstone else -1
    known = [item.standing for item in state.items.get(change.key, ())]
    if change.key in state.discarded:
        known.append(state.discarded[change.key])
    same = [one.revision for one in known if one.digest == change.standing.digest]
    alive = [revision for revision in same if dead_up_to < revision <= change.as_of]
    if alive:
        return change.raised_to(max(alive))
    if tombstone is None or tombstone.absent is None or tombstone.revision >= change.as_of:
        return change
    return change.raised_to(change.as_of) if change.revision <= dead_up_to else change
