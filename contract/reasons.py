"""Why a message was parked, and the error that decoding raises."""

from enum import StrEnum


class Reason(StrEnum):
    """The closed list of codes in the header ``x-reason`` of a parked or held message."""

    BROKEN_JSON = "broken_json"
    """Not JSON, not UTF-8, nested too deeply, or not an object."""
    TOO_LARGE = "too_large"
    """The message, or one field of it, is over its size limit."""
    UNKNOWN_TYPE = "unknown_type"
    """The event's type is not in the contract."""
    UNKNOWN_VERSION = "unknown_version"
    """A known type in a major version that this release does not know."""
    MISSING_FIELD = "missing_field"
    WRONG_FIELD = "wrong_field"
    """A field has the wrong type or an impossible value."""
    BAD_MAILBOX = "bad_mailbox"
    """``subject`` is not an SMTP address."""
    END_BEFORE_START = "end_before_start"
    ABSURD_DATE = "absurd_date"
    """A date outside 1970 to 2199, or a booking longer than Exchange's five years."""
    REVISION_IN_FUTURE = "revision_in_future"
    """A revision in milliseconds that lies more than an hour ahead: it would shut out every later change."""
    TOO_OLD = "too_old"
    """An unknown booking at or below the floor of its source: its cancellation may have been forgotten already."""
    MASS_REMOVAL = "mass_removal"
    """Held: what a snapshot does not name is more than may be removed without a person's agreeing."""
    REJECTED_BY_EXCHANGE = "rejected_by_exchange"
    """Exchange refuses this content for ever."""
    MAILBOX_UNAVAILABLE = "mailbox_unavailable"
    """Exchange refuses this mailbox: full, disabled, missing, or not to be impersonated."""
    EXCHANGE_UNAVAILABLE = "exchange_unavailable"
    """Exchange could not be asked, after every retry of a request."""
    WRONG_PARTITION = "wrong_partition"
    """Forwarded once already and still on a wrong partition: producers and consumers disagree on their number."""
    CONFLICT = "conflict"
    """Somebody else kept changing the item while it was being written."""
    POISON = "poison"
    """Delivered again and again without an end: it may be killing the process."""
    UNKNOWN_ERROR = "unknown_error"


class EventError(ValueError):
    """A message that is not a valid event: what was found where, and what is expected there.

    ``str()`` is one line for people and holds no more than an excerpt of the offending value.
    """

    def __init__(self, reason: Reason, field: str, found: str, expected: str) -> None:
        super().__init__(f"{field}: found {found}, expected {expected}")
        self.reason = reason
        self.field = field
        self.found = found
        self.expected = expected


def excerpt(value: object, limit: int = 60) -> str:
    """A value as it may stand in an error: quoted, on one line, and cut."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    if value is None:
        return "null"
    text = ascii(value[: limit + 1]) if isinstance(value, str) else ascii(value)
    if isinstance(value, bool):
        text = text.lower()
    return text if len(text) <= limit + 2 else text[:limit] + "…" + (text[0] if text[0] in "'\"" else "")
