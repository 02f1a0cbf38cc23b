"""One sync: the difference is published in batches, and each batch is recorded once the broker has it."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from contract.event import (
    REVISION_MAY_LEAD_MS,
    BookingCancelled,
    CancelledEvent,
    ChangedEvent,
    now_in_ms,
    revision_in_future,
)
from producers.event_id import new_event_id
from producers.publisher import Publisher
from producers.sync.difference import Change, Entry, Place, difference
from producers.sync.directory import Directory
from producers.sync.schedule import Content, Schedule, ScheduledObject, read_content
from producers.sync.state import State

BATCH: Final = 500
"""Events that are recorded in one transaction, and at most published twice after a crash."""


class SyncRefused(Exception):
    """The sync would do something that nobody can have meant. Nothing was published; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sync did.

    ``changed`` and ``cancelled`` count events at the new ``revision`` (None if there were none), ``sent_again`` those
    at recorded revisions; ``mailboxes`` were sent any of them.
    """

    source: str
    bookings: int
    changed: int
    cancelled: int
    sent_again: int
    mailboxes: int
    unmapped: Sequence[tuple[ScheduledObject, str]]
    revision: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Again:
    """Whose whole state is sent once more. No mailboxes: everybody's."""

    mailboxes: Collection[str] = ()

    def holds(self, mailbox: str) -> bool:
        """Whether this mailbox is meant."""
        return not self.mailboxes or mailbox in self.mailboxes


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync will publish: changes at a new revision, and entries of the state at the one they have."""

    publish: Sequence[Change]
    record: Sequence[Change]
    again: Mapping[Place, Entry]
    unmapped: Collection[ScheduledObject]

    @property
    def events(self) -> int:
        """How many events that is."""
        return len(self.publish) + len(self.again)


def plan(
    schedule: Schedule, directory: Directory, state: State, again: Again | None = None, *, allow_empty: bool = False
) -> Plan:
    """What is to be published now. Raises :class:`SyncRefused` and :class:`producers.sync.state.StateError`."""
    published = state.entries()
    standing = sum(entry.content is not None for entry in published.values())
    if not schedule.bookings and standing and not allow_empty:
        raise SyncRefused(
            f"the schedule has no event at all, and {standing} bookings of {schedule.source} stand in calendars: "
            "if they shall really go, say --allow-empty"
        )
    found = difference(published, schedule.bookings, directory)
    if again is not None:
        known = {place.mailbox for place in published} | set(directory.values())
        strangers = sorted(set(again.mailboxes) - known)
        if strangers:
            raise SyncRefused(f"--again: neither in the directory nor in the state: {', '.join(strangers)}")
    sent_now = {change.place for change in found.publish}
    resent = {
        place: entry
        for place, entry in published.items()
        if again is not None and again.holds(place.mailbox) and place not in sent_now
    }
    return Plan(found.publish, found.record, resent, found.unmapped)


def next_revision(state: State, now: datetime) -> int:
    """Above every revision of the source, and not below the time in milliseconds. Raises :class:`SyncRefused`."""
    highest = state.highest_revision()
    revision = max(highest + 1, now_in_ms(now))
    if revision_in_future(revision, now):
        raise SyncRefused(
            f"the last revision, {highest}, lies more than {REVISION_MAY_LEAD_MS // 60_000} minutes ahead of this "
            f"machine's clock ({now:%Y-%m-%d %H:%M:%S} UTC): set the clock right"
        )
    return revision


async def synchronise(
    schedule: Schedule,
    state: State,
    planned: Plan,
    connect: Callable[[], AbstractAsyncContextManager[Publisher]],
    advance: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Publishes and records a plan. The broker is not asked for when there is nothing to publish.

    Raises :class:`SyncRefused`, :class:`producers.publisher.PublishFailed` and
    :class:`producers.sync.state.StateError`; what was recorded before stays, the next sync publishes the rest.
    """
    started = time.monotonic()
    revision: int | None = None
    if planned.publish:
        revision = next_revision(state, datetime.now(UTC))
    async with connect() if planned.events else nullcontext() as publisher:
        if publisher is not None:
            if revision is not None:
                await _publish_changes(schedule.source, planned.publish, revision, state, publisher, advance)
            resent = iter(planned.again.items())
            while batch := list(islice(resent, BATCH)):
                events = [_event(schedule.source, place, entry.content, entry.revision) for place, entry in batch]
                await publisher.publish_all(events, lambda _: advance(1))
    state.record_holders(planned.record)
    kinds = Counter(change.content is None for change in planned.publish)
    touched = {change.place.mailbox for change in planned.publish} | {place.mailbox for place in planned.again}
    return Summary(
        source=schedule.source,
        bookings=len(schedule.bookings),
        changed=kinds[False],
        cancelled=kinds[True],
        sent_again=len(planned.again),
        mailboxes=len(touched),
        unmapped=[(item, schedule.names.get(item, item.id)) for item in sorted(planned.unmapped)],
        revision=revision,
        seconds=round(time.monotonic() - started, 3),
    )


async def _publish_changes(
    source: str,
    changes: Sequence[Change],
    revision: int,
    state: State,
    publisher: Publisher,
    advance: Callable[[int], None],
) -> None:
    for first in range(0, len(changes), BATCH):
        batch = changes[first : first + BATCH]
        events = [_event(source, change.place, change.content, revision) for change in batch]
        state.announce(batch, revision)
        await publisher.publish_all(events, lambda _: advance(1))
        state.confirm(batch, revision)


def _event(source: str, place: Place, content: Content | None, revision: int) -> ChangedEvent | CancelledEvent:
    event_id, now = new_event_id(), datetime.now(UTC)
    if content is None:
        cancelled = BookingCancelled(booking=place.booking, revision=revision)
        return CancelledEvent(id=event_id, source=source, subject=place.mailbox, time=now, data=cancelled)
    changed = read_content(content, place.booking, revision)
    return ChangedEvent(id=event_id, source=source, subject=place.mailbox, time=now, data=changed)
