"""How many messages are parked, for the metrics."""

import asyncio
from collections.abc import Callable
from typing import Final

from aio_pika.abc import AbstractConnection

from contract import names

_EVERY_SECONDS: Final = 15.0


async def watch_parked(connection: AbstractConnection, tell: Callable[[int], None]) -> None:
    """Ask for the number of parked messages now and then, until cancelled."""
    while True:
        channel = await connection.channel(publisher_confirms=False)
        queue = await channel.declare_queue(names.PARKED_QUEUE, passive=True)
        tell(queue.declaration_result.message_count or 0)
        await channel.close()
        await asyncio.sleep(_EVERY_SECONDS)
