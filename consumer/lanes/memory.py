"""What is remembered of mailboxes between rounds, so that an edit costs one request."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from consumer.core.mailbox import MAILBOX_OVERHEAD, MailboxState

MAX_AGE_SECONDS: Final = 6 * 60 * 60.0


class Recall(StrEnum):
    """How the memory was asked; the values of the label ``result`` in the metrics."""

    HIT = "hit"
    MISS = "miss"


@dataclass(slots=True)
class _Remembered:
    state: MailboxState | None
    ledger_folder: str | None
    loaded_at: float
    size: int


class Memory:
    """Mailbox states, the least recently used forgotten first. Nothing here is needed for being right.

    ``max_bytes`` bounds what all of them take, as :meth:`consumer.core.mailbox.MailboxState.size` has it. ``count`` is
    told of every recall.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        max_bytes: int,
        max_age_seconds: float = MAX_AGE_SECONDS,
        count: Callable[[Recall], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_age_seconds = max_age_seconds
        self._count = count
        self._mailboxes: OrderedDict[str, _Remembered] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """About how many bytes all of it takes."""
        return self._size

    def __len__(self) -> int:
        """How many mailboxes something is remembered of."""
        return len(self._mailboxes)

    def recall(self, mailbox: str) -> MailboxState | None:
        """The state of a mailbox, unless it is unknown or too old."""
        state = self._young(mailbox)
        self._count(Recall.MISS if state is None else Recall.HIT)
        return state

    def ledger_folder(self, mailbox: str) -> str | None:
        """The ledger's id, which outlives the state: it only changes when somebody deletes the folder."""
        known = self._mailboxes.get(mailbox)
        return known.ledger_folder if known else None

    def keep(self, mailbox: str, state: MailboxState, loaded_now: bool) -> None:
        """Remember the state of a mailbox as it is after a round."""
        before = self._mailboxes.pop(mailbox, None)
        loaded_at = self._clock() if loaded_now or before is None else before.loaded_at
        self._size -= before.size if before else 0
        remembered = _Remembered(state, state.ledger_folder, loaded_at, state.size())
        self._mailboxes[mailbox] = remembered
        self._size += remembered.size
        while self._size > self._max_bytes and len(self._mailboxes) > 1:
            _, oldest = self._mailboxes.popitem(last=False)
            self._size -= oldest.size

    def forget(self, mailbox: str, ledger_too: bool = False) -> None:
        """Load this mailbox anew next time; with ``ledger_too`` look for its ledger folder as well."""
        known = self._mailboxes.get(mailbox)
        if known is None:
            return
        self._size -= known.size
        if ledger_too:
            del self._mailboxes[mailbox]
        else:
            known.state, known.size = None, MAILBOX_OVERHEAD
            self._size += MAILBOX_OVERHEAD

    def forget_where(self, belongs: Callable[[str], bool]) -> None:
        """Forget all mailboxes that a condition names."""
        for mailbox in [mailbox for mailbox in self._mailboxes if belongs(mailbox)]:
            self.forget(mailbox, ledger_too=True)

    def _young(self, mailbox: str) -> MailboxState | None:
        known = self._mailboxes.get(mailbox)
        if known is None or known.state is None:
            return None
        if self._clock() - known.loaded_at > self._max_age_seconds:
            self.forget(mailbox)
            return None
        self._mailboxes.move_to_end(mailbox)
        return known.state
