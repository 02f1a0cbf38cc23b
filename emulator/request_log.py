"""Who asked what of which mailbox, and when: the last requests, one by one."""

from collections import deque
from dataclasses import asdict, dataclass

LENGTH = 20_000
"""As many requests are remembered."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One EWS request of a logged-in client. `began` and `ended` are seconds on the emulator's monotonic clock."""

    account: str
    operation: str
    mailbox: str | None
    began: float
    ended: float


class RequestLog:
    """The last requests, in the order in which they ended."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=LENGTH)

    def add(self, entry: Entry) -> None:
        """A request has ended."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()

    def as_json(self) -> list[dict[str, object]]:
        """The entries as the control endpoint shows them."""
        return [asdict(entry) for entry in self._entries]
