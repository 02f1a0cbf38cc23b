"""What is remembered of mailboxes between rounds, so that an edit costs one request."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from consumer.core.mailbox import MailboxState

MAX_ENTRIES = 500_000
MAX_AGE_SECONDS = 6 * 60 * 60.0


@dataclass(slots=True)
class _Remembered:
    state: MailboxState | None
    ledger_folder: str | None
    loaded_at: float
    entries: int


class Memory:
    """Mailbox states, the least recently used forgotten first. Nothing here is needed for being right."""

    def __init__(
        self, clock: Callable[[], float], max_entries: int = MAX_ENTRIES, max_age_seconds: float = MAX_AGE_SECONDS
    ) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._max_age_seconds = max_age_seconds
        self._mailboxes: OrderedDict[str, _Remembered] = OrderedDict()
        self._entries = 0

    def recall(self, mailbox: str) -> MailboxState | None:
        """The state of a mailbox, unless it is unknown or too old."""
        known = self._mailboxes.get(mailbox)
        if known is None or known.state is None:
            return None
        if self._clock() - known.loaded_at > self._max_age_seconds:
            self.forget(mailbox)
            return None
        self._mailboxes.move_to_end(mailbox)
        return known.state

    def ledger_folder(self, mailbox: str) -> str | None:
        """The ledger's id, which outlives the state: it only changes when somebody deletes the folder."""
        known = self._mailboxes.get(mailbox)
        return known.ledger_folder if known else None

    def keep(self, mailbox: str, state: MailboxState, loaded_now: bool) -> None:
        """Remember the state of a mailbox as it is after a round."""
        before = self._mailboxes.pop(mailbox, None)
        loaded_at = self._clock() if loaded_now or before is None else before.loaded_at
        self._entries -= before.entries if before else 0
        self._mailboxes[mailbox] = _Remembered(state, state.ledger_folder, loaded_at, state.entries())
        self._entries += state.entries()
        while self._entries > self._max_entries and len(self._mailboxes) > 1:
            _, oldest = self._mailboxes.popitem(last=False)
            self._entries -= oldest.entries

    def forget(self, mailbox: str, ledger_too: bool = False) -> None:
        """Load this mailbox anew next time; with ``ledger_too`` look for its ledger folder as well."""
        known = self._mailboxes.get(mailbox)
        if known is None:
            return
        self._entries -= known.entries
        if ledger_too:
            del self._mailboxes[mailbox]
        else:
            known.state, known.entries = None, 1
            self._entries += 1

    def forget_where(self, belongs: Callable[[str], bool]) -> None:
        """Forget all mailboxes that a condition names."""
        for mailbox in [mailbox for mailbox in self._mailboxes if belongs(mailbox)]:
            self.forget(mailbox, ledger_too=True)
