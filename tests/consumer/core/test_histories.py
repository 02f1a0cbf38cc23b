"""Every history of three events of one key, in every order, ends in the calendar that the schedule asks for."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from consumer.core.actions import Change
from consumer.core.decide import decide
from consumer.core.mailbox import MailboxState
from tests.consumer.core.calendar_model import (
    NOW,
    WINDOW,
    apply,
    appointment,
    carry_out,
    change,
    reloaded,
    visible,
    wanted,
)

INSIDE = appointment(NOW + timedelta(days=3))
EDITED = appointment(NOW + timedelta(days=5), "Mix, moved")
BEFORE = appointment(NOW - timedelta(days=40), "Mix, long ago")
BEYOND = appointment(NOW + timedelta(days=400), "Mix, next year")
KINDS = (INSIDE, EDITED, BEFORE, BEYOND, None)
EVENTS = tuple(change(revision, kind) for revision, kind in product((1, 2, 3), KINDS))
GROUPINGS = (((0,), (1,), (2,)), ((0, 1), (2,)), ((0,), (1, 2)), ((0, 1, 2),))


def histories() -> Iterator[tuple[Change, Change, Change]]:
    """All sequences of three events: every choice, every order, repetitions and equal revisions included."""
    yield from product(EVENTS, repeat=3)


@pytest.mark.parametrize("forget", [(), (0,), (1,), (0, 1)], ids=str)
def test_every_history_in_every_order_and_grouping(forget: tuple[int, ...]) -> None:
    for history in histories():
        for grouping in GROUPINGS:
            state = MailboxState()
            for number, group in enumerate(grouping):
                apply(state, [history[position] for position in group])
                if number in forget:
                    state = reloaded(state)
            assert visible(state) == wanted(history), (history, grouping)
            assert apply(reloaded(state), history).actions == {}, "a replay of what stands writes nothing"


def test_a_crash_after_any_write_is_mended_by_redelivery() -> None:
    crashes = 0
    for history in histories():
        state = MailboxState()
        for position, event in enumerate(history):
            plan = decide(state, [event], WINDOW, NOW)
            for written in range(carry_out(reloaded(state), plan)):
                crashed = reloaded(state)
                carry_out(crashed, plan, stop_after=written)
                crashes += 1
                for again in (*history[position:], *history[: position + 1]):
                    crashed = reloaded(crashed)
                    apply(crashed, [again])
                assert visible(crashed) == wanted(history), (history, position, written)
            apply(state, [event])
    assert crashes > 1000
