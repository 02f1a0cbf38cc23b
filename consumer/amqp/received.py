"""A message of a partition queue as the broker delivered it, with what is asked of it here and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiormq.abc import AbstractChannel, DeliveredMessage


@dataclass(slots=True, eq=False)
class Received:
    """One delivered message. ``redelivered`` is what the broker says of it: a replica may have had it before."""

    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None
    content_type: str | None
    redelivered: bool
    _tag: int
    _channel: AbstractChannel

    @classmethod
    def of(cls, delivered: DeliveredMessage) -> "Received":
        """What the AMQP library hands over for a ``basic.deliver``."""
        properties = delivered.header.properties
        return cls(
            body=delivered.body,
            headers=properties.headers or {},
            message_id=properties.message_id,
            content_type=properties.content_type,
            redelivered=bool(delivered.redelivered),
            _tag=delivered.delivery_tag or 0,
            _channel=delivered.channel,
        )

    async def acknowledge(self, written: bool) -> None:
        """Acknowledge this message; with ``written`` return only when that, and all that was sent before, is written.

        The broker never answers an acknowledgement. One that was not written before the connection ended is an error
        of the next call with ``written``. Raises what aiormq raises when the channel is no longer there.
        """
        await self._channel.basic_ack(self._tag, wait=written)
