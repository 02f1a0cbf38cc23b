"""Passes many mailboxes through the memory of one process, and prints what that took as one JSON object.

``python -m tests.consumer.many_mailboxes MAILBOXES BOOKINGS LAST``: each mailbox is loaded, with ids as long as
those of Exchange, then one of its bookings is edited; in the end the LAST ones are edited once more. All that a replica
imports is imported, so that the process takes what a replica takes, messages under way apart.
"""

import base64
import json
import os
import random
import sys
import time
from dataclasses import dataclass, field

from benchmarks.usage import peak_rss_mib
from consumer import run
from consumer.core.decide import decide
from consumer.core.effects import record
from consumer.core.mailbox import Item, ItemRef, MailboxState
from consumer.lanes.memory import Memory
from consumer.settings import RunSettings
from tests.consumer.calendars.replica import NOW, WINDOW
from tests.consumer.calendars.samples import START, appointment, change

_random = random.Random(17)


def _base64(count: int) -> str:
    return base64.b64encode(_random.randbytes(count)).decode()


def _exchange_ref() -> ItemRef:
    """152 and 40 characters."""
    return ItemRef(_base64(114), _base64(30))


@dataclass
class Passing:
    """The memory, and what was seen of it while mailboxes passed."""

    bookings: int
    memory: Memory = field(
        default_factory=lambda: Memory(time.monotonic, RunSettings.model_fields["memory_limit"].default)
    )
    largest: int = 0
    edits: int = 0
    seconds: float = 0.0

    def load(self, mailbox: str, known: Item) -> None:
        """What stands in a mailbox arrives; one of its bookings is the one that is edited."""
        state = MailboxState(ledger_folder=_base64(114))
        state.items[known.key] = (known,)
        for _ in range(self.bookings - 1):
            item = Item(_exchange_ref(), _random.randbytes(16).hex(), known.source, 7, known.digest, START, known.end)
            state.items[item.key] = (item,)
        self.memory.keep(mailbox, state, loaded_now=True)
        self.largest = max(self.largest, self.memory.size)

    def edit(self, mailbox: str, revision: int) -> bool:
        """One booking is edited as a lane does it; False where the mailbox is not known."""
        wanted = change(revision, appointment(f"Mix {revision}"))
        started = time.process_time()
        state = self.memory.recall(mailbox)
        if state is None:
            return False
        plan = decide(state, [wanted], WINDOW, NOW)
        for action in plan.actions[wanted.key]:
            record(state, action, _exchange_ref())
        state.tidy = True
        self.memory.keep(mailbox, state, loaded_now=False)
        self.seconds += time.process_time() - started
        self.edits += 1
        return True


def main(mailboxes: int, bookings: int, last: int) -> None:
    """Let them pass, and print what was seen."""
    passing = Passing(bookings)
    digest = appointment(categories=("Grading", "Night")).digest
    key, source = change(1).key, change(1).source
    names = [f"user-{number}@studio.example.com" for number in range(mailboxes)]
    for name in names:
        end = appointment().fields.end
        passing.load(name, Item(_exchange_ref(), key, source, 1, digest, START, end))
        assert passing.edit(name, 2)
    seen = {
        "modules": run.__name__ in sys.modules,
        "known_of_the_last": sum(passing.edit(name, 3) for name in names[-last:]),
        "known_of_all": len(passing.memory),
        "largest": passing.largest,
        "cpu_microseconds_an_edit": round(passing.seconds / passing.edits * 1e6, 1),
        "peak_rss": round(peak_rss_mib(os.getpid()) * 1024 * 1024),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
