"""One mailbox at work: what has arrived, what is being decided, what waits for its back-off."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.guarded import BREAKER_OPEN
from consumer.core.actions import Outcome, Verdict
from consumer.core.decide import decide
from consumer.core.mailbox import MailboxState
from consumer.core.window import Window
from consumer.lanes import retry
from consumer.lanes.aside import put_aside, put_off
from consumer.lanes.delivery import Delivery, Disposition, Done, Hold, Park
from consumer.lanes.knowledge import Knowledge
from consumer.lanes.surroundings import Surroundings
from consumer.lanes.writing import carry_out

NOT_CONFIRMED: Final = "NotConfirmed"


@dataclass(slots=True, eq=False)
class Lane:
    """The lane of one mailbox. :meth:`run` is one task; it ends when there is nothing more to do.

    ``waiting`` has arrived and belongs to no round yet, ``batch`` is being worked on. ``second_look`` asks for a round
    even when nothing waits. ``held_up`` is true during a back-off. Once the lane is ``leaving`` it ends after the
    attempt under way; what it had is left unsettled, for the broker to give away.
    """

    mailbox: str
    shared: Surroundings
    waiting: deque[Delivery] = field(default_factory=deque)
    batch: list[Delivery] = field(default_factory=list)
    second_look: bool = False
    held_up: bool = False
    _owed: Delivery | None = None
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _knowledge: Knowledge = field(init=False)

    def __post_init__(self) -> None:
        self._knowledge = Knowledge(self.mailbox, self.shared)

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

    def give_back(self, received_before: float) -> list[Delivery]:
        """Take out what arrived before a time of the monotonic clock and still waits for its round."""
        tired = [one for one in self.waiting if one.received_at < received_before]
        if tired:
            self.waiting = deque(one for one in self.waiting if one.received_at >= received_before)
        return tired

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
            self._knowledge.forget()
            self._look_only_for_what_waits()
            error = CalendarError("Fault", f"{type(fault).__name__}: {fault}", Remedy.UNKNOWN)
            await self._put_aside(self.batch, {}, error)

    def _look_only_for_what_waits(self) -> None:
        """The wish for a look goes along with the event that brought it; one that has just arrived stays."""
        self.second_look = any(delivery.reads_anew for delivery in self.waiting)

    def _absorb(self) -> None:
        """Take what waits into the batch. An event that must be alone is taken alone."""
        if self.batch and self.batch[0].alone:
            return
        while self.waiting and not (self.waiting[0].alone and self.batch):
            self.batch.append(self.waiting.popleft())
            if self.batch[-1].alone:
                return

    async def _attempt(self, failed: dict[str, CalendarError], refused: set[str]) -> None:
        """Decide and write once. What is settled leaves the batch; raises Unfinished while another attempt may help.

        ``refused`` are the keys whose content was refused in this round and tried again.
        """
        failed.clear()
        shared, batch = self.shared, self.batch
        window = shared.window()
        try:
            state, loaded_now = await self._state(window)
        except CalendarError as error:
            failed.update((delivery.change.key, error) for delivery in batch)
            # Nothing fails by its key when a mailbox without events cannot be read.
            self._knowledge.doubt(failed or {"": error})
            return await self._after_failure(failed, error, refused, cannot_open=True)
        self._owed = next((one for one in batch if one.delivered_before and not one.look_now), self._owed)
        plan = decide(state, [delivery.change for delivery in batch], window, shared.now())
        started = time.monotonic()
        failed.update(await carry_out(shared.calendars, self.mailbox, state, plan, shared.count_write))
        state.tidy = not failed
        self._knowledge.keep(state, loaded_now)
        self._knowledge.doubt(failed)
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

    async def _state(self, window: Window) -> tuple[MailboxState, bool]:
        """What stands in the mailbox, and whether it was loaded just now. Answers the wish for a second look."""
        wished, self.second_look = self.second_look, False
        if wished:
            self._knowledge.forget()
        try:
            return await self._knowledge.state(window.start - window.lifetime)
        except CalendarError:
            self.second_look = wished
            raise

    async def _after_failure(
        self, failed: dict[str, CalendarError], worst: CalendarError, refused: set[str], cannot_open: bool
    ) -> None:
        """Put aside what seconds cannot help, ask for another attempt for the rest."""
        errors = failed or {"": worst}
        hopeful = {key: one for key, one in errors.items() if retry.worth_another_attempt(one, key in refused)}
        once_more = (Remedy.REJECTED_AGAIN, Remedy.UNKNOWN)
        refused.update(key for key, one in errors.items() if one.remedy in once_more)
        hopeless = [one for one in self.batch if one.change.key not in hopeful]
        self.batch = [one for one in self.batch if one.change.key in hopeful]
        await self._put_aside(hopeless, failed, worst, broken=cannot_open and worst.remedy is Remedy.MAILBOX)
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
        """Settle them for now; they leave the batch."""
        await put_aside(self.shared, deliveries, failed, otherwise, broken)
        kept = {id(delivery) for delivery in deliveries}
        self.batch = [delivery for delivery in self.batch if id(delivery) not in kept]

    async def _sleep(self, seconds: float) -> None:
        """Wait out a back-off, unless the lane is to end before. What is more than its share waits elsewhere."""
        if seconds <= 0:
            return
        self.held_up = True
        try:
            excess, self.batch = self.batch[self.shared.share :], self.batch[: self.shared.share]
            await put_off(self.shared, excess)
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
    if verdict.outcome is Outcome.HELD:
        assert verdict.reason is not None
        return Hold(verdict.reason, verdict.explanation, verdict.left)
    return Done(verdict.outcome, verdict.left)
