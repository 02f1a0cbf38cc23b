"""A message on its way through a lane, and what can become of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from consumer.core.actions import Change, Outcome
from contract.reasons import Reason


@dataclass(slots=True, eq=False)
class Delivery:
    """One event as the broker delivered it.

    ``time`` is the event's own, for freshness; ``received_at`` is on the monotonic clock. ``delivered_before`` is true
    when a replica may have worked on it already. ``message`` is the broker's and means nothing to the lanes.
    """

    mailbox: str
    change: Change
    event_id: str
    time: datetime
    partition: int
    received_at: float
    delivered_before: bool
    message: Any


@dataclass(frozen=True, slots=True)
class Done:
    """The event's revision stands in the mailbox, or a higher one: acknowledge it."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Park:
    """It cannot be applied: put it aside with its reason, confirmed, and only then acknowledge it."""

    reason: Reason
    error: str


Disposition = Done | Park


class Settler(Protocol):
    """The one place where a message is settled."""

    async def settle(self, delivery: Delivery, disposition: Disposition) -> None:
        """Settle a delivery. Raises nothing: what cannot be settled is left to the broker, which delivers it again."""
        ...
