"""A mailbox without a server: plans are carried out on a state, action by action, and what a user would see is read."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from consumer.core.actions import PHASES, Action, Change, Plan
from consumer.core.appointment import Appointment
from consumer.core.coverage import Coverage
from consumer.core.decide import decide
from consumer.core.digest import OwnedFields, write_digest
from consumer.core.effects import record
from consumer.core.guard import Guard
from consumer.core.mailbox import Item, ItemRef, MailboxState
from consumer.core.snapshot import Asked, Snapshot
from consumer.core.window import Window

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WINDOW = Window.around(NOW.date(), 7, 180, COPENHAGEN)
KEY, SOURCE = "k" * 32, "s" * 16

_ids = count(1)


def appointment(start: datetime, title: str = "Mix", hours: int = 8) -> Appointment:
    """An appointment of eight hours."""
    fields = OwnedFields(title, start, start + timedelta(hours=hours), False, "Suite 4", "busy", False, ())
    return Appointment(fields, "", "Europe/Copenhagen", None, write_digest(fields, None))


def change(revision: int, wanted: Appointment | None, key: str = KEY, forced: bool = False) -> Change:
    """A change of a booking; None for a cancellation."""
    return Change(key, SOURCE, "B-1", revision, f"event-{revision}", wanted, forced)


def snapshot(
    as_of: int,
    *changes: Change,
    days: tuple[int, int] = (-7, 30),
    guard: Guard | None = None,
    time: datetime = NOW,
    source: str = SOURCE,
) -> Snapshot:
    """All bookings of a source from one day to another, counted from now; unguarded unless a guard is given."""
    covered = Coverage(NOW + timedelta(days=days[0]), NOW + timedelta(days=days[1]), as_of)
    event = f"snapshot-{as_of} {time.isoformat()}"
    named = tuple(replace(one, as_of=as_of, event=event, source=source) for one in changes)
    return Snapshot(source, covered, named, event, guard)


def in_order(plan: Plan) -> Iterator[Action]:
    """The actions of a plan as they go out: phase by phase."""
    for phase in PHASES:
        for actions in plan.actions.values():
            yield from (action for action in actions if type(action) in phase)


def carry_out(state: MailboxState, plan: Plan, stop_after: int | None = None) -> int:
    """Do the actions of a plan, or only the first ones. Returns how many there are."""
    actions = list(in_order(plan))
    for action in actions[:stop_after]:
        record(state, action, ItemRef(f"id-{next(_ids):06d}", "ck"))
    return len(actions)


def reloaded(state: MailboxState) -> MailboxState:
    """What a replica without memory reads from the same mailbox."""
    fresh = deepcopy(state)
    fresh.tidy = False
    return fresh


def edit(state: MailboxState, key: str = KEY) -> Item:
    """A user has changed the item by hand; how it stands now."""
    (item,) = state.items[key]
    edited = replace(item, as_written=False)
    state.items[key] = (edited,)
    return edited


def throw_away(state: MailboxState, key: str = KEY) -> None:
    """A user has moved the item to Deleted Items."""
    (item,) = state.items.pop(key)
    state.discarded[key] = item.standing


def apply(state: MailboxState, asked: Sequence[Asked], now: datetime = NOW, window: Window = WINDOW) -> Plan:
    """Decide and carry out."""
    plan = decide(state, asked, window, now)
    carry_out(state, plan)
    state.tidy = True
    return plan


def visible(state: MailboxState, window: Window = WINDOW) -> list[tuple[str, str]]:
    """What a user sees inside the window: key and digest of each item."""
    return sorted(
        (item.key, item.digest)
        for items in state.items.values()
        for item in items
        if window.touches(item.start, item.end)
    )


def wanted(changes: Sequence[Change], window: Window = WINDOW) -> list[tuple[str, str]]:
    """What the calendar must show inside the window after these changes, in whatever order they came."""
    last: dict[str, Change] = {}
    for one in changes:
        if one.key not in last or one.standing > last[one.key].standing:
            last[one.key] = one
    return sorted(
        (key, one.appointment.digest)
        for key, one in last.items()
        if one.appointment and window.touches(one.appointment.fields.start, one.appointment.fields.end)
    )
