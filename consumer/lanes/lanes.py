"""All lanes of one replica: who gets a delivery, what ends when a partition goes."""

import asyncio
from collections.abc import Callable

from consumer.lanes.delivery import Delivery
from consumer.lanes.lane import Lane, Surroundings
from consumer.lanes.memory import Memory


class Lanes:
    """A lane for each mailbox that has something to do; it goes when it is done.

    ``second_look_seconds`` is how long after an unknown outcome, or after a delivery that another replica may have
    worked on, a mailbox is looked at again: a write that was then still under way has ended by that time.
    """

    def __init__(
        self,
        surroundings: Callable[[Callable[[str], None]], Surroundings],
        memory: Memory,
        partition_of: Callable[[str], int],
        second_look_seconds: float,
    ) -> None:
        self._shared = surroundings(self.look_again)
        self._memory = memory
        self._partition_of = partition_of
        self._second_look_seconds = second_look_seconds
        self._lanes: dict[str, tuple[Lane, asyncio.Task[None]]] = {}
        self._looks: dict[str, asyncio.TimerHandle] = {}

    @property
    def active(self) -> int:
        """How many mailboxes are being worked on or wait for their turn."""
        return len(self._lanes)

    def accept(self, delivery: Delivery) -> None:
        """Take a delivery into the lane of its mailbox."""
        if delivery.delivered_before:
            self.look_again(delivery.mailbox)
        self._lane(delivery.mailbox).waiting.append(delivery)

    def look_again(self, mailbox: str) -> None:
        """Look at a mailbox a second time, later: a write of which we know nothing may still arrive there."""
        if mailbox not in self._looks:
            loop = asyncio.get_running_loop()
            self._looks[mailbox] = loop.call_later(self._second_look_seconds, self._look_now, mailbox)

    async def give_up(self, partition: int) -> None:
        """End all work on a partition: nothing new is begun, what is under way is finished and settled."""
        ending = []
        for mailbox, (lane, task) in list(self._lanes.items()):
            if self._partition_of(mailbox) == partition:
                lane.leave()
                ending.append(task)
        for mailbox in [mailbox for mailbox in self._looks if self._partition_of(mailbox) == partition]:
            self._looks.pop(mailbox).cancel()
        if ending:
            await asyncio.wait(ending)
        self._memory.forget_where(lambda mailbox: self._partition_of(mailbox) == partition)

    def _look_now(self, mailbox: str) -> None:
        self._looks.pop(mailbox, None)
        self._lane(mailbox).second_look = True

    def _lane(self, mailbox: str) -> Lane:
        """The lane of a mailbox, started if it was not there. What it is given before the next await it will see."""
        if mailbox in self._lanes:
            return self._lanes[mailbox][0]
        lane = Lane(mailbox, self._shared)
        task = asyncio.create_task(lane.run(), name=f"lane {mailbox}")
        self._lanes[mailbox] = (lane, task)
        task.add_done_callback(lambda _: self._ended(mailbox))
        return lane

    def _ended(self, mailbox: str) -> None:
        lane, _ = self._lanes.pop(mailbox)
        if (lane.waiting or lane.second_look) and not lane.leaving:
            # It arrived after the lane had looked for the last time.
            successor = self._lane(mailbox)
            successor.waiting += lane.waiting
            successor.second_look |= lane.second_look
