"""Layer 3 of retry: is Exchange as a whole usable? Pure: told of results, it says what to do; others do it.

No single mailbox opens the breaker. It opens when a failure is confirmed by a probe of another mailbox that worked
before, or, where none is known, of the server itself. While it is open nothing is taken from the broker, so an outage
of any length costs no attempts and parks nothing.
"""

import random
from collections.abc import Callable
from enum import Enum
from typing import Final

from consumer.calendars.errors import CalendarError, Remedy

FAILING_MAILBOXES: Final = 5
WITHIN_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 3.0
"""After so long without any success a failure of a single mailbox asks for a probe, too."""

STEADY_SECONDS: Final = 120.0

TRYING_SECONDS: Final = 5.0
"""So long without a failure, and the breaker closes even where there was nothing to try."""

LOGIN_LAST_SECONDS: Final = 900.0
REFUSED_LOGIN: Final = "HTTP401"

_OF_THE_EVENT: Final = frozenset({Remedy.REJECTED, Remedy.REJECTED_AGAIN, Remedy.REREAD, Remedy.SEND_AGAIN})


class BreakerState(Enum):
    """The value is that of the metric ``callsheet_breaker_state``."""

    CLOSED = 0
    OPEN = 1
    TRYING = 2


class Breaker:
    """The state, and what results mean for it.

    ``clock`` gives seconds, monotonic; ``login_pause_seconds`` is the first pause after a refused log-in, then doubled.
    """

    def __init__(self, clock: Callable[[], float], login_pause_seconds: float = 60.0) -> None:
        self._clock = clock
        self._login_pause_seconds = login_pause_seconds
        self.state = BreakerState.OPEN
        self.reason = "not reached yet"
        self.code = ""
        self._failures: dict[str, float] = {}
        self._worked: list[str] = []
        self._last_success = clock()
        self._last_confirmation = float("-inf")
        self._refused_logins = 0
        self._last_opened = float("-inf")

    def succeeded(self, mailbox: str) -> None:
        """A request for a mailbox was answered: Exchange works."""
        self._last_success = self._clock()
        self._failures.clear()
        if self._worked[:1] != [mailbox]:
            self._worked = [mailbox, *(one for one in self._worked if one != mailbox)][:3]
        if self.state is BreakerState.TRYING:
            self.close()

    def failed(self, mailbox: str, error: CalendarError) -> bool:
        """A request for a mailbox failed. True when a probe must now say whether it is Exchange as a whole."""
        if self.state is BreakerState.OPEN or error.remedy in _OF_THE_EVENT:
            return False
        now = self._clock()
        self._failures[mailbox] = now
        recent = sum(1 for at in self._failures.values() if now - at <= WITHIN_SECONDS)
        quiet = now - self._last_success >= QUIET_SECONDS and now - self._last_confirmation >= QUIET_SECONDS
        return (
            error.remedy is Remedy.OUTAGE
            or recent >= FAILING_MAILBOXES
            or (quiet and error.remedy is not Remedy.MAILBOX)
            or self.state is BreakerState.TRYING
        )

    def probe_target(self, failing: str | None = None) -> str | None:
        """The mailbox to probe: one that worked last and is not the failing one. None: ask the server itself."""
        return next((mailbox for mailbox in self._worked if mailbox != failing), None)

    def confirmed(self, error: CalendarError, probed: str | None = None) -> None:
        """The probe failed too: open. ``probed`` is the mailbox that was asked.

        A mailbox that can itself no longer be opened is not asked again, or it would keep the breaker open for ever;
        any other moves behind the next one.
        """
        if probed in self._worked:
            self._worked.remove(probed)
            if error.remedy is not Remedy.MAILBOX:
                self._worked.append(probed)
        self.state = BreakerState.OPEN
        self._last_opened = self._clock()
        self.code = error.code
        self.reason = str(error)
        if error.code == REFUSED_LOGIN:
            self._refused_logins += 1
        else:
            self._refused_logins = 0

    def disproved(self) -> None:
        """The probe was answered: the failures belong to their mailboxes."""
        self._last_confirmation = self._clock()
        self._failures.clear()

    def reached(self) -> None:
        """A probe was answered while the breaker was open: begin again, carefully where something had been wrong."""
        self.state = BreakerState.TRYING if self.code else BreakerState.CLOSED
        self.reason = "ok" if self.state is BreakerState.CLOSED else f"trying again after {self.code}"
        self._last_success = self._clock()
        self._last_confirmation = float("-inf")
        self._failures.clear()
        self._refused_logins = 0

    def steady(self) -> bool:
        """True when Exchange has been usable for a while, so that nothing was given back for its sake."""
        return self.state is BreakerState.CLOSED and self._clock() - self._last_opened >= STEADY_SECONDS

    def settle_down(self) -> bool:
        """Close when nothing has failed for a while since Exchange was reached again. True when it was closed so."""
        if self.state is not BreakerState.TRYING or self._clock() - self._last_success < TRYING_SECONDS:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Exchange works."""
        self.state = BreakerState.CLOSED
        self.reason, self.code = "ok", ""

    def seconds_to_next_probe(self) -> float:
        """How long to wait while open. A refused log-in is repeated so rarely that no account gets locked by it."""
        if self._refused_logins:
            return float(min(self._login_pause_seconds * 2 ** (self._refused_logins - 1), LOGIN_LAST_SECONDS))
        return random.uniform(1.0, 3.0)  # noqa: S311 - spreads replicas, hides nothing
