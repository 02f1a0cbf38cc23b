"""Which replicas are alive, and which partitions they call their own: each says so over a fanout exchange.

Once a second, and at once when something has changed.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

import orjson
from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from consumer.amqp.topology import REPLICAS_EXCHANGE

BEAT_SECONDS = 1.0
SILENT_SECONDS = 3.5
"""A replica that was not heard for so long is taken for dead."""

_MAX_BODY = 4000

Claims = frozenset[int]
"""Partitions that a replica calls its own, subscribed to or about to be."""


class Roster:
    """The replicas that were heard lately, and their claims. ``changed`` is called whenever that is not as before."""

    def __init__(self, replica: str, changed: Callable[[], None], silent: bool) -> None:
        """``silent``: be counted by nobody for now."""
        self._replica = replica
        self._changed = changed
        self._claims: Claims = frozenset()
        self._heard: dict[str, tuple[float, Claims]] = {}
        self._exchange: AbstractExchange | None = None
        self.silent = silent

    async def keep_silent(self, silent: bool) -> None:
        """Be counted by nobody, because no work can be done here; or be counted again."""
        self.silent = silent
        await self.say(leaving=silent)

    async def join(self, channel: AbstractChannel) -> None:
        """Listen, and say that we are there, unless we are to keep silent."""
        self._exchange = await channel.get_exchange(REPLICAS_EXCHANGE, ensure=False)
        queue = await channel.declare_queue(exclusive=True, auto_delete=True, durable=False)
        await queue.bind(self._exchange)
        await queue.consume(self._hear, no_ack=True)
        if not self.silent:
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
        body = orjson.dumps({"replica": self._replica, "leaving": leaving, "claims": sorted(self._claims)})
        await self._exchange.publish(Message(body, expiration=SILENT_SECONDS), routing_key="", mandatory=False)

    async def claim(self, partitions: Iterable[int]) -> None:
        """Call these partitions our own; said at once when they are others than before."""
        before, self._claims = self._claims, frozenset(partitions)
        if self._claims != before and not self.silent:
            await self.say(leaving=False)

    def claims(self) -> dict[str, Claims]:
        """The replicas that count now, ourselves among them, with what each calls its own."""
        now = time.monotonic()
        self._heard = {name: heard for name, heard in self._heard.items() if now - heard[0] < SILENT_SECONDS}
        return {self._replica: self._claims, **{name: claims for name, (_, claims) in self._heard.items()}}

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        if len(message.body) > _MAX_BODY:
            return
        try:
            said = orjson.loads(message.body)
            name, leaving, claims = str(said["replica"]), bool(said["leaving"]), frozenset(map(int, said["claims"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return
        if name == self._replica:
            return
        if leaving:
            if self._heard.pop(name, None) is not None:
                self._changed()
            return
        _, before = self._heard.get(name, (0.0, None))
        self._heard[name] = (time.monotonic(), claims)
        if before is None and not self.silent:
            # So that the newcomer need not wait a second to hear of us.
            await self.say(leaving=False)
        if claims != before:
            self._changed()
