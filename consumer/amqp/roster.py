"""Which replicas are alive: each says so once a second over a fanout exchange."""

import asyncio
import time
from collections.abc import Callable

import orjson
from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from consumer.amqp.topology import REPLICAS_EXCHANGE

BEAT_SECONDS = 1.0
SILENT_SECONDS = 3.5
"""A replica that was not heard for so long is taken for dead."""

_MAX_BODY = 500


class Roster:
    """The replicas that were heard lately. ``changed`` is called whenever one is new or has said that it leaves."""

    def __init__(self, replica: str, changed: Callable[[], None]) -> None:
        self._replica = replica
        self._changed = changed
        self._heard: dict[str, float] = {}
        self._exchange: AbstractExchange | None = None
        self.silent = False

    async def keep_silent(self, silent: bool) -> None:
        """Be counted by nobody, because no work can be done here; or be counted again."""
        self.silent = silent
        await self.say(leaving=silent)

    async def join(self, channel: AbstractChannel) -> None:
        """Listen, and say that we are there."""
        self._exchange = await channel.get_exchange(REPLICAS_EXCHANGE, ensure=False)
        queue = await channel.declare_queue(exclusive=True, auto_delete=True, durable=False)
        await queue.bind(self._exchange)
        await queue.consume(self._hear, no_ack=True)
        await self.say(leaving=False)

    async def beat(self) -> None:
        """Say that we are there, again and again, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if not self.silent:
                await self.say(leaving=False)

    async def say(self, leaving: bool) -> None:
        """Say that we are there, or that we are about to go."""
        assert self._exchange is not None
        body = orjson.dumps({"replica": self._replica, "leaving": leaving})
        await self._exchange.publish(Message(body, expiration=SILENT_SECONDS), routing_key="", mandatory=False)

    def alive(self) -> list[str]:
        """The replicas that count now, ourselves among them, in order."""
        now = time.monotonic()
        self._heard = {name: at for name, at in self._heard.items() if now - at < SILENT_SECONDS}
        return sorted({self._replica, *self._heard})

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        if len(message.body) > _MAX_BODY:
            return
        try:
            said = orjson.loads(message.body)
            name, leaving = str(said["replica"]), bool(said["leaving"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return
        if name == self._replica:
            return
        if leaving:
            if self._heard.pop(name, None) is not None:
                self._changed()
            return
        is_new = name not in self._heard
        self._heard[name] = time.monotonic()
        if is_new:
            # So that the newcomer need not wait a second to hear of us.
            if not self.silent:
                await self.say(leaving=False)
            self._changed()
