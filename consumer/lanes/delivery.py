"""A message on its way through a lane, and what can become of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from consumer.core.actions import Outcome
from consumer.core.snapshot import Asked, Snapshot
from consumer.ladder import Climb
from contract.reasons import Reason


@dataclass(slots=True, eq=False)
class Delivery:
    """One event as the broker delivered it.

    ``time`` is the event's own, for freshness; ``received_at`` is on the monotonic clock. ``delivered_before`` is true
    when a replica may have worked on it already. ``size`` is that of its body, in bytes. ``message`` is the broker's
    and means nothing to the lanes. ``climb`` is its way on the ladder so far. ``alone`` asks that nothing else be done
    beside it: it may be killing the process. ``look_now`` is true for a copy that was sent for a second look.
    ``as_standby``: the broker gave it to us though the partition is another's; it may go back there without a word.
    """

    mailbox: str
    change: Asked
    event_id: str
    time: datetime
    partition: int
    received_at: float
    delivered_before: bool
    size: int
    message: Any
    climb: Climb = field(default_factory=Climb)
    alone: bool = False
    look_now: bool = False
    as_standby: bool = False

    @property
    def reads_anew(self) -> bool:
        """True when nothing that is remembered of the mailbox may be used for it: what a user does is not noticed."""
        return self.look_now or self.as_standby or isinstance(self.change, Snapshot)


@dataclass(frozen=True, slots=True)
class Done:
    """The event's revision stands in the mailbox, or a higher one: acknowledge it.

    ``left`` names bookings that stay as a user has them.
    """

    outcome: Outcome
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Park:
    """It cannot be applied: put it aside with its reason, confirmed, and only then acknowledge it."""

    reason: Reason
    error: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try it again later: a confirmed copy to a rung of the ladder, and only then acknowledge it."""

    rung: str
    climb: Climb
    reason: Reason
    error: str


@dataclass(frozen=True, slots=True)
class Hold:
    """It would remove too much: a confirmed copy where a person decides, and only then acknowledge it."""

    reason: Reason
    error: str
    left: tuple[str, ...] = ()


Disposition = Done | Park | Hold | Retry


class Settler(Protocol):
    """The one place where a message is settled."""

    async def settle(self, delivery: Delivery, disposition: Disposition) -> bool:
        """Settle a delivery. False, and never an error, when it was left to the broker, which delivers it again."""
        ...

    async def settle_all(self, settled: Sequence[tuple[Delivery, Disposition]]) -> bool:
        """The same for all deliveries of a round, in their order. False when any of them was left to the broker."""
        ...
