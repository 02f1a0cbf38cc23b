"""What the emulator has been asked and has done, counted."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counts since the start or the last reset.

    `requests` counts EWS requests of a logged-in client by operation, also those a fault kept from being applied.
    `items` counts what was really created, updated or deleted, by operation. Refused log-ins are in `refused`.
    """

    requests: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    by_mailbox: dict[str, Counter[str]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    ntlm_handshakes: int = 0
    refused: int = 0
    changes: int = 0

    def count_request(self, operation: str, mailbox: str | None) -> None:
        """Count one request of `operation` for `mailbox` (None: the request names none that exists)."""
        self.requests[operation] += 1
        if mailbox is not None:
            counter = self.by_mailbox.get(mailbox)
            if counter is None:
                counter = self.by_mailbox[mailbox] = Counter()
            counter[operation] += 1

    def count_items(self, operation: str, count: int) -> None:
        """Count items that `operation` created, updated or deleted."""
        if count:
            self.items[operation] += count
            self.changes += count

    def clear(self) -> None:
        """Start again from nothing."""
        for counter in (self.requests, self.items, self.by_mailbox, self.faults):
            counter.clear()
        self.ntlm_handshakes = self.refused = self.changes = 0

    def as_json(self) -> dict[str, object]:
        """The counts as the control endpoint shows them."""
        return {
            "requests": dict(self.requests),
            "items": dict(self.items),
            "by_mailbox": {address: dict(counter) for address, counter in self.by_mailbox.items()},
            "faults": dict(self.faults),
            "auth": {"ntlm_handshakes": self.ntlm_handshakes, "refused": self.refused},
        }
