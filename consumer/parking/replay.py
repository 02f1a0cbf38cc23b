"""Putting a parked message back to work: by the normal way, as if it had just been published."""

from typing import Any, Final

from consumer.parking.message import ParkedMessage
from consumer.parking.rotation import Send
from contract import names
from contract.partition import partition_of
from contract.reasons import Reason

# What became of it so far. A replayed message starts with a clean slate; what its producer wrote stays.
_HISTORY: Final = frozenset(
    {
        names.HEADER_REASON,
        names.HEADER_ERROR,
        names.HEADER_ATTEMPTS,
        names.HEADER_PARKED_AT,
        names.HEADER_FORWARDED,
        names.HEADER_FORCED,
        names.HEADER_FIRST_FAILURE,
        names.HEADER_SUSPECT,
        names.HEADER_LOOK,
        "x-death",
    }
)
_HISTORY_PREFIXES: Final = ("x-first-death-", "x-last-death-")


class NotReplayable(ValueError):
    """Replaying this message would not help. ``str()`` says why, and what would."""


def replayed(message: ParkedMessage, partitions: int, force: bool) -> Send:
    """How a message goes back to work. Raises :class:`NotReplayable`.

    It is safe at any time and as often as one likes, since the revision decides in the mailbox. One that was parked as
    ``too_old`` would be parked again: ``force`` lets it pass the floor of its source.
    """
    if message.event is None:
        raise NotReplayable(f"it is not a valid event ({message.undecodable}); mend the producer and let it send again")
    headers: dict[str, Any] = {
        name: value
        for name, value in message.headers.items()
        if name not in _HISTORY and not name.startswith(_HISTORY_PREFIXES)
    }
    if message.reason == Reason.TOO_OLD:
        if not force:
            raise NotReplayable("it is too_old: the booking may have been cancelled since; --force if it is right")
        headers[names.HEADER_FORCED] = 1
    return Send(names.routing_key(partition_of(message.event.mailbox, partitions)), headers)
