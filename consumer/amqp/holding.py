"""The partitions that a replica holds: subscribing, standing by, handing over in the order that lets nobody overlap."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aio_pika.abc import AbstractConnection

from consumer.amqp.balance import Place
from consumer.amqp.subscription import OnMessage, Subscription
from consumer.telemetry.logs import logger
from contract import names

STANDBY_DELAY_SECONDS = 2.5
"""So much later than the owner a standby subscribes: the broker activates who has waited longest."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a replica does with its partitions: what comes in, and what is to end before a partition is handed over.

    ``prefetch`` is how many messages of a partition may be unsettled now; with 0 the partition is left to others.
    ``available`` is false while this replica can do no work at all. ``forget`` drops what is remembered of a partition.
    """

    prefetch: Callable[[int], int]
    available: Callable[[], bool]
    on_message: OnMessage
    forget: Callable[[int], None]
    give_up: Callable[[int], Awaitable[None]]
    on_partitions: Callable[[int], None]
    on_parked: Callable[[str, int], None]
    on_state: Callable[[str], None]


class Holding:
    """Subscriptions on one connection at a time. ``on_lost`` is called when the broker closes one by itself."""

    def __init__(self, name: str, work: Work, on_lost: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._on_lost = on_lost
        self._subscriptions: dict[int, Subscription] = {}
        self._standby_since: dict[int, tuple[str, float]] = {}

    def owns(self, partition: int) -> bool:
        """False while this replica only stands by for the partition."""
        subscription = self._subscriptions.get(partition)
        return subscription is not None and subscription.owner == self._name

    async def hand_over(self) -> None:
        """Release everything."""
        await self._release(list(self._subscriptions))

    def let_go(self) -> list[int]:
        """After a loss: take nothing more in. The partitions whose work is still to be ended."""
        partitions = list(self._subscriptions)
        for partition in partitions:
            self._subscriptions.pop(partition).refuse_more()
        self._standby_since.clear()
        self._work.on_partitions(0)
        return partitions

    async def reconcile(self, connection: AbstractConnection, wanted: Mapping[int, Place]) -> None:
        """Subscribe to what is ours, stand by for what would be ours next, hand over the rest."""
        now = asyncio.get_running_loop().time()
        leaving = []
        for partition, subscription in self._subscriptions.items():
            place = wanted[partition]
            stays = place.owner == self._name or (place.standby == self._name and subscription.owner == place.owner)
            if not stays or subscription.prefetch != self._work.prefetch(partition):
                leaving.append(partition)
        await self._release(leaving)
        for partition, place in wanted.items():
            present = self._subscriptions.get(partition)
            if self._work.prefetch(partition) == 0:
                self._standby_since.pop(partition, None)
                continue
            if present is not None:
                if present.owner != place.owner:
                    # The broker may have moved the partition to and fro without a word: nothing remembered holds.
                    present.owner = place.owner
                    self._work.forget(partition)
            elif place.owner == self._name:
                await self._subscribe(connection, partition, place.owner)
            elif place.standby == self._name:
                owner, since = self._standby_since.get(partition, ("", 0.0))
                if owner != place.owner:
                    self._standby_since[partition] = (place.owner, now)
                elif now - since >= STANDBY_DELAY_SECONDS:
                    await self._subscribe(connection, partition, place.owner)
            if place.standby != self._name:
                self._standby_since.pop(partition, None)
        self._work.on_partitions(sum(1 for one in self._subscriptions.values() if one.owner == self._name))

    async def _subscribe(self, connection: AbstractConnection, partition: int, owner: str) -> None:
        subscription = Subscription(partition, owner, self._work.prefetch(partition))
        tag = f"{self._name}.{names.routing_key(partition)}"
        owned = owner == self._name
        await subscription.open(connection, tag, owned, self._work.on_message, self._on_lost)
        self._subscriptions[partition] = subscription
        logger().info("partition_subscribed", partition=partition, owner=owner)

    async def _release(self, partitions: Sequence[int]) -> None:
        """Planned release: nothing more is taken in of any of them; then each goes as soon as its work is done."""
        for partition in partitions:
            self._subscriptions[partition].refuse_more()
        await asyncio.gather(*(self._release_one(partition) for partition in partitions))

    async def _release_one(self, partition: int) -> None:
        """The order that lets nobody overlap: finish, settle, close."""
        await self._work.give_up(partition)
        await self._subscriptions.pop(partition).close()
        logger().info("partition_released", partition=partition)
