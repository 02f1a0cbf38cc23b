"""How much is asked of Exchange at once: it shrinks under pressure, grows again, and never leaves its limits."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from consumer.calendars.pace import COOL_DOWN_SECONDS, FIRST_ITEMS, LATELY_SECONDS, Pace, Pressure

SLOW = 15.0
MAILBOXES = [f"user-{number}@example.com" for number in range(12)]


class Bench:
    """A pace with a clock that is set by hand."""

    def __init__(self, most_items: int = 100, most_mailboxes: int = 8) -> None:
        self.now = 1000.0
        self.pace = Pace(most_items, most_mailboxes, SLOW, lambda: self.now)

    def limits(self) -> tuple[int, int]:
        return self.pace.items, self.pace.mailboxes

    def press(self, count: int, pressure: Pressure = Pressure.THROTTLED, items: int | None = None) -> None:
        for mailbox in MAILBOXES[:count]:
            self.pace.pressed(mailbox, pressure, self.pace.items_for(mailbox) if items is None else items)

    def succeed(self, times: int, mailbox: str = "quick@example.com", seconds: float = 0.05) -> None:
        for _ in range(times):
            self.pace.answered(mailbox, seconds, self.pace.items_for(mailbox))


def test_it_begins_with_all_connections_and_a_sane_batch() -> None:
    assert Bench().limits() == (FIRST_ITEMS, 8)
    assert Bench(most_items=10, most_mailboxes=1).limits() == (10, 1)


def test_full_requests_that_are_quick_let_the_batch_grow_to_its_limit() -> None:
    bench = Bench()
    bench.succeed(10)
    assert bench.pace.items == 100
    bench.succeed(10)
    assert bench.pace.items == 100


@pytest.mark.parametrize(("seconds", "items"), [(SLOW / 3 + 0.1, 50), (0.05, 49), (0.05, 0)])
def test_what_is_not_quick_or_not_full_says_nothing_of_a_larger_batch(seconds: float, items: int) -> None:
    bench = Bench()
    for mailbox in MAILBOXES:
        bench.pace.answered(mailbox, seconds, items)
    assert bench.pace.items == 50


@pytest.mark.parametrize("pressure", [Pressure.SLOW, Pressure.THROTTLED, Pressure.STOPPED])
def test_one_mailbox_under_pressure_slows_nobody_else_down(pressure: Pressure) -> None:
    bench = Bench()
    anna = MAILBOXES[0]
    for _ in range(50):
        bench.press(1, pressure)
    assert bench.limits() == (50, 8)
    assert bench.pace.items_for(anna) == 1
    assert bench.pace.items_for("ben@example.com") == 50


def test_its_own_requests_grow_again_until_they_are_as_large_as_everybodys() -> None:
    bench = Bench()
    bench.press(1)
    anna = MAILBOXES[0]
    sizes = []
    for _ in range(6):
        sizes.append(bench.pace.items_for(anna))
        bench.succeed(1, anna)
    assert sizes == [25, 30, 35, 40, 45, 50]
    assert bench.pace.items == 55, "and then it speaks for all"


def test_several_mailboxes_under_pressure_halve_the_limits_of_all_once_in_a_while() -> None:
    bench = Bench()
    bench.press(2)
    assert bench.limits() == (50, 8)
    bench.press(12)
    assert bench.limits() == (25, 4), "what was under way at the time does not count again"
    bench.now += COOL_DOWN_SECONDS
    bench.press(3, items=1)
    assert bench.limits() == (25, 2), "requests of one item cannot be too large"
    for _ in range(10):
        bench.now += COOL_DOWN_SECONDS
        bench.press(12)
    assert bench.limits() == (1, 1)


def test_a_batch_that_was_stopped_is_a_matter_of_its_mailbox() -> None:
    bench = Bench()
    bench.press(12, Pressure.STOPPED)
    assert bench.limits() == (50, 8)
    assert {bench.pace.items_for(mailbox) for mailbox in MAILBOXES} == {25}


def test_a_few_among_many_slow_nobody_down() -> None:
    bench = Bench()
    for number in range(100):
        bench.succeed(1, f"quick-{number}@example.com", seconds=SLOW / 2)
    bench.press(12)
    assert bench.limits() == (50, 8)


def test_pressure_of_long_ago_is_forgotten() -> None:
    bench = Bench()
    bench.press(2)
    bench.now += LATELY_SECONDS + 1
    bench.pace.pressed(MAILBOXES[5], Pressure.THROTTLED, 50)
    assert bench.limits() == (50, 8)


def test_a_slow_answer_is_pressure() -> None:
    bench = Bench()
    for mailbox in MAILBOXES[:3]:
        bench.pace.answered(mailbox, SLOW, 50)
    assert bench.limits() == (25, 4)


def test_it_recovers_step_by_step_after_a_rest() -> None:
    bench = Bench()
    bench.press(12)
    bench.succeed(100)
    assert bench.limits() == (25, 4), "not before the rest is over"
    bench.now += COOL_DOWN_SECONDS
    seen = []
    for _ in range(40):
        bench.succeed(1)
        seen.append(bench.limits())
    assert seen[-1] == (100, 8)
    assert max(later[0] - earlier[0] for earlier, later in pairwise(seen)) == 5
    assert max(later[1] - earlier[1] for earlier, later in pairwise(seen)) == 1


class AnyHistory(RuleBasedStateMachine):
    """Whatever happens, the limits hold; and after a quiet time everything is as large as it may be."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(most_items=40, most_mailboxes=6)

    @rule(mailbox=st.sampled_from(MAILBOXES), seconds=st.floats(0, 2 * SLOW), items=st.integers(0, 60))
    def answer(self, mailbox: str, seconds: float, items: int) -> None:
        self.bench.pace.answered(mailbox, seconds, items)

    @rule(mailbox=st.sampled_from(MAILBOXES), pressure=st.sampled_from(Pressure), items=st.integers(0, 60))
    def press(self, mailbox: str, pressure: Pressure, items: int) -> None:
        before = self.bench.limits()
        own = self.bench.pace.items_for(mailbox)
        self.bench.pace.pressed(mailbox, pressure, items)
        assert self.bench.pace.items <= before[0]
        assert self.bench.pace.mailboxes <= before[1]
        if items * 2 > own > 1:
            assert self.bench.pace.items_for(mailbox) < own

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.bench.now += seconds

    @invariant()
    def limits_hold(self) -> None:
        assert 1 <= self.bench.pace.items <= 40
        assert 1 <= self.bench.pace.mailboxes <= 6
        assert all(1 <= self.bench.pace.items_for(one) <= self.bench.pace.items for one in MAILBOXES)

    def teardown(self) -> None:
        self.bench.now += COOL_DOWN_SECONDS
        for mailbox in MAILBOXES:
            self.bench.succeed(60, mailbox)
        assert self.bench.limits() == (40, 6)
        assert {self.bench.pace.items_for(mailbox) for mailbox in MAILBOXES} == {40}


TestAnyHistory = AnyHistory.TestCase


@given(st.integers(1, 500), st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_any_limits_can_be_set(most_items: int, most_mailboxes: int) -> None:
    bench = Bench(most_items, most_mailboxes)
    bench.press(12)
    bench.now += COOL_DOWN_SECONDS
    bench.succeed(2_000)
    assert bench.limits() == (most_items, most_mailboxes)
