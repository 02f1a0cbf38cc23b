"""One partition that this replica is subscribed to, on a channel of its own."""

from collections.abc import Awaitable, Callable

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.abc import DeliveredMessage

from consumer.amqp.received import Received
from contract import names

OnMessage = Callable[[Received, int], Awaitable[None]]


class Subscription:
    """A subscription to a partition queue. With single active consumer only one of all replicas is given messages.

    ``owner`` is the replica that the subscription was made for: ourselves, or the one that we stand by for.
    """

    def __init__(self, partition: int, owner: str, prefetch: int) -> None:
        self.partition = partition
        self.owner = owner
        self.prefetch = prefetch
        self._open = False
        self._channel: AbstractChannel | None = None

    async def open(
        self,
        connection: AbstractConnection,
        consumer_tag: str,
        owned: bool,
        on_message: OnMessage,
        on_lost: Callable[[], None],
    ) -> None:
        """Subscribe. ``owned`` sets the priority that brokers from 4.0 on honour among single active consumers.

        ``on_lost`` is called when the broker closes the channel by itself.
        """
        self._channel = connection.channel(publisher_confirms=False)
        await self._channel.initialize()
        await self._channel.set_qos(prefetch_count=self.prefetch)

        def closed(*_: object) -> None:
            if self._open:
                on_lost()

        self._channel.close_callbacks.add(closed)
        self._open = True

        async def deliver(message: DeliveredMessage) -> None:
            # What comes in after the release has begun goes back to the broker with the channel.
            if self._open:
                await on_message(Received.of(message), self.partition)

        # Straight from the library below aio-pika, which would make one more task and a larger object of each message.
        channel = await self._channel.get_underlay_channel()
        await channel.basic_consume(
            names.partition_queue(self.partition),
            deliver,
            consumer_tag=consumer_tag,
            arguments={"x-priority": 1 if owned else 0},
        )

    def refuse_more(self) -> None:
        """Take nothing more in; what the broker still sends stays unsettled."""
        self._open = False

    async def close(self) -> None:
        """Close the channel: what is unsettled goes to the next replica. Nothing may be under way any more."""
        self._open = False
        if self._channel is not None and not self._channel.is_closed:
            await self._channel.close()
