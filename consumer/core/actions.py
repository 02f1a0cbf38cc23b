"""What is to be done in a mailbox, and what becomes of each change."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from consumer.core.appointment import Appointment
from consumer.core.coverage import Coverage
from consumer.core.mailbox import Item, ItemRef, Standing, TombstoneState
from contract.reasons import Reason


@dataclass(frozen=True, slots=True)
class Change:
    """One event about one booking, with what it asks for. ``appointment`` is None for a cancellation.

    ``event`` is the id and time of the event, as they are written on the item. ``forced`` passes the floor. ``as_of``
    is set for a booking of a snapshot: up to that revision nothing else has become of it. ``repairs`` says that it is
    written because a user has changed the item or thrown it away.
    """

    key: str
    source: str
    booking: str
    revision: int
    event: str
    appointment: Appointment | None = None
    forced: bool = False
    as_of: int | None = None
    repairs: bool = False

    def raised_to(self, revision: int) -> "Change":
        """The same change at this revision, if that is higher."""
        return replace(self, revision=revision) if revision > self.revision else self

    @property
    def standing(self) -> Standing:
        """Where this change stands among all changes of its key."""
        if self.appointment is None:
            return Standing(self.revision, True, "")
        return Standing(self.revision, False, self.appointment.digest)


class Outcome(StrEnum):
    """What became of an event; the values of the label ``outcome`` in the metrics."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    STALE = "stale"
    OUTSIDE_WINDOW = "outside_window"
    NOT_ENROLLED = "not_enrolled"
    FORWARDED = "forwarded"
    RETRIED = "retried"
    PARKED = "parked"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class CreateItem:
    """Write a new calendar item."""

    change: Change


@dataclass(frozen=True, slots=True)
class UpdateItem:
    """Make an existing item what the change says, unless somebody wrote to it in between."""

    item: Item
    change: Change


@dataclass(frozen=True, slots=True)
class FenceItem:
    """Touch a duplicate so that every write which is still under way for it fails. Its deletion follows."""

    item: Item


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """Take our marks off a copy that the user made and changed: from now on it is the user's own."""

    item: Item


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """Delete a calendar item."""

    item: Item


@dataclass(frozen=True, slots=True)
class WriteTombstone:
    """Write or replace the tombstone of a key."""

    change: Change
    state: TombstoneState
    expires: datetime
    dead_up_to: int
    replaces: ItemRef | None = None
    absent: Coverage | None = None


@dataclass(frozen=True, slots=True)
class RaiseFloor:
    """Raise the floor of a source to a revision; what it says of the last snapshot stays."""

    source: str
    revision: int
    replaces: ItemRef | None = None
    last: Coverage | None = None


@dataclass(frozen=True, slots=True)
class RememberSnapshot:
    """Write into the floor of a source what the last snapshot spoke of. Its revision stays."""

    source: str
    revision: int
    replaces: ItemRef | None
    last: Coverage


@dataclass(frozen=True, slots=True)
class DeleteEntry:
    """Delete an entry of the ledger. ``key`` is that of the tombstone, empty for a spare entry."""

    ref: ItemRef
    key: str = ""


Action = (
    CreateItem
    | UpdateItem
    | FenceItem
    | ReleaseItem
    | DeleteItem
    | WriteTombstone
    | RaiseFloor
    | RememberSnapshot
    | DeleteEntry
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a change once the actions of its key have succeeded.

    ``reason`` is set for one that is put aside. ``left`` names the bookings that stay as a user has them, because they
    were put right once today already.
    """

    outcome: Outcome
    reason: Reason | None = None
    explanation: str = ""
    left: tuple[str, ...] = ()


PHASES: tuple[frozenset[type], ...] = (
    frozenset({WriteTombstone, RaiseFloor, FenceItem, ReleaseItem}),
    frozenset({CreateItem, UpdateItem}),
    frozenset({DeleteItem, DeleteEntry}),
    frozenset({RememberSnapshot}),
)
"""The order of the writes of one key. What a deletion relies on stands before the deletion is sent, and a snapshot is
remembered when all of it is done."""


@dataclass(slots=True)
class Plan:
    """What to do, by key, and what then becomes of each change.

    Actions go out in the order of :data:`PHASES`; an action runs only when all earlier ones of its key succeeded.
    ``verdicts`` stand beside the changes given to :func:`consumer.core.decide.decide`, by position; a verdict holds
    once every action of the change's key has succeeded. What is kept in order by the way, like the sweeping of a
    tombstone, has a key of its own that no change waits for. ``waits_for`` names for a key others that must succeed
    before it: a snapshot stands for many bookings.
    """

    actions: dict[str, list[Action]] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    waits_for: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, key: str, *actions: Action) -> None:
        """Put actions behind those of a key, each once."""
        if not actions:
            return
        present = self.actions.setdefault(key, [])
        present.extend(action for action in actions if action not in present)
