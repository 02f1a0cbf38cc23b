"""Carries out a plan in one mailbox, phase by phase, and enters into the state what succeeded."""

from collections.abc import Callable

from consumer.calendars.errors import CalendarError
from consumer.calendars.port import Calendars
from consumer.core.actions import PHASES, Action, CreateItem, DeleteItem, Plan, UpdateItem, WriteTombstone
from consumer.core.effects import record
from consumer.core.mailbox import ItemRef, MailboxState

CountWrite = Callable[[str], None]
"""Told of every calendar item that was written: ``create``, ``update`` or ``delete``."""

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
            if written := _kind_of_write(action):
                count(written)
    return failed


def _already_gone(action: Action, error: CalendarError) -> bool:
    """Deleting what is not there has succeeded."""
    return error.code == _GONE and type(action) in PHASES[-1]


def _kind_of_write(action: Action) -> str:
    match action:
        case CreateItem():
            return "create"
        case UpdateItem():
            return "update"
        case DeleteItem():
            return "delete"
    return ""
