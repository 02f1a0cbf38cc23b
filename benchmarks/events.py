"""The events that all subjects get, and putting them on the broker."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

import aio_pika
import orjson
from aio_pika import DeliveryMode

from contract import names
from contract.event import EventType
from contract.partition import partition_of
from contract.times import write_instant

SOURCE: Final = "bench://schedule"
TIMEZONE: Final = "Europe/Copenhagen"
DOMAIN: Final = "bench.example.com"

_IN_FLIGHT: Final = 400
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking in a mailbox at a revision. Each revision has another title, so that every edit changes the item."""

    mailbox: str
    number: int
    revision: int

    def event(self) -> dict[str, Any]:
        """The event, with the time at which this is called."""
        begins = _FIRST_HOUR + timedelta(days=self.number % 60, hours=self.number % 9)
        data = {
            "booking": f"B-{self.number:05}",
            "revision": self.revision,
            "title": f"Nordlys / Grading / Reel {self.number % 7 + 1}, version {self.revision}",
            "start": begins.isoformat(),
            "end": (begins + timedelta(hours=4)).isoformat(),
            "timezone": TIMEZONE,
            "status": "confirmed",
            "location": f"Suite {self.number % 12 + 1}",
            "notes": "Client: Nordlys Film. Bring the drive of the first conform.",
            "categories": ["Grading"],
        }
        return envelope(self.mailbox, EventType.CHANGED, data)


_FIRST_HOUR: Final = datetime.combine(date.today() + timedelta(days=3), time(7), ZoneInfo(TIMEZONE))  # noqa: DTZ011


def envelope(mailbox: str, event_type: EventType, data: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent with a new id and the time of this moment."""
    return {
        "specversion": "1.0",
        "id": f"bench-{next(_numbers)}",
        "source": SOURCE,
        "type": event_type.value,
        "subject": mailbox,
        "time": _now(),
        "datacontenttype": "application/json",
        "data": data,
    }


def _now() -> str:
    return write_instant(datetime.now(UTC))


def mailboxes(group: str, number: int) -> list[str]:
    """That many addresses, different for each group."""
    return [f"{group}-{index}@{DOMAIN}" for index in range(number)]


class Producer:
    """A connection that publishes events as producers must: persistent, mandatory, confirmed."""

    def __init__(self, amqp_url: str) -> None:
        self._url = amqp_url

    async def __aenter__(self) -> "Producer":
        self._connection = await aio_pika.connect(self._url)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        self._exchange = await channel.get_exchange(names.EXCHANGE, ensure=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def publish(self, event: dict[str, Any]) -> None:
        """Returns when the broker has confirmed it."""
        message = aio_pika.Message(
            orjson.dumps(event),
            content_type=names.CONTENT_TYPE,
            message_id=event["id"],
            type=event["type"],
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        await self._exchange.publish(message, names.routing_key(partition_of(event["subject"])), mandatory=True)


def publish(amqp_url: str, burst: Sequence[Booking | dict[str, Any]]) -> None:
    """Publish a burst in its order, many at once, with the time of this moment; returns when all of it is confirmed."""

    async def all_of_it() -> None:
        async with Producer(amqp_url) as producer:
            for first in range(0, len(burst), _IN_FLIGHT):
                part = burst[first : first + _IN_FLIGHT]
                events = (one.event() if isinstance(one, Booking) else {**one, "time": _now()} for one in part)
                await asyncio.gather(*(producer.publish(event) for event in events))

    asyncio.run(all_of_it())
