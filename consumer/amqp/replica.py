"""The life of a replica on the broker: connect, be one of the replicas, publish, come back after a loss."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import aio_pika
from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from consumer.amqp import topology
from consumer.amqp.balance import places
from consumer.amqp.calls import answered
from consumer.amqp.holding import Holding, Work
from consumer.amqp.parked_count import watch_parked
from consumer.amqp.roster import BEAT_SECONDS, Roster
from consumer.telemetry.logs import logger

HEARTBEAT_SECONDS = 10
_CONFIRM_SECONDS = 15.0
_CONNECT_SECONDS = 15.0
_TOPOLOGY_AGAIN_SECONDS = 5.0
_STEADY_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 30.0
_LOST = (AMQPError, ConnectionError, OSError, TimeoutError, RuntimeError)
"""What aio-pika raises when a connection or channel is gone, or cannot be had."""


class Replica:
    """Holds this replica's fair share of the partitions for as long as :meth:`run` runs."""

    def __init__(self, url: str, name: str, partitions: int, rungs: Sequence[tuple[str, float]], work: Work) -> None:
        """``rungs`` are names and seconds of the ladder's delays, as :func:`topology.declare` takes them."""
        self._url = url
        self._name = name
        self._partitions = partitions
        self._rungs = rungs
        self._work = work
        self._holding = Holding(name, work, self._give_up_connection)
        self._wake = asyncio.Event()
        self._confirmed: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._lost = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; then everything is handed over. A lost connection is made anew, for ever."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        short_lived = 0
        try:
            while not stop.is_set():
                connecting = asyncio.create_task(self._connect())
                await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not connecting.done():
                    connecting.cancel()
                    await asyncio.wait({connecting})
                    return
                connection = connecting.result()
                connected_at = time.monotonic()
                try:
                    await answered(self._serve(connection, stop))
                except _LOST as error:
                    logger().warning("broker_lost", error=f"{type(error).__name__}: {error}")
                    short_lived = short_lived + 1 if time.monotonic() - connected_at < _STEADY_SECONDS else 0
                finally:
                    self._work.on_state("connection lost")
                    await self._drop(connection)
                # What ends every connection at once, a copy that no queue takes for example, must not do so in a loop.
                await self._pause(stop, min(2.0**short_lived - 1, _LONGEST_PAUSE_SECONDS))
        finally:
            stopping.cancel()

    def owns(self, partition: int) -> bool:
        """False while this replica only stands by for the partition; the broker may give it messages all the same."""
        return self._holding.owns(partition)

    def look(self) -> None:
        """Something has changed that bears on what this replica may do: look at it at once."""
        self._wake.set()

    async def publish(self, exchange: str, routing_key: str, message: Message) -> None:
        """Publish a copy of a message; returns when the broker has confirmed it.

        Raises one of aio-pika's errors, TimeoutError or RuntimeError when it has not. Then the connection is given up,
        too: the message itself is still unsettled, and only so does the broker deliver it again.
        """
        channel = self._confirmed
        if channel is None:
            raise ConnectionError("not connected to the broker")
        if exchange not in self._exchanges:
            self._exchanges[exchange] = (
                await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
            )
        try:
            async with asyncio.timeout(_CONFIRM_SECONDS):
                await answered(self._exchanges[exchange].publish(message, routing_key, mandatory=True))
        except _LOST:
            self._give_up_connection()
            raise

    async def _connect(self) -> AbstractConnection:
        """A connection; tried again and again until there is one, with a line in the log for each failure."""

        async def once() -> AbstractConnection:
            try:
                return await aio_pika.connect(
                    self._url,
                    timeout=_CONNECT_SECONDS,
                    heartbeat=HEARTBEAT_SECONDS,
                    client_properties={"connection_name": f"callsheet-consumer {self._name}"},
                )
            except _LOST as error:
                self._work.on_state(f"cannot connect: {type(error).__name__}")
                logger().warning("broker_away", error=f"{type(error).__name__}: {error}")
                raise

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_LOST), wait=wait_random_exponential(multiplier=0.5, max=5), reraise=True
        )
        connection: AbstractConnection = await retrying(once)
        return connection

    async def _serve(self, connection: AbstractConnection, stop: asyncio.Event) -> None:
        self._lost.clear()
        connection.close_callbacks.add(self._give_up_connection)
        absent = await topology.missing(await connection.channel(), self._partitions, self._rungs)
        if absent is not None:
            self._work.on_state(f"{absent} is not there: run callsheet-consumer topology")
            await self._pause(stop, _TOPOLOGY_AGAIN_SECONDS)
            raise ConnectionError(f"{absent} is not there; run callsheet-consumer topology with the same settings")
        self._confirmed = await connection.channel(on_return_raises=True)
        self._confirmed.close_callbacks.add(self._give_up_connection)
        roster = Roster(self._name, self._wake.set, silent=not self._work.available())
        await roster.join(await connection.channel(publisher_confirms=False))
        background = [
            asyncio.create_task(roster.beat(), name="roster"),
            asyncio.create_task(watch_parked(connection, self._work.on_parked), name="parked"),
        ]
        try:
            # A newcomer first hears who else is there: all of them, not only the first that answers.
            heard_at = time.monotonic() + BEAT_SECONDS
            while (left := heard_at - time.monotonic()) > 0 and not stop.is_set() and not self._lost.is_set():
                await self._pause(stop, left)
            self._work.on_state("ok")
            logger().info("broker_connected", replica=self._name)
            while not stop.is_set() and not self._lost.is_set():
                for task in background:
                    if task.done():
                        task.result()
                if self._work.available() == roster.silent:
                    await roster.keep_silent(not roster.silent)
                wanted = places(roster.claims(), self._partitions)
                mine = (partition for partition, place in wanted.items() if place.owner == self._name)
                await roster.claim(() if roster.silent else mine)
                await self._holding.reconcile(connection, wanted)
                await self._pause(stop, 0.5)
            if self._lost.is_set():
                raise ConnectionError("the broker closed the connection or a channel, or did not confirm")
            await roster.keep_silent(True)
            await self._holding.hand_over()
        finally:
            for task in background:
                task.cancel()
            await asyncio.wait(background)

    def _give_up_connection(self, *_: object) -> None:
        """The connection, or one of its channels, cannot be relied on any more: begin anew."""
        self._lost.set()
        self._wake.set()

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait a while, or until there is a reason to look."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if stop.is_set() else seconds):
                await self._wake.wait()
        self._wake.clear()

    async def _drop(self, connection: AbstractConnection) -> None:
        """After a loss: what was under way is finished, so that nothing is left half done, and nobody settles it."""
        partitions = self._holding.let_go()
        if self._confirmed is not None:
            self._confirmed.close_callbacks.discard(self._give_up_connection)
        connection.close_callbacks.discard(self._give_up_connection)
        self._confirmed = None
        self._exchanges.clear()
        await asyncio.gather(*(self._work.give_up(partition) for partition in partitions))
        with contextlib.suppress(*_LOST):
            async with asyncio.timeout(_CONNECT_SECONDS):
                await connection.close()
