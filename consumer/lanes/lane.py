"""One mailbox at work: what has arrived, what is being decided, what waits for its back-off."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.port import Calendars
from consumer.core.actions import Outcome, Verdict
from consumer.core.decide import decide
from consumer.core.mailbox import MailboxState
from consumer.core.window import Window
from consumer.lanes import retry
from consumer.lanes.delivery import Delivery, Disposition, Done, Park, Settler
from consumer.lanes.memory import Memory
from consumer.lanes.writing import CountWrite, carry_out


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes share. ``slots`` bounds how many of them speak to Exchange at once."""

    calendars: Calendars
    settler: Settler
    memory: Memory
    slots: asyncio.Semaphore
    window: Callable[[], Window]
    now: Callable[[], datetime]
    count_write: CountWrite
    look_again: Callable[[str], None]
    report_fault: Callable[[str, Exception], None]


@dataclass(slots=True, eq=False)
class Lane:
    """The lane of one mailbox. :meth:`run` is one task; it ends when there is nothing more to do.

    ``waiting`` has arrived and belongs to no round yet. ``second_look`` asks for a round even when nothing waits.
    ``leaving`` ends the lane after the attempt under way; what it had is left unsettled, for the broker to give away.
    """

    mailbox: str
    shared: Surroundings
    waiting: list[Delivery] = field(default_factory=list)
    second_look: bool = False
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def leaving(self) -> bool:
        """True once the lane was told to end."""
        return self._leaving.is_set()

    def leave(self) -> None:
        """End after the attempt under way."""
        self._leaving.set()
        self.waiting.clear()

    async def run(self) -> None:
        """Work through what arrives, round by round."""
        while (self.waiting or self.second_look) and not self.leaving:
            await self._round()

    async def _round(self) -> None:
        """One round: what waits now, and what joins it meanwhile, decided and written until all of it is settled."""
        batch: list[Delivery] = []
        failed: dict[str, CalendarError] = {}
        try:
            async for attempt in retry.attempts(self._sleep):
                with attempt:
                    async with self.shared.slots:
                        if not self.leaving:
                            await self._attempt(batch, failed)
        except retry.Unfinished as unfinished:
            if not self.leaving:
                self.shared.look_again(self.mailbox)
                await self._park(batch, failed, unfinished.error)
        except Exception as fault:  # noqa: BLE001 - a fault of ours in one mailbox must not lose its messages
            self.shared.report_fault(self.mailbox, fault)
            self.shared.memory.forget(self.mailbox)
            error = CalendarError("Fault", f"{type(fault).__name__}: {fault}", Remedy.UNKNOWN)
            await self._park(batch, {}, error)

    async def _attempt(self, batch: list[Delivery], failed: dict[str, CalendarError]) -> None:
        """Decide and write once. What is settled leaves ``batch``; raises Unfinished while another attempt may help."""
        batch += self.waiting
        self.waiting.clear()
        failed.clear()
        shared = self.shared
        window = shared.window()
        if self.second_look:
            shared.memory.forget(self.mailbox)
        state = shared.memory.recall(self.mailbox)
        loaded_now = state is None
        if state is None:
            try:
                state = await self._load(window)
            except CalendarError as error:
                failed.update((delivery.change.key, error) for delivery in batch)
                return await self._after_failure(batch, failed, error)
        plan = decide(state, [delivery.change for delivery in batch], window, shared.now())
        failed.update(await carry_out(shared.calendars, self.mailbox, state, plan, shared.count_write))
        state.tidy = not failed
        shared.memory.keep(self.mailbox, state, loaded_now)
        done = [
            (delivery, verdict)
            for delivery, verdict in zip(batch, plan.verdicts, strict=True)
            if delivery.change.key not in failed
        ]
        batch[:] = [delivery for delivery in batch if delivery.change.key in failed]
        for delivery, verdict in done:
            await self._settle(delivery, _disposition(verdict))
        if failed:
            if any(retry.outcome_is_unknown(error) for error in failed.values()):
                shared.look_again(self.mailbox)
            await self._after_failure(batch, failed, _worst(failed.values()))
        return None

    async def _load(self, window: Window) -> MailboxState:
        """What stands in the mailbox. Answers the wish for a second look, if there was one."""
        wished, self.second_look = self.second_look, False
        ledger = self.shared.memory.ledger_folder(self.mailbox)
        try:
            return await self.shared.calendars.load(self.mailbox, window.start - window.lifetime, ledger)
        except CalendarError:
            self.second_look = wished
            raise

    async def _after_failure(
        self, batch: list[Delivery], failed: dict[str, CalendarError], worst: CalendarError
    ) -> None:
        """Forget what has become doubtful, park what no attempt can help, ask for another attempt for the rest."""
        for error in (*failed.values(), worst):
            if retry.memory_is_doubtful(error):
                self.shared.memory.forget(self.mailbox, ledger_too=error.code == "FolderNotFound")
        hopeless = [one for one in batch if not retry.worth_another_attempt(failed[one.change.key])]
        batch[:] = [one for one in batch if retry.worth_another_attempt(failed[one.change.key])]
        await self._park(hopeless, failed, worst)
        hopeful = [error for error in (*failed.values(), worst) if retry.worth_another_attempt(error)]
        if hopeful:
            raise retry.Unfinished(_worst(hopeful))
        self.second_look = False

    async def _park(
        self, deliveries: list[Delivery], failed: dict[str, CalendarError], otherwise: CalendarError
    ) -> None:
        for delivery in deliveries:
            error = failed.get(delivery.change.key, otherwise)
            await self._settle(delivery, Park(retry.parking_reason(error), str(error)))

    async def _settle(self, delivery: Delivery, disposition: Disposition) -> None:
        await self.shared.settler.settle(delivery, disposition)

    async def _sleep(self, seconds: float) -> None:
        """Wait out a back-off, unless the lane is to end before."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        except TimeoutError:
            pass


def _worst(errors: Iterable[CalendarError]) -> CalendarError:
    """The error to wait for: the longest back-off, else the first."""
    return max(errors, key=lambda error: error.retry_after_seconds or 0.0)


def _disposition(verdict: Verdict) -> Disposition:
    if verdict.outcome is Outcome.PARKED:
        assert verdict.reason is not None
        return Park(verdict.reason, verdict.explanation)
    return Done(verdict.outcome)
