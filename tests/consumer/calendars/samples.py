"""Changes for the calendars' tests, and a gateway to an emulator."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from consumer.calendars.errors import CalendarError
from consumer.calendars.ews.connection import Endpoint, tls_context
from consumer.calendars.ews.versions import DIALECTS
from consumer.calendars.pace import Pace
from consumer.calendars.port import Calendars, Result
from consumer.core.actions import Action, Change, WriteTombstone
from consumer.core.appointment import Appointment
from consumer.core.digest import OwnedFields, write_digest
from consumer.core.effects import record
from consumer.core.mailbox import Item, ItemRef, MailboxState, TombstoneState
from contract.identity import booking_key, source_mark
from deploy.sandbox.stand_in import RunningEmulator

START = datetime(2026, 12, 1, 7, tzinfo=UTC)
SINCE = datetime(2026, 4, 1, tzinfo=UTC)
EXPIRES = datetime(2027, 7, 1, tzinfo=UTC)
SOURCE = "farmerswife://studio-1"


def appointment(
    title: str = "Feature X / Grading",
    *,
    start: datetime = START,
    hours: float = 9,
    notes: str = "Client: Nordlys Film",
    zone: str = "Europe/Copenhagen",
    reminder: int | None = None,
    **fields: Any,
) -> Appointment:
    """Nine hours of grading."""
    owned: dict[str, Any] = {
        "all_day": False,
        "location": "Suite 4",
        "show_as": "busy",
        "private": False,
        "categories": ("Grading",),
        **fields,
    }
    content = OwnedFields(title=title, start=start, end=start + timedelta(hours=hours), **owned)
    return Appointment(content, notes, zone, reminder, write_digest(content, reminder))


def change(revision: int, wanted: Appointment | None = None, booking: str = "B-1") -> Change:
    """A change of a booking; None for a cancellation."""
    return Change(
        key=booking_key(SOURCE, booking),
        source=source_mark(SOURCE),
        booking=booking,
        revision=revision,
        event=f"event-{revision} 2026-11-22T15:00:00Z",
        appointment=wanted,
    )


def cancelled(revision: int, booking: str = "B-1", replaces: ItemRef | None = None) -> WriteTombstone:
    """The tombstone of a cancellation."""
    return WriteTombstone(
        change(revision, None, booking), TombstoneState.CANCELLED, EXPIRES, dead_up_to=revision, replaces=replaces
    )


def endpoint(emulator: RunningEmulator, **instead: Any) -> Endpoint:
    """The service account's way to an emulator."""
    fields: dict[str, Any] = {
        "url": emulator.ews_url,
        "auth": "basic",
        "user": emulator.user,
        "password": emulator.password,
        "oauth": None,
        "dialect": DIALECTS["2016"],
        "tls": tls_context(str(emulator.ca_file) if emulator.ca_file else None, insecure=False),
        "timeout_seconds": 10.0,
        "user_agent": "Callsheet/tests",
    }
    return Endpoint(**{**fields, **instead})


def recorded(state: MailboxState, actions: list[Action], results: list[Result]) -> None:
    """Enter what was written into the state, as the lanes do. All of it must have succeeded."""
    for action, result in zip(actions, results, strict=True):
        assert isinstance(result, ItemRef), f"{action}: {result}"
        record(state, action, result)


def only_item(state: MailboxState) -> Item:
    """The one item of ours."""
    ((item,),) = state.items.values()
    return item


def errors(results: list[Result]) -> list[str]:
    """The code of each failed result, "" for what succeeded."""
    return [result.code if isinstance(result, CalendarError) else "" for result in results]


async def written(calendars: Calendars, mailbox: str, state: MailboxState, *actions: Action) -> None:
    """Carry actions out one phase after the other and enter them into the state."""
    for action in actions:
        recorded(state, [action], await calendars.write(mailbox, state, [action]))


async def load(calendars: Calendars, mailbox: str, ledger: str | None = None) -> MailboxState:
    """What stands in a mailbox."""
    return await calendars.load(mailbox, SINCE, ledger)


def steady_pace(concurrency: int, items: int = 50) -> Pace:
    """Limits that nothing but trouble changes."""
    return Pace(most_items=items, most_mailboxes=concurrency, slow_seconds=1.0, clock=time.monotonic)


async def known(calendars: Calendars, mailbox: str, state: MailboxState, *bookings: str) -> MailboxState:
    """What stands of some bookings."""
    keys = {booking_key(SOURCE, booking) for booking in bookings}
    return await calendars.load_keys(mailbox, SINCE, state.ledger_folder, keys)
