"""One update: the difference is published in batches, each recorded once the broker has it; then come the snapshots."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from contract.event import (
    REVISION_MAY_LEAD_MS,
    BookingCancelled,
    CancelledEvent,
    ChangedEvent,
    Event,
    SnapshotEvent,
    now_in_ms,
    revision_in_future,
)
from producers.event_id import new_event_id
from producers.publisher import Publisher
from producers.sync.difference import Change, Entry, Place
from producers.sync.plan import Plan
from producers.sync.schedule import Content, ScheduledObject, read_content
from producers.sync.snapshot import Listed, snapshots
from producers.sync.state import State
from producers.sync.window import Window

BATCH: Final = 500
"""Events that are recorded in one transaction, and at most published twice after a crash."""
SNAPSHOT_BATCH: Final = 16
"""Snapshots on their way at once; each may be 1 MiB long."""


class SyncRefused(Exception):
    """The sync would do something that nobody can have meant. Nothing was published; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an update did.

    ``changed`` and ``cancelled`` count events at the new ``revision`` (None if there were none, and no snapshots),
    ``sent_again`` those at recorded revisions, ``snapshots`` messages; ``mailboxes`` were sent any of them.
    """

    source: str
    bookings: int
    changed: int
    cancelled: int
    sent_again: int
    snapshots: int
    mailboxes: int
    unmapped: Sequence[tuple[ScheduledObject, str]]
    revision: int | None
    seconds: float


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
    planned: Plan,
    state: State,
    connect: Callable[[], AbstractAsyncContextManager[Publisher]],
    advance: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Publishes and records a plan. The broker is not asked for when there is nothing to publish.

    Raises :class:`SyncRefused`, :class:`producers.publisher.PublishFailed` and
    :class:`producers.sync.state.StateError`; what was recorded before stays, the next update publishes the rest.
    """
    if planned.refusal is not None:
        raise SyncRefused(planned.refusal)
    started = time.monotonic()
    source = planned.schedule.source
    revision = next_revision(state, datetime.now(UTC)) if planned.publish or planned.snapshots else None
    sent = 0
    async with connect() if planned.events else nullcontext() as publisher:
        if publisher is not None:
            way = _Way(source, state, publisher, advance)
            if planned.publish and revision is not None:
                await way.changes(planned.publish, revision)
            await way.again(planned.again)
            if planned.snapshots and revision is not None:
                sent = await way.snapshots(planned.snapshots, planned.window, revision)
    state.record(planned.record)
    kinds = Counter(change.content is None for change in planned.publish)
    touched = {change.place.mailbox for change in planned.publish} | {place.mailbox for place in planned.again}
    return Summary(
        source=source,
        bookings=len(planned.schedule.bookings),
        changed=kinds[False],
        cancelled=kinds[True],
        sent_again=len(planned.again),
        snapshots=sent,
        mailboxes=len(touched | set(planned.snapshots)),
        unmapped=[(item, planned.schedule.names.get(item, item.id)) for item in sorted(planned.unmapped)],
        revision=revision,
        seconds=round(time.monotonic() - started, 3),
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """From the plan to the broker."""

    source: str
    state: State
    publisher: Publisher
    advance: Callable[[int], None] = field(repr=False)

    async def changes(self, changes: Sequence[Change], revision: int) -> None:
        """Each batch is announced, published and recorded."""
        for first in range(0, len(changes), BATCH):
            batch = changes[first : first + BATCH]
            self.state.announce(batch, revision)
            await self._publish([self._event(change.place, change.content, revision) for change in batch], BATCH)
            self.state.confirm(batch, revision)

    async def again(self, entries: Mapping[Place, Entry]) -> None:
        """What stands in the state, at the revisions it has there."""
        events = (self._event(place, entry.content, entry.revision) for place, entry in entries.items())
        await self._publish(events, BATCH)

    async def snapshots(self, mailboxes: Sequence[str], window: Window, as_of: int) -> int:
        """What stands in the state after all changes; the number of events."""
        self.state.announce([], as_of)  # nothing later may have this revision, or a lower one
        standing: dict[str, list[tuple[str, Entry]]] = {mailbox: [] for mailbox in mailboxes}
        for place, entry in self.state.entries().items():
            if place.mailbox in standing:
                standing[place.mailbox].append((place.booking, entry))
        return await self._publish(self._snapshot_events(standing, window, as_of), SNAPSHOT_BATCH)

    def _snapshot_events(
        self, standing: Mapping[str, Sequence[tuple[str, Entry]]], window: Window, as_of: int
    ) -> Iterator[Event]:
        for mailbox, entries in standing.items():
            listed = [
                Listed.of(read_content(entry.content, booking, entry.revision), window.extent(entry.content))
                for booking, entry in entries
                if entry.content is not None
            ]
            found = snapshots(listed, window.start, window.end, as_of)
            for data in found.parts:
                now = datetime.now(UTC)
                yield SnapshotEvent(id=new_event_id(), source=self.source, subject=mailbox, time=now, data=data)
            for booking in found.alone:
                now = datetime.now(UTC)
                yield ChangedEvent(id=new_event_id(), source=self.source, subject=mailbox, time=now, data=booking)

    async def _publish(self, events: Iterator[Event] | Sequence[Event], at_once: int) -> int:
        waiting, count = iter(events), 0
        while batch := list(islice(waiting, at_once)):
            await self.publisher.publish_all(batch, lambda _: self.advance(1))
            count += len(batch)
        return count

    def _event(self, place: Place, content: Content | None, revision: int) -> ChangedEvent | CancelledEvent:
        event_id, now = new_event_id(), datetime.now(UTC)
        if content is None:
            cancelled = BookingCancelled(booking=place.booking, revision=revision)
            return CancelledEvent(id=event_id, source=self.source, subject=place.mailbox, time=now, data=cancelled)
        changed = read_content(content, place.booking, revision)
        return ChangedEvent(id=event_id, source=self.source, subject=place.mailbox, time=now, data=changed)
