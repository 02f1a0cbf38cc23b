"""The identity of a booking in a mailbox, as it is written on the calendar item."""

from hashlib import blake2b


def booking_key(source: str, booking: str) -> str:
    """``CallsheetKey``: 32 lower-case hex digits that stand for ``(source, booking)``.

    Hex, because Exchange and Graph compare property values without regard to case.
    """
    return blake2b(f"{source}\n{booking}".encode(), digest_size=16).hexdigest()


def source_mark(source: str) -> str:
    """``CallsheetSource``: 16 lower-case hex digits that stand for a source."""
    return blake2b(source.encode(), digest_size=8).hexdigest()
