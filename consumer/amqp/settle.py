"""The one place where a message is settled.

A message is acknowledged only after its effect, or after the broker has confirmed the copy that takes its place. When
the copy cannot be confirmed the message stays unsettled, and the broker delivers it again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage, HeadersType
from aio_pika.exceptions import AMQPError

from consumer.core.actions import Outcome
from consumer.lanes.delivery import Delivery, Disposition, Done, Park
from consumer.telemetry.logs import logger
from consumer.telemetry.metrics import Metrics
from contract import names
from contract.reasons import Reason

Publish = Any
"""``async (exchange: str, routing_key: str, message: Message) -> None``: returns when the broker has confirmed."""

_MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class Forward:
    """It lies on the wrong partition: publish it to the right one."""

    partition: int


class Settle:
    """Settles messages, counts what became of them and says so in the log."""

    def __init__(self, publish: Publish, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._publish = publish
        self._metrics = metrics
        self._clock = clock

    async def settle(self, delivery: Delivery, disposition: Disposition) -> None:
        """See :class:`consumer.lanes.delivery.Settler`."""
        facts = {
            "event_id": delivery.event_id,
            "mailbox": delivery.mailbox,
            "booking": delivery.change.booking,
            "revision": delivery.change.revision,
        }
        if await self.settle_message(delivery.message, disposition, facts):
            self._metrics.lane_wait.observe(time.monotonic() - delivery.received_at)
            if disposition == Done(Outcome.APPLIED):
                self._metrics.freshness.observe(max(0.0, (self._clock() - delivery.time).total_seconds()))

    async def settle_message(
        self, message: AbstractIncomingMessage, disposition: Disposition | Forward, facts: dict[str, Any]
    ) -> bool:
        """Settle a message as it came from the broker; ``facts`` go into the log. False when it had to be left."""
        try:
            outcome = await self._dispose(message, disposition)
            await message.ack()
        except (AMQPError, ConnectionError, TimeoutError, RuntimeError) as error:
            # The channel is gone, or the broker did not confirm in time. The broker delivers the message again.
            logger().info("left_unsettled", error=f"{type(error).__name__}: {error}", **facts)
            return False
        self._metrics.events.labels(outcome).inc()
        if isinstance(disposition, Park):
            self._metrics.parked.labels(disposition.reason).inc()
            logger().warning("parked", reason=str(disposition.reason), error=disposition.error, **facts)
        else:
            logger().debug("settled", outcome=str(outcome), **facts)
        return True

    async def _dispose(self, message: AbstractIncomingMessage, disposition: Disposition | Forward) -> Outcome:
        match disposition:
            case Done(outcome):
                return outcome
            case Park(reason, error):
                await self._publish("", names.PARKED_QUEUE, self._parked(message, reason, error))
                return Outcome.PARKED
            case Forward(partition):
                headers: HeadersType = {**message.headers, names.HEADER_FORWARDED: 1}
                await self._publish(names.EXCHANGE, names.routing_key(partition), _copy(message, headers))
                return Outcome.FORWARDED

    def _parked(self, message: AbstractIncomingMessage, reason: Reason, error: str) -> Message:
        attempts = message.headers.get(names.HEADER_ATTEMPTS, 0)
        headers: HeadersType = {
            **{name: value for name, value in message.headers.items() if name != names.HEADER_FORWARDED},
            names.HEADER_REASON: str(reason),
            names.HEADER_ERROR: " ".join(error.split())[:_MAX_ERROR],
            names.HEADER_ATTEMPTS: attempts,
            names.HEADER_PARKED_AT: self._clock().astimezone(UTC).isoformat(timespec="seconds"),
        }
        return _copy(message, headers)


def _copy(message: AbstractIncomingMessage, headers: HeadersType) -> Message:
    """The same body under the same message id."""
    return Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
    )
