"""How much is asked of Exchange at once: items in a request, and mailboxes side by side. No I/O.

Both limits grow by a step while answers come quickly, and are halved when the server shows that it is too much
(additive increase, multiplicative decrease), at most once in a while. Throttling is charged to the mailbox, so what
happens to one makes only its own requests smaller. The limits of all change when a good share of the mailboxes that
were asked lately is under pressure.
"""

from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from typing import Final

FIRST_ITEMS: Final = 50
"""Where the items in a request begin: 20 to 50 are sane, and a batch may run for one minute on the server."""

LATELY_SECONDS: Final = 10.0
FEWEST_PRESSED: Final = 3
PRESSED_SHARE: Final = 0.25
COOL_DOWN_SECONDS: Final = 5.0
"""After the limits of all were halved they stay for so long: what was under way then still fails."""

_STEPS: Final = 20
_MOST_REMEMBERED: Final = 1000


class Pressure(Enum):
    """How a server shows that a request asked for too much."""

    SLOW = "slow"
    """It did not answer in time, or nearly not."""
    THROTTLED = "throttled"
    """It says that it is busy."""
    STOPPED = "stopped"
    """It gave a batch up half-way: a matter of that mailbox alone."""


class Pace:
    """The limits as they are now, and what answers do to them.

    ``most_items`` and ``most_mailboxes`` are never exceeded; the latter is also where it begins. An answer that takes
    ``slow_seconds`` counts as pressure, one that takes a third of it lets the limits grow. ``clock`` gives seconds,
    monotonic.
    """

    def __init__(self, most_items: int, most_mailboxes: int, slow_seconds: float, clock: Callable[[], float]) -> None:
        self.most_items = most_items
        self.most_mailboxes = most_mailboxes
        self.items = min(FIRST_ITEMS, most_items)
        """The most items that a request may have now; for a mailbox under pressure see :meth:`items_for`."""
        self.mailboxes = most_mailboxes
        """How many mailboxes may be worked on at once now."""
        self._slow_seconds = slow_seconds
        self._clock = clock
        self._step = max(1, most_items // _STEPS)
        self._smaller: OrderedDict[str, int] = OrderedDict()
        self._lately: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._pressed = 0
        self._good_answers = 0
        self._rest_until = float("-inf")

    def items_for(self, mailbox: str) -> int:
        """The most items that a request for this mailbox may have now."""
        return min(self.items, self._smaller.get(mailbox, self.items))

    def answered(self, mailbox: str, seconds: float, items: int = 0) -> None:
        """A request was answered after so long. ``items`` is how many it wrote, 0 when it wrote none."""
        if seconds >= self._slow_seconds:
            self.pressed(mailbox, Pressure.SLOW, items)
            return
        self._remember(mailbox, pressed=False)
        if seconds > self._slow_seconds / 3:
            return
        full = items >= self.items_for(mailbox)
        if full and mailbox in self._smaller:
            self._smaller[mailbox] += self._step
            if self._smaller[mailbox] >= self.items:
                del self._smaller[mailbox]
        elif full and self._is_rested():
            self.items = min(self.most_items, self.items + self._step)
        self._good_answers += 1
        if self._good_answers >= self.mailboxes and self._is_rested():
            self.mailboxes = min(self.most_mailboxes, self.mailboxes + 1)
            self._good_answers = 0

    def pressed(self, mailbox: str, pressure: Pressure, items: int = 0) -> None:
        """A request was too much. ``items`` is how many it was to write; of few it was not the number."""
        limit = self.items_for(mailbox)
        many = items * 2 > limit
        if many:
            self._smaller[mailbox] = max(1, limit // 2)
            self._smaller.move_to_end(mailbox)
            if len(self._smaller) > _MOST_REMEMBERED:
                self._smaller.popitem(last=False)
        if pressure is Pressure.STOPPED:
            return
        self._good_answers = 0
        self._remember(mailbox, pressed=True)
        if self._is_everybodys() and self._is_rested():
            self.mailboxes = max(1, self.mailboxes // 2)
            if many:
                self.items = max(1, self.items // 2)
            self._rest_until = self._clock() + COOL_DOWN_SECONDS
            self._lately.clear()
            self._pressed = 0

    def _is_rested(self) -> bool:
        return self._clock() >= self._rest_until

    def _is_everybodys(self) -> bool:
        return self._pressed >= max(FEWEST_PRESSED, PRESSED_SHARE * len(self._lately))

    def _remember(self, mailbox: str, pressed: bool) -> None:
        """What the last answer to each mailbox was, of those that were asked lately."""
        now = self._clock()
        _, before = self._lately.pop(mailbox, (now, False))
        self._lately[mailbox] = (now, pressed)
        self._pressed += pressed - before
        while now - next(iter(self._lately.values()))[0] > LATELY_SECONDS:
            _, (_, gone) = self._lately.popitem(last=False)
            self._pressed -= gone
