"""Publishing events so that the broker has them: persistent, mandatory, confirmed, repeated after a lost connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    InvalidFrameError,
    ProbableAuthenticationError,
    PublishError,
)
from aiormq.exceptions import ChannelAccessRefused, ConnectionNotAllowed
from tenacity import AsyncRetrying, retry_if_exception, wait_random_exponential

from contract import names
from contract.codec import encode
from contract.event import Event
from contract.names import DEFAULT_PARTITIONS
from contract.partition import partition_of

MAX_IN_FLIGHT: Final = 500
DEFAULT_DEADLINE_SECONDS: Final = 60.0
_CONNECT_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 2.0
_HEARTBEAT_SECONDS: Final = 10
# What passes when it is tried again: a lost or refused connection, a closed channel, a negative confirm.
_PASSING: Final = (AMQPError, OSError, EOFError, RuntimeError)

_REFUSALS: Final = (AuthenticationError, ProbableAuthenticationError, ConnectionNotAllowed, ChannelAccessRefused)


class PublishFailed(Exception):
    """The broker does not have the event, or nobody can tell. The text says what to do; it never holds the password."""


class Unroutable(PublishFailed):
    """No queue would get the event. Repeating does not help before the topology is declared."""


class BrokerAway(PublishFailed):
    """The broker did not confirm before the deadline. It may have the event all the same: publish it again."""


class BrokerRefused(PublishFailed):
    """The broker refuses this user: log-in, virtual host or permission. Repeating does not help."""


class Publisher:
    """Publishes events to ``schedule.changes`` over one connection.

    Use it as an async context manager; entering connects. At most :data:`MAX_IN_FLIGHT` publishes wait for the broker
    at any time, further callers wait for their turn. ``deadline_seconds`` is how long one event, or the first
    connection, may take with all its repeats, a connection blocked by the broker's memory or disk alarm included.
    """

    def __init__(
        self,
        amqp_url: str,
        *,
        partitions: int = DEFAULT_PARTITIONS,
        deadline_seconds: float = DEFAULT_DEADLINE_SECONDS,
    ) -> None:
        url = urlsplit(amqp_url)
        beats = url.query if "heartbeat=" in url.query else f"{url.query}&heartbeat={_HEARTBEAT_SECONDS}".lstrip("&")
        self._url = url._replace(query=beats).geturl()
        self._user, self._password = url.username or "guest", url.password
        port = url.port or (5671 if url.scheme == "amqps" else 5672)
        self._broker = f"{url.scheme}://{url.hostname}:{port}{url.path}"
        self._partitions = partitions
        self._deadline_seconds = deadline_seconds
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._opening = asyncio.Lock()
        self._in_flight = 0
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None

    @property
    def in_flight(self) -> int:
        """How many events wait for the broker's confirm now."""
        return self._in_flight

    @property
    def connected(self) -> bool:
        """True while a channel is open, as far as this side can tell."""
        return self._channel is not None and self._is_open(self._channel)

    async def __aenter__(self) -> Self:
        """Connects. Raises the errors of :meth:`publish`."""
        try:
            await self.connect()
        except BaseException:
            await self._abandon()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Returns when a connection is open. Raises the errors of :meth:`publish`; it may be tried again after them.

        Only a program that stays up while the broker is away needs it: :meth:`publish` connects by itself.
        """
        await self._until_done("the connection", self._open_exchange)

    async def close(self) -> None:
        """Closes the connection, within seconds whether or not the broker answers."""
        await self._abandon()

    async def publish(self, event: Event) -> None:
        """Returns when the broker has confirmed the event.

        After a lost connection the event is published again with the same message id, so the broker may hold it twice.
        Raises :class:`Unroutable`, :class:`BrokerRefused`, or :class:`BrokerAway` past the deadline.
        """
        message = Message(
            encode(event),
            content_type=names.CONTENT_TYPE,
            message_id=event.id,
            type=event.type,
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        routing_key = names.routing_key(partition_of(event.subject, self._partitions))

        async def attempt() -> None:
            exchange = await self._open_exchange()
            try:
                await exchange.publish(message, routing_key, mandatory=True)
            except PublishError:
                raise Unroutable(
                    f"{self._broker}: no queue is bound to {names.EXCHANGE} for routing key {routing_key} "
                    f"(mailbox {event.subject}, {self._partitions} partitions): run `callsheet-consumer topology` "
                    "with the same CALLSHEET_PARTITIONS"
                ) from None

        async with self._slots:
            self._in_flight += 1
            try:
                await self._until_done(f"event {event.id} for {event.subject}", attempt)
            finally:
                self._in_flight -= 1

    async def publish_all(self, events: Iterable[Event], confirmed: Callable[[Event], None] | None = None) -> None:
        """Returns when the broker has confirmed every event; ``confirmed`` is called after each.

        Raises the first error of :meth:`publish`; then any of the events may or may not be with the broker.
        """

        async def one(event: Event) -> None:
            await self.publish(event)
            if confirmed is not None:
                confirmed(event)

        try:
            async with asyncio.TaskGroup() as group:
                for event in events:
                    group.create_task(one(event))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _until_done(self, what: str, attempt: Callable[[], Awaitable[object]]) -> None:
        """Repeats an attempt while its errors are passing ones, up to the deadline."""
        last: BaseException | None = None

        def passing(error: BaseException) -> bool:
            nonlocal last
            last = error
            # aiormq rejects what waits on a closed channel with a bare Exception where the broker gave no reason.
            return (isinstance(error, _PASSING) or type(error) is Exception) and not deadline.expired()

        try:
            async with asyncio.timeout(self._deadline_seconds) as deadline:
                async for repeat in AsyncRetrying(
                    retry=retry_if_exception(passing), wait=wait_random_exponential(multiplier=0.1, max=1.0)
                ):
                    with repeat:
                        await attempt()
        except TimeoutError:
            if not deadline.expired():
                raise
            raise BrokerAway(self._away(what, last)) from None

    def _away(self, what: str, last: BaseException | None) -> str:
        waited = f"{self._broker} has not taken {what} for {self._deadline_seconds:g} s"
        if self._channel is not None and not self._channel.is_closed:
            reason = "it is connected but does not confirm (a memory or disk alarm blocks publishers: see its log)"
        elif isinstance(last, InvalidFrameError):  # all that aiormq tells of a connection.close in mid-handshake
            reason = "it refuses the virtual host: does it exist, and may this user use it?"
        elif last is None or isinstance(last, TimeoutError):
            reason = "it does not answer"
        else:
            reason = self._without_password(str(last) or type(last).__name__)
        return f"{waited}: {reason}. Publish it again when the broker is back"

    def _without_password(self, text: str) -> str:
        return text.replace(self._password, "***") if self._password else text

    async def _open_exchange(self) -> AbstractExchange:
        """The exchange on a channel that is open, connecting where necessary."""
        async with self._opening:
            if self._exchange is not None and self.connected:
                return self._exchange
            await self._abandon()
            try:
                self._connection = await aio_pika.connect(self._url, timeout=_CONNECT_SECONDS)
                self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._exchange = await self._channel.get_exchange(names.EXCHANGE, ensure=True)
            except ChannelNotFoundEntity:
                raise Unroutable(
                    f"{self._broker} has no exchange {names.EXCHANGE}: run `callsheet-consumer topology`"
                ) from None
            except _REFUSALS as error:
                if isinstance(error, ProbableAuthenticationError) and "ACCESS_REFUSED" not in str(error):
                    raise  # a broker that is just going away looks like this, too
                raise BrokerRefused(
                    f"{self._broker} refuses user {self._user}: {self._without_password(str(error))}. "
                    "Check user, password, virtual host and permissions in CALLSHEET_AMQP_URL"
                ) from None
            return self._exchange

    def _is_open(self, channel: AbstractChannel) -> bool:
        return not channel.is_closed and self._connection is not None and not self._connection.is_closed

    async def _abandon(self) -> None:
        """Closes what is open, without waiting long for a broker that does not answer."""
        connection, self._connection, self._channel, self._exchange = self._connection, None, None, None
        if connection is not None:
            with suppress(*_PASSING):
                await asyncio.wait_for(connection.close(), _CLOSE_SECONDS)
