"""Layer 1 of retry: a round in one mailbox, for seconds. Every attempt decides anew from what stands in the mailbox.

Repeating a decision is safe where repeating a request is not: what an earlier attempt has written, perhaps without an
answer, is seen and not written again.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from consumer.calendars.errors import CalendarError, Remedy
from consumer.ladder import Belongs
from contract.reasons import Reason

ATTEMPTS: Final = 8
TOTAL_SECONDS: Final = 60.0
_jittered: Final = wait_random_exponential(multiplier=0.25, max=10)

_REASONS: Final = {
    Remedy.REJECTED: Reason.REJECTED_BY_EXCHANGE,
    Remedy.REJECTED_AGAIN: Reason.REJECTED_BY_EXCHANGE,
    Remedy.MAILBOX: Reason.MAILBOX_UNAVAILABLE,
    Remedy.RETRY_SOON: Reason.MAILBOX_UNAVAILABLE,
    Remedy.REREAD: Reason.CONFLICT,
    Remedy.UNKNOWN: Reason.UNKNOWN_ERROR,
}


class Unfinished(Exception):
    """An attempt left changes that are worth another one. ``error`` is the one to wait for."""

    def __init__(self, error: CalendarError) -> None:
        super().__init__(str(error))
        self.error = error


def worth_another_attempt(error: CalendarError, refused_before: bool) -> bool:
    """True where seconds may help; the rest belongs to the event, or to the mailbox for longer.

    ``refused_before``: the same change was already refused in this way by an earlier attempt of the round.
    """
    if error.remedy in (Remedy.REJECTED_AGAIN, Remedy.UNKNOWN):
        return not refused_before
    return error.remedy not in (Remedy.REJECTED, Remedy.MAILBOX)


def memory_is_doubtful(error: CalendarError) -> bool:
    """True when what is remembered of the mailbox may no longer be what stands there."""
    return error.remedy in (Remedy.LOOK_FIRST, Remedy.REREAD, Remedy.UNKNOWN)


def is_conflict(error: CalendarError) -> bool:
    """True when somebody wrote to the item before us, and nothing else is in doubt."""
    return error.code in ("IrresolvableConflict", "StaleObject")


def outcome_is_unknown(error: CalendarError) -> bool:
    """True when the server may have written, or may yet write, without our having its answer."""
    return error.remedy in (Remedy.LOOK_FIRST, Remedy.UNKNOWN)


def belongs_to(error: CalendarError) -> Belongs:
    """To whom a failure belongs that seconds did not mend."""
    if error.remedy in (Remedy.UNKNOWN, Remedy.REREAD, Remedy.REJECTED, Remedy.REJECTED_AGAIN):
        return Belongs.EVENT
    return Belongs.MAILBOX


def parking_reason(error: CalendarError) -> Reason:
    """The reason under which a change is parked that could not be applied."""
    return _REASONS.get(error.remedy, Reason.EXCHANGE_UNAVAILABLE)


def seconds_to_wait(state: RetryCallState) -> float:
    """What the server asked for; else nothing after the first conflict, and a growing, jittered time after others."""
    failure = state.outcome.exception() if state.outcome else None
    assert isinstance(failure, Unfinished)
    if failure.error.retry_after_seconds is not None:
        return failure.error.retry_after_seconds
    if failure.error.remedy in (Remedy.REREAD, Remedy.SEND_AGAIN) and state.attempt_number == 1:
        return 0.0
    return _jittered(state)


def attempts(sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    """The attempts of one round. The last :class:`Unfinished` is raised when they are used up."""
    return AsyncRetrying(
        retry=retry_if_exception_type(Unfinished),
        wait=seconds_to_wait,
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(TOTAL_SECONDS),
        sleep=sleep,
        reraise=True,
    )
