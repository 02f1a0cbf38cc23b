"""What a lane cannot apply now: onto the ladder, or parked where its end is reached."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from consumer.calendars.errors import CalendarError, Remedy
from consumer.ladder import Belongs, GiveUp, next_step
from consumer.lanes import retry
from consumer.lanes.delivery import Delivery, Disposition, Park, Retry
from consumer.lanes.surroundings import Surroundings
from contract.reasons import Reason

_AT_ONCE: Final = 100
"""Copies that wait for the broker's confirmation together: one by one each would cost a round trip."""


async def put_aside(
    shared: Surroundings,
    deliveries: Sequence[Delivery],
    failed: Mapping[str, CalendarError],
    otherwise: CalendarError,
    broken: bool = False,
) -> None:
    """Settle deliveries that failed, each with the error of its key, ``otherwise`` where there is none.

    With ``broken`` others of these mailboxes are to follow onto the ladder at once.
    """
    settling = []
    for delivery in deliveries:
        error = failed.get(delivery.change.key, otherwise)
        disposition = _later(shared, delivery, error)
        if broken and isinstance(disposition, Retry):
            shared.broken(delivery.mailbox, error, disposition.rung)
        settling.append((delivery, disposition))
    await _settle(shared, settling)


async def put_off(shared: Surroundings, deliveries: Sequence[Delivery]) -> None:
    """Onto the first rung, at no cost of an attempt: it has waited too long here, or there is too much of it."""
    text = "put off: its mailbox is held up"
    settling: list[tuple[Delivery, Disposition]] = []
    for delivery in deliveries:
        step = next_step(Belongs.NOBODY, delivery.climb, shared.now(), shared.rungs)
        assert not isinstance(step, GiveUp)
        settling.append((delivery, Retry(step.rung, step.climb, Reason.MAILBOX_UNAVAILABLE, text)))
    await _settle(shared, settling)


def _later(shared: Surroundings, delivery: Delivery, error: CalendarError) -> Disposition:
    reason = retry.parking_reason(error)
    if error.remedy in (Remedy.REJECTED, Remedy.REJECTED_AGAIN):
        return Park(reason, str(error))
    step = next_step(retry.belongs_to(error), delivery.climb, shared.now(), shared.rungs)
    if isinstance(step, GiveUp):
        return Park(reason, str(error))
    return Retry(step.rung, step.climb, reason, str(error))


async def _settle(shared: Surroundings, settling: Sequence[tuple[Delivery, Disposition]]) -> None:
    for first in range(0, len(settling), _AT_ONCE):
        together = settling[first : first + _AT_ONCE]
        await asyncio.gather(*(shared.settler.settle(delivery, disposition) for delivery, disposition in together))
