"""Carries out a plan in one mailbox, phase by phase, and enters into the state what succeeded."""

from collections.abc import Callable, Iterator

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.port import Calendars
from consumer.core.actions import (
    PHASES,
    Action,
    CreateItem,
    DeleteEntry,
    DeleteItem,
    Plan,
    UpdateItem,
    WriteTombstone,
)
from consumer.core.effects import record
from consumer.core.mailbox import ItemRef, MailboxState, TombstoneState

CountWrite = Callable[[str], None]
"""Told of every calendar item that was written: ``create``, ``update`` or ``delete``; and, of those that a snapshot
put right, ``repaired`` and ``removed`` besides."""

_GONE = "ItemNotFound"
_FULL = "QuotaExceeded"


async def carry_out(
    calendars: Calendars, mailbox: str, state: MailboxState, plan: Plan, count: CountWrite
) -> dict[str, CalendarError]:
    """The keys whose actions did not all succeed, each with its first error; later phases of those are left out.

    But for one case: where a full mailbox has no room for a tombstone its item is deleted all the same, which makes
    room. The cancellation then counts as failed until the tombstone stands.
    """
    failed: dict[str, CalendarError] = {}
    no_room: set[str] = set()
    for phase in PHASES:
        due = [
            (key, action)
            for key, actions in plan.actions.items()
            for action in actions
            if type(action) in phase and (key not in failed or (key in no_room and isinstance(action, DeleteItem)))
        ]
        if not due:
            continue
        results = await calendars.write(mailbox, state, [action for _, action in due])
        for (key, action), result in zip(due, results, strict=True):
            if isinstance(result, CalendarError) and not _already_gone(action, result):
                failed.setdefault(key, result)
                if isinstance(action, WriteTombstone) and result.code == _FULL:
                    no_room.add(key)
                continue
            record(state, action, result if isinstance(result, ItemRef) else ItemRef("", ""))
            for written in _kinds_of_write(action):
                count(written)
        _fail_what_waits(plan, failed)
    return failed


def _fail_what_waits(plan: Plan, failed: dict[str, CalendarError]) -> None:
    """What waits for a key that failed has failed with it, and for an error that may pass if there is one."""
    for key, awaited in plan.waits_for.items():
        errors = [failed[part] for part in awaited if part in failed]
        if errors:
            failed[key] = min(errors, key=lambda error: error.remedy in (Remedy.REJECTED, Remedy.REJECTED_AGAIN))


def _already_gone(action: Action, error: CalendarError) -> bool:
    """Deleting what is not there has succeeded."""
    return error.code == _GONE and isinstance(action, DeleteItem | DeleteEntry)


def _kinds_of_write(action: Action) -> Iterator[str]:
    match action:
        case CreateItem(change) | UpdateItem(change=change):
            yield "create" if isinstance(action, CreateItem) else "update"
            if change.repairs:
                yield "repaired"
        case DeleteItem():
            yield "delete"
        case WriteTombstone(state=TombstoneState.ABSENT):
            # Counted here, since this stands before the deletion, and once.
            yield "removed"
