"""How many messages wait for a person, for the metrics."""

import asyncio
from collections.abc import Callable
from typing import Final

from aio_pika.abc import AbstractConnection

from contract import names

_EVERY_SECONDS: Final = 15.0


async def watch_parked(connection: AbstractConnection, tell: Callable[[str, int], None]) -> None:
    """Ask for the number of parked and of held messages now and then, until cancelled. Tells of each queue."""
    while True:
        channel = await connection.channel(publisher_confirms=False)
        for name in (names.PARKED_QUEUE, names.HELD_QUEUE):
            queue = await channel.declare_queue(name, passive=True)
            tell(name, queue.declaration_result.message_count or 0)
        await channel.close()
        await asyncio.sleep(_EVERY_SECONDS)
