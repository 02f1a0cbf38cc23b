"""Ids of events: unique, sortable by the time they were made, legal as AMQP ``message_id``."""

import secrets
import time
from uuid import UUID


def new_event_id() -> str:
    """A UUID of version 7 as text: 48 bits of Unix time in milliseconds, 74 random bits (RFC 9562, section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    version, variant = 0x7, 0b10
    high = (milliseconds & (2**48 - 1)) << 16 | version << 12 | random >> 62
    low = variant << 62 | random & (2**62 - 1)
    return str(UUID(int=high << 64 | low))
