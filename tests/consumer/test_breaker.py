"""The breaker: what opens it, what does not, how it closes, and how rarely a refused log-in is repeated."""

import pytest

from consumer.breaker import (
    FAILING_MAILBOXES,
    QUIET_SECONDS,
    TRYING_SECONDS,
    WITHIN_SECONDS,
    Breaker,
    BreakerState,
)
from consumer.calendars.errors import CalendarError, Remedy

ANNA, BO, CARLA = "anna@example.com", "bo@example.com", "carla@example.com"
MANY = [f"p{number}@example.com" for number in range(FAILING_MAILBOXES)]
REFUSED = CalendarError("ConnectionRefused", "nobody listens", Remedy.OUTAGE)
LOGIN = CalendarError("HTTP401", "the log-in was refused", Remedy.OUTAGE)
BUSY = CalendarError("ServerBusy", "too many requests", Remedy.RETRY_SOON)
GONE = CalendarError("NonExistentMailbox", "no such mailbox", Remedy.MAILBOX)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """Closed, and two mailboxes have just worked."""
    one = Breaker(clock)
    one.reached()
    one.succeeded(BO)
    one.succeeded(ANNA)
    assert one.state is BreakerState.CLOSED
    return one


def test_it_begins_open_until_exchange_was_reached(clock: Clock) -> None:
    breaker = Breaker(clock)
    assert (breaker.state, breaker.reason) == (BreakerState.OPEN, "not reached yet")
    breaker.reached()
    assert (breaker.state, breaker.reason) == (BreakerState.CLOSED, "ok")


@pytest.mark.parametrize("error", [REFUSED, LOGIN, BUSY, GONE])
def test_no_failure_opens_it_unless_a_probe_fails_too(breaker: Breaker, clock: Clock, error: CalendarError) -> None:
    for _ in range(100):
        clock.seconds += 0.1
        for mailbox in MANY:
            breaker.failed(mailbox, error)
    assert breaker.state is BreakerState.CLOSED
    breaker.disproved()
    assert breaker.state is BreakerState.CLOSED
    breaker.confirmed(error)
    assert (breaker.state, breaker.code) == (BreakerState.OPEN, error.code)
    assert breaker.reason == str(error)


@pytest.mark.parametrize("error", [REFUSED, LOGIN])
def test_what_is_exchange_as_a_whole_asks_for_a_probe_at_once(breaker: Breaker, error: CalendarError) -> None:
    assert breaker.failed(CARLA, error)


@pytest.mark.parametrize("error", [BUSY, GONE])
def test_a_single_mailbox_asks_for_nothing_while_others_work(
    breaker: Breaker, clock: Clock, error: CalendarError
) -> None:
    for _ in range(200):
        clock.seconds += 0.2
        assert not breaker.failed(CARLA, error)
        breaker.succeeded(ANNA)


@pytest.mark.parametrize("error", [BUSY, GONE])
def test_five_mailboxes_within_half_a_minute_ask_for_a_probe(breaker: Breaker, error: CalendarError) -> None:
    assert [breaker.failed(mailbox, error) for mailbox in MANY] == [False] * (FAILING_MAILBOXES - 1) + [True]


def test_one_success_in_between_begins_the_count_anew(breaker: Breaker) -> None:
    for mailbox in MANY[:-1]:
        assert not breaker.failed(mailbox, GONE)
    breaker.succeeded(ANNA)
    assert not breaker.failed(MANY[-1], GONE)


def test_five_mailboxes_over_a_longer_time_ask_for_nothing(breaker: Breaker, clock: Clock) -> None:
    for mailbox in MANY * 4:
        clock.seconds += WITHIN_SECONDS / 2
        assert not breaker.failed(mailbox, GONE)


def test_a_single_mailbox_asks_when_nothing_has_worked_for_a_while_but_not_again_and_again(
    breaker: Breaker, clock: Clock
) -> None:
    assert not breaker.failed(CARLA, BUSY)
    clock.seconds += QUIET_SECONDS
    assert breaker.failed(CARLA, BUSY)
    breaker.disproved()
    assert not breaker.failed(CARLA, BUSY), "that was just answered"
    clock.seconds += QUIET_SECONDS
    assert breaker.failed(CARLA, BUSY)


def test_a_mailbox_that_is_gone_never_asks_alone(breaker: Breaker, clock: Clock) -> None:
    for _ in range(100):
        clock.seconds += QUIET_SECONDS
        assert not breaker.failed(CARLA, GONE)


@pytest.mark.parametrize("remedy", [Remedy.REJECTED, Remedy.REJECTED_AGAIN, Remedy.REREAD, Remedy.SEND_AGAIN])
def test_an_answer_about_an_event_says_nothing_about_exchange(breaker: Breaker, clock: Clock, remedy: Remedy) -> None:
    clock.seconds += 60
    for mailbox in MANY * 3:
        assert not breaker.failed(mailbox, CalendarError("Code", "", remedy))


def test_the_probe_goes_to_a_mailbox_that_worked_and_is_not_the_failing_one(breaker: Breaker, clock: Clock) -> None:
    assert breaker.probe_target(CARLA) == ANNA
    assert breaker.probe_target(ANNA) == BO
    assert Breaker(clock).probe_target(ANNA) is None, "then the server itself"


def test_open_it_asks_for_no_further_confirmation(breaker: Breaker) -> None:
    breaker.confirmed(REFUSED)
    assert not any(breaker.failed(mailbox, REFUSED) for mailbox in MANY)


def test_after_an_outage_it_tries_first_and_the_first_success_closes_it(breaker: Breaker) -> None:
    breaker.confirmed(REFUSED)
    breaker.reached()
    assert (breaker.state, breaker.reason) == (BreakerState.TRYING, "trying again after ConnectionRefused")
    breaker.succeeded(CARLA)
    assert (breaker.state, breaker.reason, breaker.code) == (BreakerState.CLOSED, "ok", "")


@pytest.mark.parametrize("error", [REFUSED, BUSY, GONE])
def test_while_it_tries_any_failure_asks_for_a_probe(breaker: Breaker, error: CalendarError) -> None:
    breaker.confirmed(REFUSED)
    breaker.reached()
    assert breaker.failed(CARLA, error)
    breaker.confirmed(error)
    assert breaker.state is BreakerState.OPEN


def test_where_there_is_nothing_to_try_it_closes_after_a_while(breaker: Breaker, clock: Clock) -> None:
    assert not breaker.settle_down(), "it is closed"
    breaker.confirmed(REFUSED)
    assert not breaker.settle_down(), "it is open"
    breaker.reached()
    clock.seconds += TRYING_SECONDS - 0.1
    assert not breaker.settle_down()
    clock.seconds += 0.2
    assert breaker.settle_down()
    assert breaker.state is BreakerState.CLOSED


def test_a_refused_log_in_is_repeated_after_1_2_4_and_at_most_15_minutes(breaker: Breaker) -> None:
    pauses = []
    for _ in range(7):
        breaker.confirmed(LOGIN)
        pauses.append(breaker.seconds_to_next_probe())
    assert pauses == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0]
    breaker.reached()
    breaker.confirmed(LOGIN)
    assert breaker.seconds_to_next_probe() == 60.0, "that was another time"


def test_its_first_pause_can_be_set(clock: Clock) -> None:
    breaker = Breaker(clock, login_pause_seconds=300.0)
    pauses = []
    for _ in range(3):
        breaker.confirmed(LOGIN)
        pauses.append(breaker.seconds_to_next_probe())
    assert pauses == [300.0, 600.0, 900.0]


@pytest.mark.parametrize("error", [REFUSED, BUSY, GONE])
def test_anything_else_is_probed_every_one_to_three_seconds_and_never_in_step(
    breaker: Breaker, error: CalendarError
) -> None:
    breaker.confirmed(LOGIN)
    breaker.confirmed(error)
    pauses = [breaker.seconds_to_next_probe() for _ in range(100)]
    assert 1.0 <= min(pauses) < max(pauses) <= 3.0
    assert len(set(pauses)) > 50


def test_a_probed_mailbox_that_is_gone_itself_is_not_asked_again(breaker: Breaker) -> None:
    """Else it would keep the breaker open for ever, though all others can be reached."""
    breaker.confirmed(GONE, ANNA)
    assert breaker.probe_target() == BO
    breaker.confirmed(GONE, BO)
    assert breaker.probe_target() is None, "then the server itself"


def test_probes_go_round_among_the_mailboxes_that_worked(breaker: Breaker) -> None:
    asked = []
    for _ in range(4):
        asked.append(breaker.probe_target())
        breaker.confirmed(REFUSED, asked[-1])
    assert asked == [ANNA, BO, ANNA, BO]
