"""The queues that producers publish to, declared as the deploy step does, and a look at what arrived in them."""

import asyncio
from collections.abc import Callable

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from consumer.amqp.topology import declare
from contract import names
from contract.codec import decode
from contract.event import Event
from contract.names import DEFAULT_PARTITIONS


async def declare_topology(amqp_url: str, partitions: int = DEFAULT_PARTITIONS) -> None:
    """Everything, with the names of the contract."""
    await declare(amqp_url, partitions, [("30s", 30.0)])


class Arrivals:
    """Everything that came out of the partition queues, in order of arrival."""

    def __init__(self, amqp_url: str, partitions: int = DEFAULT_PARTITIONS) -> None:
        self._amqp_url = amqp_url
        self._partitions = partitions
        self.messages: list[AbstractIncomingMessage] = []
        self.events: list[Event] = []

    async def collect(
        self, enough: Callable[[list[AbstractIncomingMessage]], bool], deadline_seconds: float = 45
    ) -> None:
        """Takes and acknowledges messages until there are enough."""
        arrived = asyncio.Event()

        async def take(message: AbstractIncomingMessage) -> None:
            self.messages.append(message)
            self.events.append(decode(message.body))
            await message.ack()
            arrived.set()

        async with asyncio.timeout(deadline_seconds), await aio_pika.connect(self._amqp_url) as connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=100)
            for partition in range(self._partitions):
                queue = await channel.get_queue(names.partition_queue(partition), ensure=False)
                await queue.consume(take)
            while not enough(self.messages):
                arrived.clear()
                await arrived.wait()
