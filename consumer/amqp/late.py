"""Events whose writes ended when their partition may have been somebody else's already.

A process that was paused, or cut off from the broker, can write after another replica has taken over. It cannot take
that back, but it can make sure that the new owner looks: it publishes copies of those events, marked so that their
mailbox is read anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from consumer.amqp.settle import LOST
from consumer.lanes.delivery import Delivery
from consumer.telemetry.logs import logger


class LateWrites:
    """Keeps such events until the broker has their copies."""

    def __init__(self, publish: Callable[[Delivery], Awaitable[None]]) -> None:
        self._publish = publish
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue()
        self._retrying = AsyncRetrying(
            retry=retry_if_exception_type(LOST),
            wait=wait_exponential(multiplier=1, max=60),
        )

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """These were written late."""
        for delivery in deliveries:
            self._waiting.put_nowait(delivery)

    async def run(self) -> None:
        """Publish what was added, until cancelled; for as long as there is no broker it waits."""
        while True:
            delivery = await self._waiting.get()
            await self._retrying(self._publish, delivery)
            logger().warning("written_late", event_id=delivery.event_id, mailbox=delivery.mailbox)
