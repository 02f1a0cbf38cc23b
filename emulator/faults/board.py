"""The faults that are switched on, and which of them strike a request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random

from emulator.faults.kinds import Fault, Hang, Latency, Refuse


@dataclass(slots=True, eq=False)
class Active:
    """A fault that is switched on. `left`: how often it may still strike, None for always. `on_end` is told its end."""

    id: int
    fault: Fault
    left: int | None
    struck: int = 0
    on_end: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Strike:
    """What befalls one request: so much waiting, and at most one other fault."""

    latency_ms: float = 0.0
    active: Active | None = None


_NOTHING = Strike()


class FaultBoard:
    """Faults that are switched on, in the order they came.

    Latencies add up; of the others the first that applies strikes. The shares are random, from `seed`: the same
    requests in the same order meet the same faults. `struck` is told the kind of every fault that strikes, `refuse`
    whether the port is to refuse connections whenever that may have changed; `later(seconds, action)` is a timer.
    """

    def __init__(
        self,
        seed: int,
        struck: Callable[[str], None],
        refuse: Callable[[bool], None],
        later: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._random = Random(seed)
        self._struck = struck
        self._refuse = refuse
        self._later = later
        self._active: dict[int, Active] = {}
        self._spent: dict[int, Active] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Active:
        """Switch a fault on."""
        self._last_id += 1
        number = self._last_id
        active = self._active[number] = Active(number, fault, fault.count)
        # The seconds of a hang are those of each request; it ends by count or by hand.
        if fault.seconds is not None and not isinstance(fault, Hang):
            self._later(fault.seconds, lambda: self.remove(number))
        if isinstance(fault, Refuse):
            self._hit(active)
            self._refuse(True)
        return active

    def remove(self, fault_id: int) -> bool:
        """Switch a fault off, and let go what hangs by it. False: there is none with this id (any more)."""
        was_on = fault_id in self._active
        active = self._active.pop(fault_id, None) or self._spent.pop(fault_id, None)
        if active is None:
            return False
        for ended in active.on_end:
            ended()
        if isinstance(active.fault, Refuse):
            self._refuse(any(isinstance(other.fault, Refuse) for other in self._active.values()))
        return was_on

    def clear(self) -> None:
        """Switch all faults off."""
        for fault_id in (*self._active, *self._spent):
            self.remove(fault_id)

    def active(self) -> list[Active]:
        """The faults that are on."""
        return list(self._active.values())

    def strike(self, operation: str, mailbox: str | None, items: int = 0) -> Strike:
        """What befalls a request for `operation` on `mailbox` with so many `items`."""
        if not self._active:
            return _NOTHING
        latency_ms, chosen = 0.0, None
        for active in tuple(self._active.values()):
            fault = active.fault
            if isinstance(fault, Refuse) or (chosen is not None and not isinstance(fault, Latency)):
                continue
            if not _concerns(fault, operation, mailbox) or self._random.random() >= fault.share:
                continue
            if isinstance(fault, Latency):
                latency_ms += fault.ms + fault.per_item_ms * items
            else:
                chosen = active
            self._hit(active)
        return Strike(latency_ms, chosen)

    def _hit(self, active: Active) -> None:
        active.struck += 1
        self._struck(active.fault.kind)
        if active.left is None:
            return
        active.left -= 1
        if active.left == 0:
            del self._active[active.id]
            if isinstance(active.fault, Hang):
                # The request that hangs by this last strike does so for its time, or until all faults are cleared.
                self._spent[active.id] = active


def _concerns(fault: Fault, operation: str, mailbox: str | None) -> bool:
    if fault.operation is not None and fault.operation != operation:
        return False
    return fault.mailbox is None or (mailbox is not None and fnmatchcase(mailbox, fault.mailbox.lower()))
