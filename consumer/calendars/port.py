"""What the lanes ask of a calendar server. Exchange Web Services is behind it; others can stand beside it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from consumer.calendars.errors import CalendarError
from consumer.core.actions import Action
from consumer.core.mailbox import ItemRef, MailboxState

Result = ItemRef | CalendarError
"""What became of one action: the item as it stands now (meaningless for a deletion), or why it failed."""


class Calendars(Protocol):
    """The calendars of all mailboxes."""

    async def load(self, mailbox: str, since: datetime, ledger_folder: str | None) -> MailboxState:
        """Everything of ours in a mailbox: items that end after ``since``, what was thrown away, the ledger.

        ``ledger_folder`` is its id where it is known from before. Raises :class:`CalendarError`.
        """
        ...

    async def load_keys(
        self, mailbox: str, since: datetime, ledger_folder: str | None, keys: Collection[str]
    ) -> MailboxState:
        """What :meth:`load` would find of some keys, with one request; nothing of other keys, and no floors.

        Without ``ledger_folder`` no tombstones are found. Raises :class:`CalendarError`.
        """
        ...

    async def write(self, mailbox: str, state: MailboxState, actions: Sequence[Action]) -> list[Result]:
        """Carry out actions of one phase, with one request for each kind. One result for each action, in its order.

        Makes the ledger folder where an action needs it and ``state`` knows none, and enters it there.
        Raises nothing: a request that failed is the result of each of its actions.
        """
        ...

    async def close(self) -> None:
        """Give up all connections. No call may follow."""
        ...
