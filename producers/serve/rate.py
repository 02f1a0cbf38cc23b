"""How many events a token may send: a bucket that fills up steadily, and may be overdrawn by one request."""


class Allowance:
    """``per_second`` events on average, one second's worth at once.

    A request is admitted while anything is left, and charged for all its events when they have been counted. So a large
    batch is not refused after it was sent; its sender waits afterwards.
    """

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._full = max(per_second, 1.0)
        self._left = self._full
        self._at = now

    def admit(self, now: float) -> float:
        """0 if a request may come now, which is charged as one event; else the seconds to wait for that."""
        self._left = min(self._full, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1.0:
            return (1.0 - self._left) / self._per_second
        self._left -= 1.0
        return 0.0

    def charge(self, events: int) -> None:
        """Takes what an admitted request has cost beyond its first event."""
        self._left -= events
