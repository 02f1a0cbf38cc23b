"""How many mailboxes are worked on at once; and, where it must be, one alone."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Slots:
    """Places, given out first come, first served; as many as ``limit`` says at the time."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._taken = 0
        self._one_alone = False
        self._waiting: deque[tuple[asyncio.Future[None], bool]] = deque()

    @asynccontextmanager
    async def take(self, alone: bool) -> AsyncIterator[None]:
        """A place; with ``alone`` all of them, so that nothing else is under way meanwhile."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((place, alone))
        self._give_out()
        try:
            await place
            yield
        finally:
            if place.done() and not place.cancelled():
                self._taken -= 1
                self._one_alone = False
            self._give_out()

    def _give_out(self) -> None:
        """Let in those who wait, in their order; nobody overtakes one who waits to be alone."""
        while self._waiting:
            place, alone = self._waiting[0]
            if not place.done():
                if self._one_alone or self._taken >= (1 if alone else self._limit()):
                    return
                place.set_result(None)
                self._taken += 1
                self._one_alone = alone
            self._waiting.popleft()
