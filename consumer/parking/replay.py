"""Putting a parked or held message back to work: by the normal way, as if it had just been published."""

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
        names.HEADER_RELEASED,
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
    send = _clean(message, partitions)
    if message.reason == Reason.TOO_OLD:
        if not force:
            raise NotReplayable("it is too_old: the booking may have been cancelled since; --force if it is right")
        send.headers[names.HEADER_FORCED] = 1
    return send


def released(message: ParkedMessage, partitions: int) -> Send:
    """How a held snapshot goes back to work, past the mass-change guard. Raises :class:`NotReplayable`.

    Only the guard is passed: where a later snapshot was applied meanwhile it changes nothing.
    """
    send = _clean(message, partitions)
    send.headers[names.HEADER_RELEASED] = 1
    return send


def _clean(message: ParkedMessage, partitions: int) -> Send:
    if message.event is None:
        raise NotReplayable(f"it is not a valid event ({message.undecodable}); mend the producer and let it send again")
    headers: dict[str, Any] = {
        name: value
        for name, value in message.headers.items()
        if name not in _HISTORY and not name.startswith(_HISTORY_PREFIXES)
    }
    return Send(names.routing_key(partition_of(message.event.mailbox, partitions)), headers)
