"""How much may be taken from each partition now: nothing, one at a time, or as much as is set."""

import time
from typing import Final

from consumer.breaker import Breaker, BreakerState

CAREFUL_SECONDS: Final = 30.0
"""So long after an event that may be killing the process its partition is taken one message at a time."""


class Care:
    """Prefetch by partition.

    While the breaker is open nothing is taken. While it tries again, and on a partition with an event that may be
    killing the process, one message at a time: so that nothing else is counted as delivered when it does.
    """

    def __init__(self, breaker: Breaker, prefetch: int) -> None:
        self._breaker = breaker
        self._prefetch = prefetch
        self._suspected: dict[int, float] = {}

    def suspect(self, partition: int) -> None:
        """There is an event on this partition that was delivered too often."""
        self._suspected[partition] = time.monotonic()

    def prefetch(self, partition: int) -> int:
        """How many messages of the partition may be unsettled now."""
        if self._breaker.state is BreakerState.OPEN:
            return 0
        if self._breaker.state is BreakerState.TRYING:
            return 1
        careful = time.monotonic() - self._suspected.get(partition, float("-inf")) < CAREFUL_SECONDS
        return 1 if careful else self._prefetch

    def available(self) -> bool:
        """False while nothing can be done here at all."""
        return self._breaker.state is not BreakerState.OPEN
