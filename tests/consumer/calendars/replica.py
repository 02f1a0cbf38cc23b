"""The lanes of one replica on real calendars, without a broker: what is settled is kept, second looks are timers."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from consumer.calendars.ews.gateway import EwsGateway
from consumer.core.actions import Outcome
from consumer.core.snapshot import Asked
from consumer.core.window import Window
from consumer.lanes.delivery import Delivery, Disposition, Done
from consumer.lanes.lanes import Lanes
from consumer.lanes.memory import Memory
from consumer.lanes.slots import Slots
from consumer.lanes.surroundings import Surroundings
from contract.times import zone
from tests.support import eventually_async

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COPENHAGEN = zone("Europe/Copenhagen")
WINDOW = Window.around(NOW.date(), 7, 180, COPENHAGEN)
SECOND_LOOK_SECONDS = 0.2
APPLIED, SUPERSEDED = Done(Outcome.APPLIED), Done(Outcome.SUPERSEDED)
_ids = count(1)


class Settled:
    """Keeps what became of each delivery, in the order in which they were settled."""

    def __init__(self) -> None:
        self.all: list[tuple[Delivery, Disposition]] = []

    async def settle(self, delivery: Delivery, disposition: Disposition) -> bool:
        # The copy that only brings about a second look is settled, too, and says nothing new.
        if not delivery.look_now:
            self.all.append((delivery, disposition))
        return True

    async def settle_all(self, settled: Sequence[tuple[Delivery, Disposition]]) -> bool:
        for delivery, disposition in settled:
            await self.settle(delivery, disposition)
        return True

    def of(self, booking: str = "B-1") -> list[Disposition]:
        return [disposition for delivery, disposition in self.all if delivery.change.booking == booking]


class Replica:
    """The lanes of one replica, without a broker."""

    def __init__(
        self,
        calendars: EwsGateway,
        mailbox: str,
        second_look_seconds: float = SECOND_LOOK_SECONDS,
        now: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        self.settled = Settled()
        self.faults: list[Exception] = []
        self.late: list[Delivery] = []
        self._mailbox = mailbox
        self.memory = Memory(time.monotonic, max_bytes=1 << 24)

        async def promise_look(delivery: Delivery) -> bool:
            copy = replace(delivery, look_now=True)
            asyncio.get_running_loop().call_later(second_look_seconds, self.lanes.accept, copy)
            return True

        def surroundings(lanes: Lanes) -> Surroundings:
            return Surroundings(
                calendars=calendars,
                settler=self.settled,
                memory=self.memory,
                slots=Slots(lambda: 2),
                rungs=("1s", "2s"),
                share=1000,
                window=lambda: Window.around(now().date(), 7, 180, COPENHAGEN),
                now=now,
                count_write=lambda _: None,
                promise_look=promise_look,
                broken=lanes.broken,
                late=self.late.extend,
                report_fault=lambda _, fault: self.faults.append(fault),
            )

        self.lanes = Lanes(surroundings, self.memory, lambda _: 0, {"1s": 1.0, "2s": 2.0})

    def accept(
        self,
        *changes: Asked,
        mailbox: str = "",
        delivered_before: bool = False,
        size: int = 100,
        seconds_ago: float = 0.0,
    ) -> None:
        for one in changes:
            self.lanes.accept(
                Delivery(
                    mailbox=mailbox or self._mailbox,
                    change=one,
                    event_id=f"event-{next(_ids)}",
                    time=NOW,
                    partition=0,
                    received_at=time.monotonic() - seconds_ago,
                    delivered_before=delivered_before,
                    size=size,
                    message=None,
                )
            )

    async def until_idle(self) -> None:
        await eventually_async(lambda: self.lanes.active == 0, 20)
        assert self.faults == []
