"""What a lane knows of its mailbox: remembered from before, loaded, or read anew in part after a conflict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consumer.calendars.errors import CalendarError
from consumer.core.mailbox import MailboxState
from consumer.lanes import retry
from consumer.lanes.surroundings import Surroundings
from consumer.telemetry.logs import logger

_MAX_LOOKS: Final = 2
"""Looks at single keys in a row; when that has not helped all is loaded."""
_MAX_KEYS: Final = 100
"""Keys in one such look. A restriction may have 255 expressions; for more than this loading all is no dearer."""


@dataclass(slots=True)
class Knowledge:
    """The state of one mailbox, as far as it can be relied on.

    An update that somebody came before says that those keys have changed, and nothing of the others: these keys are
    looked at with one request, and the rest stays known. Every other doubt loads the whole mailbox.
    """

    mailbox: str
    shared: Surroundings
    _in_conflict: frozenset[str] = frozenset()
    _looks: int = 0

    async def state(self, since: datetime) -> tuple[MailboxState, bool]:
        """What stands in the mailbox, and whether it was loaded just now. Raises :class:`CalendarError`."""
        state = self.shared.memory.recall(self.mailbox)
        if state is not None and (not self._in_conflict or await self._look_at_conflicts(state, since)):
            return state, False
        self._in_conflict = frozenset()
        ledger = self.shared.memory.ledger_folder(self.mailbox)
        return await self.shared.calendars.load(self.mailbox, since, ledger), True

    def keep(self, state: MailboxState, loaded_now: bool) -> None:
        """Remember the state as it is after an attempt."""
        self.shared.memory.keep(self.mailbox, state, loaded_now)

    def forget(self) -> None:
        """Load it anew next time."""
        self.shared.memory.forget(self.mailbox)

    def doubt(self, failed: Mapping[str, CalendarError]) -> None:
        """Once after an attempt, with the error of each key that failed: what became doubtful is read anew."""
        doubtful = {key: error for key, error in failed.items() if retry.memory_is_doubtful(error)}
        if not doubtful:
            self._looks = 0
        elif all(map(retry.is_conflict, doubtful.values())) and self._looks < _MAX_LOOKS and len(doubtful) <= _MAX_KEYS:
            self._in_conflict = frozenset(doubtful)
        else:
            ledger_lost = any(error.code == "FolderNotFound" for error in doubtful.values())
            if ledger_lost:
                logger().error("ledger_lost", mailbox=self.mailbox, now="it is made anew, without its tombstones")
            self.shared.memory.forget(self.mailbox, ledger_too=ledger_lost)

    async def _look_at_conflicts(self, state: MailboxState, since: datetime) -> bool:
        """Enter into the state how the keys in conflict stand now. False where that leaves a doubt; then load all."""
        keys, self._in_conflict = self._in_conflict, frozenset()
        self._looks += 1
        try:
            found = await self.shared.calendars.load_keys(self.mailbox, since, state.ledger_folder, keys)
        except CalendarError:
            found = MailboxState()  # the load that follows says what is wrong
        # What is no longer in the calendar may have gone by a cancellation of which the ledger tells more.
        if not all(key in found.items or key in found.tombstones for key in keys):
            self.forget()
            return False
        state.renew(keys, found)
        return True
