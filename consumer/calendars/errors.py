"""What went wrong with a calendar server, in terms of what is to be done about it."""

from enum import StrEnum


class Remedy(StrEnum):
    """What an error asks for. Translated once, at the gateway, from a table."""

    RETRY_SOON = "retry_soon"
    """Same request, same mailbox, in seconds; nothing was written."""
    LOOK_FIRST = "look_first"
    """The outcome is unknown: look the keys up before anything is repeated."""
    REREAD = "reread"
    """Somebody else wrote: read again, decide again."""
    SEND_AGAIN = "send_again"
    """Not an error of this item: the batch was stopped before it."""
    MAILBOX = "mailbox"
    """This mailbox only, and slowly."""
    OUTAGE = "outage"
    """Exchange as a whole, or our account."""
    REJECTED = "rejected"
    """This content is refused for ever."""
    REJECTED_AGAIN = "rejected_again"
    """This content is refused for ever, if one more attempt says so too."""
    UNKNOWN = "unknown"
    """A code that is not in the table."""


class CalendarError(Exception):
    """A request, or one action of it, failed. ``str()`` is one line for people, and holds nothing secret.

    ``code`` is the server's response code without "Error", or our own word for a failure below SOAP.
    ``retry_after_seconds`` is what the server asked for, if it did.
    """

    def __init__(self, code: str, message: str, remedy: Remedy, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.message = message
        self.code = code
        self.remedy = remedy
        self.retry_after_seconds = retry_after_seconds

    def with_remedy(self, remedy: Remedy) -> "CalendarError":
        """The same error, seen otherwise."""
        return CalendarError(self.code, self.message, remedy, self.retry_after_seconds)
