"""What one update will publish, worked out before anything is published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from producers.sync.difference import Change, Difference, Entry, Place, difference
from producers.sync.directory import Directory
from producers.sync.guard import shrinking
from producers.sync.request import CHANGES, Kind, Request
from producers.sync.schedule import Schedule, ScheduledObject
from producers.sync.state import State
from producers.sync.view import AS_READ, View
from producers.sync.window import EVERYTHING, Side, Window


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a person has agreed to."""

    empty: bool = False
    shrink: bool = False


NOTHING: Final = Accepted()


@dataclass(frozen=True, slots=True)
class Plan:
    """What an update will publish, and why it will not (``refusal``), if it will not.

    ``publish``: changes, at a new revision. ``again``: entries of the state, at the revision they have. ``snapshots``:
    the mailboxes that get one. ``published`` is what stood before.
    """

    schedule: Schedule
    window: Window
    published: Mapping[Place, Entry]
    publish: Sequence[Change]
    record: Sequence[Change]
    again: Mapping[Place, Entry]
    snapshots: Sequence[str]
    unmapped: Collection[ScheduledObject]
    refusal: str | None

    @property
    def events(self) -> int:
        """How many events that is, if no snapshot is too big for one message."""
        return len(self.publish) + len(self.again) + len(self.snapshots)


def plan(
    schedule: Schedule,
    directory: Directory,
    state: State,
    window: Window = EVERYTHING,
    view: View = AS_READ,
    request: Request = CHANGES,
    accepted: Accepted = NOTHING,
) -> Plan:
    """What is to be published now.

    Raises :class:`producers.sync.request.UnknownName`, :class:`producers.sync.view.UnknownField` and
    :class:`producers.sync.state.StateError`.
    """
    published = state.entries()
    chosen = view.chosen(schedule)
    found = difference(published, chosen.bookings, directory, window, view.content_for())
    standing = dict.fromkeys(place.mailbox for place in published)
    named = request.mailboxes(directory, standing)
    if named is not None and request.kind is Kind.NOW:
        found = _only(found, named)
    mailboxes = standing.keys() | {change.place.mailbox for change in found.publish}
    if request.kind is not Kind.DAILY:
        mailboxes |= set(directory.values())
    snapshots = sorted(mailboxes if named is None else named) if request.with_snapshots else []
    return Plan(
        schedule=chosen,
        window=window,
        published=published,
        publish=found.publish,
        record=found.record,
        again=_unsaid(published, found, snapshots, window) if request.kind is Kind.AGAIN else {},
        snapshots=snapshots,
        unmapped=found.unmapped,
        refusal=shrinking(published, chosen.bookings, window, allow_empty=accepted.empty, accept_shrink=accepted.shrink)
        or _nobody(chosen, directory),
    )


def _only(found: Difference, mailboxes: Collection[str]) -> Difference:
    """The part of a difference that concerns these mailboxes."""
    publish = tuple(change for change in found.publish if change.place.mailbox in mailboxes)
    record = tuple(change for change in found.record if change.place.mailbox in mailboxes)
    return Difference(publish, record, found.unmapped)


def _unsaid(
    published: Mapping[Place, Entry], found: Difference, mailboxes: Sequence[str], window: Window
) -> dict[Place, Entry]:
    """What stands in the state of these mailboxes and no snapshot says: cancellations, and what lies beyond."""
    sent_now = {change.place for change in found.publish}
    wanted = frozenset(mailboxes)
    return {
        place: entry
        for place, entry in published.items()
        if place.mailbox in wanted
        and place not in sent_now
        and (entry.content is None or window.side(entry.content) is Side.BEYOND)
    }


def _nobody(schedule: Schedule, directory: Directory) -> str | None:
    """A directory that fits to nobody is one of another source, or of other ids."""
    objects = {item for booking in schedule.bookings.values() for item in booking.objects}
    if not objects or any(item in directory for item in objects):
        return None
    some = ", ".join(str(item) for item in sorted(objects)[:3])
    return (
        f"none of the {len(objects)} people and rooms of the schedule has a mailbox ({some}): "
        "check that the directory has their ids. Nothing was published, and nothing deleted"
    )
