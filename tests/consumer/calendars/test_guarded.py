"""The calendars behind the breaker, on a real server: an outage, its end, a refused log-in, one bad mailbox."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from consumer.breaker import QUIET_SECONDS, Breaker, BreakerState
from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.gateway import EwsGateway
from consumer.calendars.guarded import BREAKER_OPEN, GuardedCalendars
from consumer.core.actions import CreateItem
from consumer.core.mailbox import MailboxState
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.conftest import OpenGateway
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import SINCE, appointment, change, endpoint, errors
from tests.support import eventually_async

OTHER = "anna@example.com"
THIRD = "full@example.com"
CREATE = CreateItem(change(1, appointment()))


class Guarded:
    """Calendars, their breaker, and the states it went through."""

    def __init__(self, gateway: EwsGateway, renew: Callable[[], bool] = lambda: False) -> None:
        self.gateway = gateway
        self.ahead_seconds = 0.0
        self.breaker = Breaker(lambda: time.monotonic() + self.ahead_seconds)
        self.states: list[BreakerState] = []
        self.calendars = GuardedCalendars(gateway, self.breaker, renew, lambda: self.states.append(self.breaker.state))
        self.watching: asyncio.Task[None] | None = None

    async def watch(self, until: BreakerState = BreakerState.CLOSED) -> None:
        self.watching = asyncio.create_task(self.calendars.watch())
        await self.reaches(until)

    async def reaches(self, state: BreakerState, within_seconds: float = 10) -> None:
        await eventually_async(lambda: self.breaker.state is state, within_seconds, what=f"it is {state.name}")

    async def load(self, mailbox: str) -> str:
        """The code of the error, "" when it went well."""
        try:
            await self.calendars.load(mailbox, SINCE, None)
        except CalendarError as error:
            return error.code
        return ""

    async def stop(self) -> None:
        if self.watching is not None:
            self.watching.cancel()
            await asyncio.wait([self.watching])
        await self.calendars.close()


@pytest.fixture
async def guarded(calendars: EwsGateway) -> AsyncIterator[Guarded]:
    one = Guarded(calendars)
    yield one
    await one.stop()


async def test_nothing_is_asked_before_exchange_was_reached(
    guarded: Guarded, emulator: RunningEmulator, mailbox: str
) -> None:
    assert await guarded.load(mailbox) == BREAKER_OPEN
    results = await guarded.calendars.write(mailbox, MailboxState(), [CREATE, CREATE])
    assert errors(results) == [BREAKER_OPEN] * 2
    assert emulator.requests() == 0
    await guarded.watch()
    assert emulator.counters()["requests"] == {"GetServerTimeZones": 1}, "the server itself was asked, once"
    assert await guarded.load(mailbox) == ""
    assert guarded.states == [BreakerState.CLOSED]


async def test_an_outage_and_its_end(guarded: Guarded, emulator: RunningEmulator, mailbox: str, owner: Owner) -> None:
    await guarded.watch()
    assert [await guarded.load(one) for one in (mailbox, OTHER)] == ["", ""]
    fault = emulator.add_fault("refuse")
    # On the connection that was open the answer is lost; the one after it is refused.
    assert {await guarded.load(mailbox), await guarded.load(mailbox)} <= {"NoAnswer", "ConnectionRefused", BREAKER_OPEN}
    await guarded.reaches(BreakerState.OPEN)
    requests = emulator.requests()
    results = await guarded.calendars.write(mailbox, MailboxState(), [CREATE])
    assert errors(results) == [BREAKER_OPEN]
    emulator.remove_fault(fault)
    back = time.monotonic()
    await guarded.reaches(BreakerState.TRYING)
    assert time.monotonic() - back < 4, "a probe every one to three seconds"
    assert emulator.requests() - requests <= 2, "nothing but probes"
    results = await guarded.calendars.write(mailbox, MailboxState(), [CREATE])
    assert errors(results) == [""]
    assert guarded.breaker.state is BreakerState.CLOSED
    assert len(owner.calendar()) == 1
    distinct = [
        state for state, before in zip(guarded.states, [None, *guarded.states], strict=False) if state != before
    ]
    assert distinct == [BreakerState.CLOSED, BreakerState.OPEN, BreakerState.TRYING, BreakerState.CLOSED]


async def test_where_nothing_waits_it_closes_by_itself(
    guarded: Guarded, emulator: RunningEmulator, mailbox: str
) -> None:
    await guarded.watch()
    guarded.breaker.confirmed(CalendarError("HTTP503", "", Remedy.RETRY_SOON))
    await guarded.reaches(BreakerState.TRYING)
    guarded.ahead_seconds = 60.0
    await guarded.reaches(BreakerState.CLOSED, 2)
    assert guarded.states[-1] is BreakerState.CLOSED


@pytest.mark.parametrize("code", ["ErrorMailboxStoreUnavailable", "ErrorServerBusy", "ErrorImpersonationDenied"])
async def test_one_mailbox_is_disproved_by_another(
    guarded: Guarded, emulator: RunningEmulator, mailbox: str, code: str
) -> None:
    await guarded.watch()
    assert await guarded.load(OTHER) == ""
    emulator.add_fault("soap_fault", code=code, mailbox=mailbox)
    emulator.reset_counters()
    for times in (1, 2, 3):
        guarded.ahead_seconds += QUIET_SECONDS
        assert await guarded.load(mailbox) == code.removeprefix("Error")
        await _is_probed(emulator, OTHER, times)
    assert guarded.breaker.state is BreakerState.CLOSED
    assert await guarded.load(OTHER) == ""


async def test_busy_for_everybody_opens_it(guarded: Guarded, emulator: RunningEmulator, mailbox: str) -> None:
    await guarded.watch()
    assert await guarded.load(OTHER) == ""
    emulator.add_fault("server_busy", back_off_ms=1000)
    guarded.ahead_seconds = QUIET_SECONDS
    assert await guarded.load(mailbox) == "ServerBusy"
    await guarded.reaches(BreakerState.OPEN)
    assert guarded.breaker.reason.startswith("ServerBusy: ")


async def test_others_wait_while_a_refused_log_in_is_confirmed(
    guarded: Guarded, emulator: RunningEmulator, mailbox: str
) -> None:
    """Else each of them would be one more refused log-in, and the account be locked."""
    await guarded.watch()
    assert await guarded.load(OTHER) == ""
    emulator.add_fault("latency", ms=300, mailbox=OTHER)
    refusing = emulator.add_fault("http_status", status=401)
    assert await guarded.load(mailbox) == "HTTP401"
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(guarded.load(one) for one in (mailbox, THIRD, OTHER) * 5))
    assert answers == [BREAKER_OPEN] * 15
    assert emulator.counters()["faults"]["http_status"] == 2, "the one, and the probe"
    assert guarded.breaker.seconds_to_next_probe() == 60.0
    emulator.remove_fault(refusing)


async def test_they_go_on_when_it_was_that_mailbox_alone(
    guarded: Guarded, emulator: RunningEmulator, mailbox: str
) -> None:
    await guarded.watch()
    assert await guarded.load(OTHER) == ""
    emulator.add_fault("latency", ms=300, mailbox=OTHER)
    emulator.add_fault("soap_fault", code="ErrorImpersonationDenied", mailbox=mailbox)
    assert await guarded.load(mailbox) == "ImpersonationDenied"
    async with asyncio.timeout(10):
        assert await asyncio.gather(*(guarded.load(one) for one in (THIRD, OTHER))) == ["", ""]
    assert guarded.breaker.state is BreakerState.CLOSED


async def test_another_password_is_tried_at_once_and_no_other_before(
    open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    gateway: EwsGateway = open_gateway(password="Not-the-one-7")
    passwords = ["Not-the-one-7", "Not-the-one-7", emulator.password]

    def renew() -> bool:
        return gateway.renew(endpoint(emulator, password=passwords.pop(0)))

    guarded = Guarded(gateway, renew)
    await guarded.watch(until=BreakerState.OPEN)
    await eventually_async(lambda: guarded.states == [BreakerState.OPEN], what="the first probe was refused")
    await guarded.reaches(BreakerState.TRYING)
    assert passwords == []
    assert emulator.counters()["auth"]["refused"] == 1
    assert await guarded.load(mailbox) == ""
    assert guarded.breaker.state is BreakerState.CLOSED
    await guarded.stop()


async def test_closing_ends_a_probe_that_is_under_way(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    guarded = Guarded(calendars)
    await guarded.watch()
    assert await guarded.load(OTHER) == ""
    emulator.add_fault("hang", mailbox=OTHER)
    emulator.add_fault("soap_fault", code="ErrorImpersonationDenied", mailbox=mailbox)
    assert await guarded.load(mailbox) == "ImpersonationDenied"
    await eventually_async(lambda: emulator.counters()["faults"].get("hang") == 1)
    async with asyncio.timeout(5):
        await guarded.stop()


async def _is_probed(emulator: RunningEmulator, mailbox: str, times: int) -> None:
    def asked() -> bool:
        return sum(map(int, emulator.counters()["by_mailbox"].get(mailbox, {}).values())) == times

    await eventually_async(asked, what=f"{mailbox} is probed")
