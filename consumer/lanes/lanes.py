"""All lanes of one replica: who gets a delivery, what is put off, what ends when a partition goes."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Final

from consumer.calendars.errors import CalendarError
from consumer.lanes.aside import put_aside, put_off
from consumer.lanes.delivery import Delivery
from consumer.lanes.lane import Lane
from consumer.lanes.memory import Memory
from consumer.lanes.surroundings import Surroundings

MAX_UNSETTLED_BYTES: Final = 64 * 1024 * 1024
MAX_WAIT_SECONDS: Final = 300.0
_SWEEP_SECONDS: Final = 5.0


class Lanes:
    """A lane for each mailbox that has something to do; it goes when it is done.

    ``surroundings`` builds what the lanes share, given this object's own part in it. ``rung_seconds`` are the ladder's
    delays by name.
    """

    def __init__(
        self,
        surroundings: Callable[["Lanes"], Surroundings],
        memory: Memory,
        partition_of: Callable[[str], int],
        rung_seconds: dict[str, float],
    ) -> None:
        self._shared = surroundings(self)
        self._memory = memory
        self._partition_of = partition_of
        self._rung_seconds = rung_seconds
        self._lanes: dict[str, tuple[Lane, asyncio.Task[None]]] = {}
        self._broken: dict[str, tuple[float, CalendarError]] = {}
        self._settling: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> int:
        """How many mailboxes are being worked on or wait for their turn."""
        return len(self._lanes)

    def unsettled_bytes(self) -> int:
        """The size of all bodies that are not settled."""
        return sum(one.size for lane, _ in self._lanes.values() for one in (*lane.waiting, *lane.batch))

    def accept(self, delivery: Delivery) -> None:
        """Take a delivery into the lane of its mailbox, or put it off where that mailbox cannot take it now."""
        if self._is_broken(delivery):
            _, error = self._broken[delivery.mailbox]
            self._later(put_aside(self._shared, [delivery], {}, error))
            return
        lane = self._lane(delivery.mailbox)
        if lane.held_up and lane.unsettled >= self._shared.share:
            self._later(put_off(self._shared, [delivery]))
            return
        lane.waiting.append(delivery)
        if delivery.reads_anew:
            lane.second_look = True

    def broken(self, mailbox: str, error: CalendarError, rung: str) -> None:
        """This mailbox cannot be opened: until an event of it comes back from the rung the others follow it there."""
        self._broken[mailbox] = (time.monotonic() + 0.9 * self._rung_seconds[rung], error)

    async def give_up(self, partition: int) -> None:
        """End all work on a partition: nothing new is begun, what is under way is finished and settled."""
        ending: list[asyncio.Task[None]] = []
        for mailbox, (lane, task) in list(self._lanes.items()):
            if self._partition_of(mailbox) == partition:
                lane.leave()
                ending.append(task)
        if ending or self._settling:
            await asyncio.wait([*ending, *self._settling])
        self.forget(partition)

    def forget(self, partition: int) -> None:
        """Read the mailboxes of a partition anew: somebody else may have worked on them."""
        self._memory.forget_where(lambda mailbox: self._partition_of(mailbox) == partition)

    async def sweep(self) -> None:
        """:meth:`relieve` again and again, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            await self.relieve()

    async def relieve(self) -> None:
        """Put off what has waited too long, and, when more is held than may be, everything that waits for its turn."""
        now = time.monotonic()
        too_much = self.unsettled_bytes() > MAX_UNSETTLED_BYTES
        received_before = math.inf if too_much else now - MAX_WAIT_SECONDS
        for lane, _ in list(self._lanes.values()):
            await put_off(self._shared, lane.give_back(received_before))
        self._broken = {mailbox: entry for mailbox, entry in self._broken.items() if entry[0] > now}

    def _is_broken(self, delivery: Delivery) -> bool:
        until, _ = self._broken.get(delivery.mailbox, (0.0, None))
        return time.monotonic() < until

    def _later(self, settling: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(settling)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    def _lane(self, mailbox: str) -> Lane:
        """The lane of a mailbox, started if it was not there. What it is given before the next await it will see."""
        if mailbox in self._lanes:
            return self._lanes[mailbox][0]
        lane = Lane(mailbox, self._shared)
        task = asyncio.create_task(lane.run(), name=f"lane {mailbox}")
        self._lanes[mailbox] = (lane, task)
        task.add_done_callback(lambda ended: self._ended(mailbox, ended))
        return lane

    def _ended(self, mailbox: str, task: asyncio.Task[None]) -> None:
        lane, _ = self._lanes.pop(mailbox)
        if not task.cancelled() and isinstance(fault := task.exception(), Exception):
            self._shared.report_fault(mailbox, fault)
        if (lane.waiting or lane.second_look) and not lane.leaving:
            # It arrived after the lane had looked for the last time.
            successor = self._lane(mailbox)
            successor.waiting += lane.waiting
            successor.second_look |= lane.second_look
