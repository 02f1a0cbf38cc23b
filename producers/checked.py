"""What a producer checks before it publishes, so that no consumer has to park it."""

from datetime import datetime

from contract.codec import decode, encode
from contract.event import (
    MAX_EVENT_BYTES,
    MAX_SNAPSHOT_BYTES,
    Event,
    SnapshotEvent,
    highest_revision,
    revision_in_future,
)
from contract.reasons import EventError, Reason


def checked_event(body: bytes, now: datetime) -> Event:
    """The event in a body. Raises :class:`EventError` with the same reasons that a consumer would park it with."""
    event = decode(body)
    revision = highest_revision(event)
    if revision_in_future(revision, now):
        expected = "a time in milliseconds that is at most one hour ahead"
        raise EventError(Reason.REVISION_IN_FUTURE, "data.revision", str(revision), expected)
    longest = MAX_SNAPSHOT_BYTES if isinstance(event, SnapshotEvent) else MAX_EVENT_BYTES
    length = len(encode(event))  # with every default written out it may be longer than the body
    if length > longest:
        raise EventError(Reason.TOO_LARGE, "message", f"{length} bytes as published", f"at most {longest} bytes")
    return event
