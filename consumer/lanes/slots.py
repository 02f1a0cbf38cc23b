"""How many mailboxes are worked on at once; and, where it must be, one alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """A fixed number of places, given out first come, first served."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = asyncio.Semaphore(count)
        self._one_alone = asyncio.Lock()

    @asynccontextmanager
    async def take(self, alone: bool) -> AsyncIterator[None]:
        """A place; with ``alone`` all of them, so that nothing else is under way meanwhile."""
        if not alone:
            async with self._free:
                yield
            return
        async with self._one_alone:
            taken = 0
            try:
                for _ in range(self._count):
                    await self._free.acquire()
                    taken += 1
                yield
            finally:
                for _ in range(taken):
                    self._free.release()
