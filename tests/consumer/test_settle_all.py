"""Settling the messages of a round, on a real broker: one wait for all acknowledgements, and no promise lost by it."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aio_pika
import pytest
from aio_pika import DeliveryMode, Message

from consumer.amqp.received import Received
from consumer.amqp.settle import Settle
from consumer.amqp.subscription import Subscription
from consumer.core.actions import Change, Outcome
from consumer.lanes.delivery import Delivery, Done, Park
from consumer.telemetry.metrics import Metrics
from contract import names
from contract.reasons import Reason
from tests.support import eventually_async

APPLIED = Done(Outcome.APPLIED)
PARTITION = 3


def delivery(number: int, message: Received) -> Delivery:
    return Delivery(
        mailbox="anna@example.com",
        change=Change(key=f"{number}", source="s", booking=f"B-{number}", revision=1, event="e"),
        event_id=message.message_id or "",
        time=datetime.now(UTC),
        partition=PARTITION,
        received_at=time.monotonic(),
        delivered_before=message.redelivered,
        size=len(message.body),
        message=message,
    )


class Round:
    """Five messages of a partition, taken in and not yet settled."""

    def __init__(self, connection: aio_pika.abc.AbstractConnection, settle: Settle, metrics: Metrics) -> None:
        self.connection = connection
        self.settle = settle
        self.metrics = metrics
        self.deliveries: list[Delivery] = []
        self.subscription = Subscription(PARTITION, "one", 10)

    async def take(self, message: Received, _partition: int) -> None:
        self.deliveries.append(delivery(len(self.deliveries), message))

    async def leaves(self, count: int) -> None:
        """Once the subscription is closed the partition has so many messages: the broker's figures lag behind."""
        await self.subscription.close()
        channel = await self.connection.channel()

        async def has() -> bool:
            queue = await channel.declare_queue(names.partition_queue(PARTITION), passive=True)
            return queue.declaration_result.message_count == count

        await eventually_async(has, what=f"{count} messages left")

    def counted(self, outcome: Outcome) -> float:
        return self.metrics.registry.get_sample_value("callsheet_events_total", {"outcome": outcome}) or 0.0


@pytest.fixture
async def a_round(amqp_url: str) -> AsyncIterator[Round]:
    connection = await aio_pika.connect(amqp_url)
    channel = await connection.channel()
    for name in (names.partition_queue(PARTITION), names.PARKED_QUEUE):
        await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})

    async def publish(exchange: str, routing_key: str, message: Message) -> None:
        assert exchange == ""
        await channel.default_exchange.publish(message, routing_key, mandatory=True)

    metrics = Metrics()
    one = Round(connection, Settle(publish, metrics, lambda: datetime.now(UTC), "30s"), metrics)
    for number in range(5):
        message = Message(b"{}", message_id=f"id-{number}", delivery_mode=DeliveryMode.PERSISTENT)
        await publish("", names.partition_queue(PARTITION), message)
    await one.subscription.open(connection, "one.p03", True, one.take, lambda: None)
    await eventually_async(lambda: len(one.deliveries) == 5, what="five messages")
    yield one
    await connection.close()


async def test_all_of_a_round_are_acknowledged(a_round: Round) -> None:
    assert await a_round.settle.settle_all([(one, APPLIED) for one in a_round.deliveries])
    assert a_round.counted(Outcome.APPLIED) == 5
    await a_round.leaves(0)


async def test_what_is_not_in_the_round_stays(a_round: Round) -> None:
    assert await a_round.settle.settle_all([(one, APPLIED) for one in a_round.deliveries[1:3]])
    await a_round.leaves(3)


async def test_a_closed_channel_leaves_all_of_them(a_round: Round) -> None:
    await a_round.subscription.close()
    assert not await a_round.settle.settle_all([(one, APPLIED) for one in a_round.deliveries])
    assert a_round.counted(Outcome.APPLIED) == 0
    await a_round.leaves(5)


async def test_a_copy_in_the_middle_is_confirmed_before_its_message_is_acknowledged(a_round: Round) -> None:
    first, second, *_ = a_round.deliveries
    parked = Park(Reason.TOO_OLD, "it is too old")
    assert await a_round.settle.settle_all([(first, parked), (second, APPLIED)])
    assert a_round.counted(Outcome.PARKED) == 1
    channel = await a_round.connection.channel()
    queue = await channel.declare_queue(names.PARKED_QUEUE, passive=True)
    copy = await queue.get()
    assert (copy.message_id, copy.headers[names.HEADER_REASON]) == ("id-0", "too_old")
    await a_round.leaves(3)
