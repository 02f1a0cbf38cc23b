"""The one place where a message is settled.

A message is acknowledged only after its effect, or after the broker has confirmed the copy that takes its place. When
the copy cannot be confirmed the message stays unsettled, and the broker delivers it again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aio_pika import DeliveryMode, Message
from aio_pika.abc import HeadersType
from aio_pika.exceptions import AMQPError

from consumer.amqp.calls import answered
from consumer.amqp.received import Received
from consumer.core.actions import Outcome
from consumer.ladder import Climb
from consumer.lanes.delivery import Delivery, Disposition, Done, Hold, Park, Retry
from consumer.telemetry.logs import logger, logger_debugs
from consumer.telemetry.metrics import Metrics
from contract import names
from contract.reasons import Reason

Publish = Any
"""``async (exchange: str, routing_key: str, message: Message) -> None``: returns when the broker has confirmed."""

LOST = (AMQPError, ConnectionError, TimeoutError, RuntimeError)
"""What is raised when a channel is gone, or the broker has not confirmed."""

_MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class Forward:
    """It lies on the wrong partition: publish it to the right one."""

    partition: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """It was delivered too often: a copy behind the others, to be handled alone."""


class Settle:
    """Settles messages, counts what became of them and says so in the log."""

    def __init__(self, publish: Publish, metrics: Metrics, clock: Callable[[], datetime], look_rung: str) -> None:
        """``look_rung`` is the rung whose delay is that of a second look."""
        self._publish = publish
        self._look_rung = look_rung
        self._metrics = metrics
        self._clock = clock
        self._debug = logger_debugs()

    async def settle(self, delivery: Delivery, disposition: Disposition) -> bool:
        """See :class:`consumer.lanes.delivery.Settler`."""
        return await self.settle_all([(delivery, disposition)])

    async def settle_all(self, settled: Sequence[tuple[Delivery, Disposition]]) -> bool:
        """See :class:`consumer.lanes.delivery.Settler`.

        Only the last acknowledgement is waited for: they are written in their order, so it tells of the others, too.
        """
        well = True
        for number, (delivery, disposition) in enumerate(settled, start=1):
            last = number == len(settled)
            facts = partial(_facts, delivery)
            if not await self.settle_message(delivery.message, delivery.partition, disposition, facts, written=last):
                well = False
                continue
            self._metrics.lane_wait.observe(time.monotonic() - delivery.received_at)
            if isinstance(disposition, Done | Hold):
                self._tell_what_is_left(delivery, disposition.left)
            if isinstance(disposition, Done) and disposition.outcome is Outcome.APPLIED:
                self._metrics.freshness.observe(max(0.0, (self._clock() - delivery.time).total_seconds()))
        return well

    def _tell_what_is_left(self, delivery: Delivery, bookings: Sequence[str]) -> None:
        """Bookings that were put right today already, and that a user has changed or thrown away again."""
        for booking in bookings:
            self._metrics.repair_conflicts.inc()
            logger().warning(
                "repair_conflict",
                mailbox=delivery.mailbox,
                booking=booking,
                event_id=delivery.event_id,
                now="left as its user has it: it was put right once today",
            )

    async def promise_look(self, delivery: Delivery) -> bool:
        """Send a copy of an event by way of the ladder; when it comes back its mailbox is read anew.

        On the broker, so that the duty outlives this replica. False when the broker has not confirmed it.
        """
        message = delivery.message
        headers: HeadersType = {**_kept(message), names.HEADER_LOOK: 1}
        rung = names.retry_queue(self._look_rung)
        try:
            await self._publish(rung, names.routing_key(delivery.partition), _copy(message, headers))
        except LOST as error:
            logger().info("left_unsettled", error=f"{type(error).__name__}: {error}", event_id=delivery.event_id)
            return False
        return True

    async def publish_late(self, delivery: Delivery) -> None:
        """Publish a copy of an event that was written late, so that its partition's owner looks at the mailbox.

        Raises what the publish function raises when the broker has not confirmed it.
        """
        message = delivery.message
        headers: HeadersType = {**_kept(message), names.HEADER_LOOK: 1}
        await self._publish(names.EXCHANGE, names.routing_key(delivery.partition), _copy(message, headers))

    async def settle_message(
        self,
        message: Received,
        partition: int,
        disposition: Disposition | Forward | Suspect,
        facts: Callable[[], dict[str, Any]],
        written: bool = True,
    ) -> bool:
        """Settle a message of a partition; ``facts`` go into the log. False when it had to be left to the broker.

        Without ``written`` the acknowledgement may still be on its way to the socket.
        """
        try:
            outcome = await self._dispose(message, partition, disposition)
            await answered(message.acknowledge(written))
        except LOST as error:
            # The channel is gone, or the broker did not confirm in time. The broker delivers the message again.
            logger().info("left_unsettled", error=f"{type(error).__name__}: {error}", **facts())
            return False
        self._metrics.count_event(outcome)
        if isinstance(disposition, Park):
            self._metrics.parked.labels(disposition.reason).inc()
            logger().warning("parked", reason=str(disposition.reason), error=disposition.error, **facts())
        elif isinstance(disposition, Hold):
            logger().warning("held", reason=str(disposition.reason), error=disposition.error, **facts())
        elif isinstance(disposition, Retry):
            climb = disposition.climb
            logger().info("put_off", rung=disposition.rung, attempt=climb.attempts, error=disposition.error, **facts())
        elif self._debug:
            logger().debug("settled", outcome=str(outcome), **facts())
        return True

    async def _dispose(
        self, message: Received, partition: int, disposition: Disposition | Forward | Suspect
    ) -> Outcome:
        match disposition:
            case Done(outcome):
                return outcome
            case Park(reason, error):
                await self._publish("", names.PARKED_QUEUE, self._put_aside(message, reason, error))
                return Outcome.PARKED
            case Hold(reason, error):
                await self._publish("", names.HELD_QUEUE, self._put_aside(message, reason, error))
                return Outcome.HELD
            case Forward(right_partition):
                headers: HeadersType = {**_kept(message), names.HEADER_FORWARDED: 1}
                await self._publish(names.EXCHANGE, names.routing_key(right_partition), _copy(message, headers))
                return Outcome.FORWARDED
            case Suspect():
                headers = {**_kept(message), names.HEADER_SUSPECT: 1}
                await self._publish(names.EXCHANGE, names.routing_key(partition), _copy(message, headers))
                return Outcome.RETRIED
            case Retry(rung, climb, reason, error):
                copy = _copy(message, self._climbing(message, climb, reason, error))
                await self._publish(names.retry_queue(rung), names.routing_key(partition), copy)
                return Outcome.RETRIED

    def _put_aside(self, message: Received, reason: Reason, error: str) -> Message:
        headers: HeadersType = {
            **_kept(message),
            names.HEADER_REASON: str(reason),
            names.HEADER_ERROR: _one_line(error),
            names.HEADER_ATTEMPTS: message.headers.get(names.HEADER_ATTEMPTS, 0),
            names.HEADER_PARKED_AT: self._clock().astimezone(UTC).isoformat(timespec="seconds"),
        }
        return _copy(message, headers)

    def _climbing(self, message: Received, climb: Climb, reason: Reason, error: str) -> HeadersType:
        headers: HeadersType = {
            **_kept(message),
            names.HEADER_REASON: str(reason),
            names.HEADER_ERROR: _one_line(error),
            names.HEADER_ATTEMPTS: climb.attempts,
        }
        if climb.first_failure is not None:
            headers[names.HEADER_FIRST_FAILURE] = climb.first_failure.isoformat(timespec="seconds")
        return headers


def _kept(message: Received) -> dict[str, Any]:
    """The headers that a copy takes along: not what the broker wrote of deaths and deliveries, nor passing marks.

    The wish for a look at the mailbox goes along: it holds until it is answered. So does that another replica may have
    worked on it, which the broker says of the original alone.
    """
    own = (names.HEADER_FORWARDED, names.HEADER_SUSPECT, "x-delivery-count")
    kept: dict[str, Any] = {
        name: value
        for name, value in message.headers.items()
        if name not in own and not name.startswith(("x-death", "x-first-death", "x-last-death"))
    }
    if message.redelivered:
        kept[names.HEADER_AGAIN] = 1
    return kept


def _facts(delivery: Delivery) -> dict[str, Any]:
    """What the log says of a delivery."""
    return {
        "event_id": delivery.event_id,
        "mailbox": delivery.mailbox,
        "booking": delivery.change.booking,
        "revision": delivery.change.revision,
    }


def _one_line(error: str) -> str:
    return " ".join(error.split())[:_MAX_ERROR]


def _copy(message: Received, headers: HeadersType) -> Message:
    """The same body under the same message id."""
    return Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
    )
