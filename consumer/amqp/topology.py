"""Exchanges and queues, declared at deploy time by ``callsheet-consumer topology``. Right on RabbitMQ 3.10 to 4.x.

All queues are quorum queues. Whatever a broker would drop or give up on goes to the parked queue instead: the partition
queues dead-letter there, at-least-once, which needs ``reject-publish`` (RabbitMQ, "Quorum Queues", dead lettering).
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.exceptions import ConnectionInternalError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from contract import names

_QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}

REPLICAS_EXCHANGE = "schedule.replicas"
"""Over this fanout exchange the replicas tell each other that they are there."""


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """One queue: its name, arguments, and the exchange and routing key that lead to it, if any."""

    name: str
    arguments: dict[str, Any]
    exchange: str = ""
    routing_key: str = ""


def queues(partitions: int, retry_delays: Sequence[tuple[str, float]]) -> Iterator[QueueSpec]:
    """Every queue. ``retry_delays`` are names and seconds of the rungs, like ``("30s", 30.0)``."""
    for partition in range(partitions):
        yield QueueSpec(
            names.partition_queue(partition),
            {
                **_QUORUM,
                "x-single-active-consumer": True,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": names.PARKED_QUEUE,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
            names.EXCHANGE,
            names.routing_key(partition),
        )
    for name, delay_seconds in retry_delays:
        # Fed through a fanout exchange of its own, and without a dead-letter routing key: so the message keeps the
        # routing key of its partition and goes back there when its time is over.
        yield QueueSpec(
            names.retry_queue(name),
            {
                **_QUORUM,
                "x-message-ttl": round(delay_seconds * 1000),
                "x-dead-letter-exchange": names.EXCHANGE,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
            names.retry_queue(name),
        )
    yield QueueSpec(names.PARKED_QUEUE, dict(_QUORUM))
    yield QueueSpec(names.HELD_QUEUE, dict(_QUORUM))


async def missing(channel: AbstractChannel, partitions: int, retry_delays: Sequence[tuple[str, float]]) -> str | None:
    """The first exchange or queue that is not there, None when all are. Closes the channel where one is missing."""
    specs = list(queues(partitions, retry_delays))
    exchanges = {names.EXCHANGE, REPLICAS_EXCHANGE, *(spec.exchange for spec in specs if spec.exchange)}
    try:
        for name in sorted(exchanges):
            at = name
            await channel.declare_exchange(name, passive=True)
        for spec in specs:
            at = spec.name
            await channel.declare_queue(spec.name, passive=True)
    except ChannelNotFoundEntity:
        return at
    return None


# A broker that is just starting or very busy may fail to elect the leader of a new quorum queue in time; it then closes
# the connection with "541 INTERNAL_ERROR". What was declared stays declared, so all of it is simply declared again.
@retry(
    retry=retry_if_exception_type(ConnectionInternalError),
    stop=stop_after_attempt(5),
    wait=wait_exponential_jitter(multiplier=0.5, max=5),
    reraise=True,
)
async def declare(amqp_url: str, partitions: int, retry_delays: Sequence[tuple[str, float]]) -> list[str]:
    """Declare everything on that broker; the names of the queues. Does no harm where it is there already.

    Raises :class:`aio_pika.exceptions.ChannelPreconditionFailed` when something is there in another shape, what
    :func:`aio_pika.connect` raises, and TimeoutError when the broker does not answer for a minute.
    """
    async with asyncio.timeout(60), await aio_pika.connect(amqp_url, timeout=15) as connection:
        return await _declare_on(await connection.channel(), partitions, retry_delays)


async def _declare_on(
    channel: AbstractChannel, partitions: int, retry_delays: Sequence[tuple[str, float]]
) -> list[str]:
    await channel.declare_exchange(names.EXCHANGE, ExchangeType.DIRECT, durable=True)
    await channel.declare_exchange(REPLICAS_EXCHANGE, ExchangeType.FANOUT, durable=True)
    declared = []
    for spec in queues(partitions, retry_delays):
        queue = await channel.declare_queue(spec.name, durable=True, arguments=spec.arguments)
        if spec.exchange and spec.exchange != names.EXCHANGE:
            await channel.declare_exchange(spec.exchange, ExchangeType.FANOUT, durable=True)
        if spec.exchange:
            await queue.bind(spec.exchange, spec.routing_key)
        declared.append(spec.name)
    return declared
