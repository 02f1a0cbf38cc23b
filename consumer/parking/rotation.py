"""One pass over a queue of messages that were put aside: each is looked at once, and kept, put back to work or dropped.

To look at a message is to take it from the queue. Giving it back is no way to leave it as it was: a quorum queue counts
that as a delivery. Measured on RabbitMQ 3.10: after eight looks by ``basic.get`` and a return, be it by ``basic.nack``
or by the end of the connection, ``x-delivery-count`` stood at 7; the management API's "get" does the same. From
RabbitMQ 4.0 on a queue has a limit of 20 deliveries unless told otherwise, and this queue has nowhere to dead-letter
to: the twenty-first look would destroy what it looks at.

So a message that is kept is published again to the end of its queue, as it was, and the one that was taken is
acknowledged once the broker has confirmed the new one. The new one has had no delivery. A pass goes round the whole
queue as it stood at the beginning, so the order stays the same. It takes about 1.5 ms for each message.

Nothing is acknowledged before what takes its place is confirmed. A pass that is killed loses nothing: what it had taken
comes back, and a few messages may stand there twice, which does no harm to a calendar, because revisions decide.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError, PublishError
from aiormq.exceptions import ChannelLockedResource

from consumer.amqp.foreign_properties import accept_foreign_properties
from consumer.parking.message import OF_THE_DELIVERY, ParkedMessage
from contract import names

BATCH: Final = 25
BATCH_BYTES: Final = 8 * 1024 * 1024
"""A batch ends with the message that goes over one of these.

Not more than 25: each acknowledgement of a ``basic.get`` is a command of its own to a quorum queue, of which a channel
has at most 32 under way. It keeps the rest to itself, and they are lost when it is closed (measured on RabbitMQ 3.10:
of 43 acknowledged just before the close, 10 came back). What is taken anew in the next batch gives them time to arrive.
"""

_CONNECT_SECONDS: Final = 15.0
_GET_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 60.0
"""For all of a batch."""


class Unavailable(RuntimeError):
    """The queue cannot be worked on now. ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Keep:
    """It stays where it is."""


@dataclass(frozen=True, slots=True)
class Drop:
    """It goes for good."""


@dataclass(frozen=True, slots=True)
class Send:
    """It goes to the exchange of the changes, with this routing key and these headers, and leaves the queue."""

    routing_key: str
    headers: dict[str, Any]


Fate = Keep | Drop | Send
Look = Callable[[ParkedMessage], Fate]
"""Told of each message once, in their order; says what becomes of it."""

NotTaken = Callable[[ParkedMessage, str], None]
"""Told of a message that was to be sent and that the broker did not take, and why. It stays where it is."""


class Rotation:
    """The right to work on one queue. Nobody else who asks for it has it at the same time."""

    def __init__(self, channel: AbstractChannel, queue: AbstractQueue, waiting: int) -> None:
        self._channel = channel
        self._queue = queue
        self._changes: AbstractExchange | None = None
        self.waiting = waiting
        """Messages in the queue when the pass begins; those that come later are left for the next one."""

    async def go_round(
        self, look: Look, not_taken: NotTaken, progress: Callable[[int], None], stop: Callable[[], bool] = lambda: False
    ) -> int:
        """Look at every message that was there at the beginning; how many there were.

        Ends early, between two batches, when ``stop`` says so. Raises aio_pika's errors, OSError or TimeoutError when
        the broker goes away.
        """
        self._changes = await self._channel.get_exchange(names.EXCHANGE, ensure=False)
        seen = 0
        while seen < self.waiting and not stop():
            batch = await self._take(self.waiting - seen)
            if not batch:
                break
            await self._settle(batch, look, not_taken)
            seen += len(batch)
            progress(len(batch))
        return seen

    async def _take(self, at_most: int) -> Sequence[AbstractIncomingMessage]:
        batch: list[AbstractIncomingMessage] = []
        room = BATCH_BYTES
        while len(batch) < min(BATCH, at_most) and room > 0:
            # Not by a consumer: it would be given messages that came later, and they would count as delivered.
            message = await self._queue.get(no_ack=False, fail=False, timeout=_GET_SECONDS)
            if message is None:
                break
            batch.append(message)
            room -= message.body_size
        return batch

    async def _settle(self, batch: Sequence[AbstractIncomingMessage], look: Look, not_taken: NotTaken) -> None:
        parked = [ParkedMessage.of(message) for message in batch]
        fates = [look(one) for one in parked]
        async with asyncio.timeout(_SETTLE_SECONDS):
            # One after the other: aiormq knows a returned message by its id alone, and ids may repeat.
            refusals = [await self._send(message, fate) for message, fate in zip(batch, fates, strict=True)]
            for one, refusal in zip(parked, refusals, strict=True):
                if refusal:
                    not_taken(one, refusal)
            kept = [
                message
                for message, fate, refusal in zip(batch, fates, refusals, strict=True)
                if isinstance(fate, Keep) or refusal
            ]
            # Publishes that begin in this order arrive in this order: one channel, one socket.
            await asyncio.gather(*(self._publish_again(message) for message in kept))
        for message in batch:
            await message.ack()

    async def _send(self, message: AbstractIncomingMessage, fate: Fate) -> str:
        """Why the broker did not take a message that is to be sent; nothing if it did, or if there is none to send."""
        if not isinstance(fate, Send):
            return ""
        assert self._changes is not None
        try:
            await self._changes.publish(_copy(message, fate.headers), fate.routing_key, mandatory=True)
        except PublishError:
            return f"no queue is bound to {fate.routing_key!r}; is CALLSHEET_PARTITIONS right, and `topology` done?"
        except DeliveryError:
            return "the broker refused it; is the partition's queue full?"
        return ""

    async def _publish_again(self, message: AbstractIncomingMessage) -> None:
        headers = {name: value for name, value in message.headers.items() if name not in OF_THE_DELIVERY}
        await self._channel.default_exchange.publish(_copy(message, headers), self._queue.name, mandatory=True)


@asynccontextmanager
async def rotation(url: str, queue: str) -> AsyncIterator[Rotation]:
    """Connect and take the right to work on a queue; it is given back, whatever happens, with the connection.

    Raises :class:`Unavailable`, or aio_pika's errors, OSError or TimeoutError when there is no broker.
    """
    accept_foreign_properties()
    connection = await aio_pika.connect(
        url, timeout=_CONNECT_SECONDS, client_properties={"connection_name": f"callsheet-consumer, {queue}"}
    )
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        lock = f"schedule.lock.{queue.removeprefix('schedule.')}"
        try:
            await channel.declare_queue(lock, exclusive=True, auto_delete=True, durable=False)
        except ChannelLockedResource:
            raise Unavailable(f"somebody else is working on {queue} now; try again when that is done") from None
        try:
            there = await channel.declare_queue(queue, passive=True)
        except ChannelNotFoundEntity:
            raise Unavailable(f"there is no queue {queue}; run `callsheet-consumer topology` first") from None
        yield Rotation(channel, there, there.declaration_result.message_count or 0)


def _copy(message: AbstractIncomingMessage, headers: dict[str, Any]) -> Message:
    """The same body under the same message id, with everything else that was said about it."""
    return Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        delivery_mode=DeliveryMode.PERSISTENT,
        correlation_id=message.correlation_id,
        message_id=message.message_id,
        timestamp=message.timestamp,
        type=message.type,
        app_id=message.app_id,
    )
