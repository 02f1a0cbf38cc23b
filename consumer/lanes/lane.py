"""One mailbox at work: what has arrived, what is being decided, what waits for its back-off."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.guarded import BREAKER_OPEN
from consumer.calendars.port import Calendars
from consumer.core.actions import Outcome, Verdict
from consumer.core.decide import decide
from consumer.core.mailbox import MailboxState
from consumer.core.window import Window
from consumer.ladder import Belongs, GiveUp, next_step
from consumer.lanes import retry
from consumer.lanes.delivery import Delivery, Disposition, Done, Park, Retry, Settler
from consumer.lanes.memory import Memory
from consumer.lanes.slots import Slots
from consumer.lanes.writing import CountWrite, carry_out
from consumer.telemetry.logs import logger
from contract.reasons import Reason

NOT_CONFIRMED: Final = "NotConfirmed"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes share.

    ``share`` is how many unsettled events one mailbox may hold while it is held up. ``promise_look`` sees to it that an
    event's mailbox is looked at a second time, whoever has its partition by then; it says whether the broker has
    confirmed that. ``broken`` says that a mailbox cannot be opened, for as long as its events will wait; ``late`` is
    told of events that were written when their partition may have been somebody else's already.
    """

    calendars: Calendars
    settler: Settler
    memory: Memory
    slots: Slots
    rungs: Sequence[str]
    share: int
    window: Callable[[], Window]
    now: Callable[[], datetime]
    count_write: CountWrite
    promise_look: Callable[[Delivery], Awaitable[bool]]
    broken: Callable[[str, CalendarError, str], None]
    late: Callable[[Sequence[Delivery]], None]
    report_fault: Callable[[str, Exception], None]


@dataclass(slots=True, eq=False)
class Lane:
    """The lane of one mailbox. :meth:`run` is one task; it ends when there is nothing more to do.

    ``waiting`` has arrived and belongs to no round yet, ``batch`` is being worked on. ``second_look`` asks for a round
    even when nothing waits. ``held_up`` is true during a back-off. Once the lane is ``leaving`` it ends after the
    attempt under way; what it had is left unsettled, for the broker to give away.
    """

    mailbox: str
    shared: Surroundings
    waiting: list[Delivery] = field(default_factory=list)
    batch: list[Delivery] = field(default_factory=list)
    second_look: bool = False
    held_up: bool = False
    _owed: Delivery | None = None
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def leaving(self) -> bool:
        """True once the lane was told to end."""
        return self._leaving.is_set()

    @property
    def unsettled(self) -> int:
        """How many events it holds."""
        return len(self.waiting) + len(self.batch)

    def leave(self) -> None:
        """End after the attempt under way."""
        self._leaving.set()
        self.waiting.clear()

    async def run(self) -> None:
        """Work through what arrives, round by round."""
        while (self.waiting or self.batch or self.second_look) and not self.leaving:
            await self._round()

    async def _round(self) -> None:
        """One round: what waits now, and what joins it meanwhile, decided and written until all of it is settled."""
        failed: dict[str, CalendarError] = {}
        refused: set[str] = set()
        try:
            async for attempt in retry.attempts(self._sleep):
                with attempt:
                    self._absorb()
                    async with self.shared.slots.take(alone=any(one.alone for one in self.batch)):
                        if not self.leaving:
                            self._absorb()
                            await self._attempt(failed, refused)
        except retry.Unfinished as unfinished:
            # While the breaker is open the partition is about to be released: nobody settles anything.
            if not self.leaving and unfinished.error.code not in (BREAKER_OPEN, NOT_CONFIRMED):
                self._look_only_for_what_waits()
                await self._put_aside(self.batch, failed, unfinished.error)
        except Exception as fault:  # noqa: BLE001 - a fault of ours in one mailbox must not lose its messages
            self.shared.report_fault(self.mailbox, fault)
            self.shared.memory.forget(self.mailbox)
            self._look_only_for_what_waits()
            await self._put_aside(
                self.batch, {}, CalendarError("Fault", f"{type(fault).__name__}: {fault}", Remedy.UNKNOWN)
            )

    def _look_only_for_what_waits(self) -> None:
        """The wish for a look goes along with the event that brought it; one that has just arrived stays."""
        self.second_look = any(delivery.reads_anew for delivery in self.waiting)

    def _absorb(self) -> None:
        """Take what waits into the batch. An event that must be alone is taken alone."""
        if self.batch and self.batch[0].alone:
            return
        while self.waiting and not (self.waiting[0].alone and self.batch):
            self.batch.append(self.waiting.pop(0))
            if self.batch[-1].alone:
                return

    async def _attempt(self, failed: dict[str, CalendarError], refused: set[str]) -> None:
        """Decide and write once. What is settled leaves the batch; raises Unfinished while another attempt may help.

        ``refused`` are the keys whose content was refused in this round and tried again.
        """
        failed.clear()
        shared, batch = self.shared, self.batch
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
                return await self._after_failure(failed, error, refused, cannot_open=True)
        self._owed = next((one for one in batch if one.delivered_before and not one.look_now), self._owed)
        plan = decide(state, [delivery.change for delivery in batch], window, shared.now())
        started = time.monotonic()
        failed.update(await carry_out(shared.calendars, self.mailbox, state, plan, shared.count_write))
        state.tidy = not failed
        shared.memory.keep(self.mailbox, state, loaded_now)
        self._doubt(failed.values())
        if batch and any(retry.outcome_is_unknown(error) for error in failed.values()):
            self._owed = batch[0]
        await self._keep_promise(batch if plan.actions else ())
        verdicts = list(zip(batch, plan.verdicts, strict=True))
        self.batch = [delivery for delivery in batch if delivery.change.key in failed]
        settled = await shared.settler.settle_all(
            [(one, _disposition(verdict)) for one, verdict in verdicts if one.change.key not in failed]
        )
        wrote = bool(plan.actions)
        if wrote and (not settled or (self.leaving and failed) or time.monotonic() - started > retry.TOTAL_SECONDS):
            shared.late([delivery for delivery, _ in verdicts])
        if failed:
            await self._after_failure(failed, _worst(failed.values()), refused, cannot_open=False)
        return None

    def _doubt(self, errors: Iterable[CalendarError]) -> None:
        """Forget what is remembered of the mailbox where an error makes it doubtful."""
        for error in errors:
            if retry.memory_is_doubtful(error):
                ledger_lost = error.code == "FolderNotFound"
                if ledger_lost:
                    logger().error("ledger_lost", mailbox=self.mailbox, now="it is made anew, without its tombstones")
                self.shared.memory.forget(self.mailbox, ledger_too=ledger_lost)

    async def _keep_promise(self, written: Sequence[Delivery]) -> None:
        """Before anything is settled: a write of which we know nothing may still arrive, so somebody looks again.

        Where the broker does not confirm that, ``written`` is reported as written late, for when it is back.
        """
        if self._owed is None:
            return
        if not await self.shared.promise_look(self._owed):
            self.shared.late(written)
            raise retry.Unfinished(CalendarError(NOT_CONFIRMED, "the broker did not confirm", Remedy.RETRY_SOON))
        self._owed = None
        for delivery in self.batch:
            delivery.delivered_before = False

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
        self, failed: dict[str, CalendarError], worst: CalendarError, refused: set[str], cannot_open: bool
    ) -> None:
        """Forget what has become doubtful, put aside what seconds cannot help, ask for another attempt for the rest."""
        self._doubt((*failed.values(), worst))
        # Nothing failed by its key when a mailbox without events cannot be read.
        errors = failed or {"": worst}
        hopeful = {key: one for key, one in errors.items() if retry.worth_another_attempt(one, key in refused)}
        once_more = (Remedy.REJECTED_AGAIN, Remedy.UNKNOWN)
        refused.update(key for key, one in errors.items() if one.remedy in once_more)
        hopeless = [one for one in self.batch if one.change.key not in hopeful]
        self.batch = [one for one in self.batch if one.change.key in hopeful]
        if cannot_open and worst.remedy is Remedy.MAILBOX:
            await self._put_aside(hopeless, failed, worst, broken=True)
        else:
            await self._put_aside(hopeless, failed, worst)
        if hopeful:
            raise retry.Unfinished(_worst(hopeful.values()))
        self._look_only_for_what_waits()

    async def _put_aside(
        self,
        deliveries: Sequence[Delivery],
        failed: dict[str, CalendarError],
        otherwise: CalendarError,
        broken: bool = False,
    ) -> None:
        """Onto the ladder, or parked where its end is reached."""
        for delivery in list(deliveries):
            error = failed.get(delivery.change.key, otherwise)
            disposition = self._later(delivery, error)
            if broken and isinstance(disposition, Retry):
                self.shared.broken(self.mailbox, error, disposition.rung)
            await self.shared.settler.settle(delivery, disposition)
        kept = {id(delivery) for delivery in deliveries}
        self.batch = [delivery for delivery in self.batch if id(delivery) not in kept]

    def _later(self, delivery: Delivery, error: CalendarError) -> Disposition:
        reason = retry.parking_reason(error)
        if error.remedy in (Remedy.REJECTED, Remedy.REJECTED_AGAIN):
            return Park(reason, str(error))
        step = next_step(retry.belongs_to(error), delivery.climb, self.shared.now(), self.shared.rungs)
        if isinstance(step, GiveUp):
            return Park(reason, str(error))
        return Retry(step.rung, step.climb, reason, str(error))

    async def put_off(self, deliveries: Sequence[Delivery]) -> None:
        """Onto the first rung, at no cost of an attempt: it has waited too long here, or there is too much of it."""
        for delivery in deliveries:
            step = next_step(Belongs.NOBODY, delivery.climb, self.shared.now(), self.shared.rungs)
            assert not isinstance(step, GiveUp)
            text = "put off: its mailbox is held up"
            await self.shared.settler.settle(delivery, Retry(step.rung, step.climb, Reason.MAILBOX_UNAVAILABLE, text))

    async def _sleep(self, seconds: float) -> None:
        """Wait out a back-off, unless the lane is to end before. What is more than its share waits elsewhere."""
        if seconds <= 0:
            return
        self.held_up = True
        try:
            excess, self.batch = self.batch[self.shared.share :], self.batch[: self.shared.share]
            await self.put_off(excess)
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        except TimeoutError:
            pass
        finally:
            self.held_up = False


def _worst(errors: Iterable[CalendarError]) -> CalendarError:
    """The error to wait for: the longest back-off, else the first."""
    return max(errors, key=lambda error: error.retry_after_seconds or 0.0)


def _disposition(verdict: Verdict) -> Disposition:
    if verdict.outcome is Outcome.PARKED:
        assert verdict.reason is not None
        return Park(verdict.reason, verdict.explanation)
    return Done(verdict.outcome)
