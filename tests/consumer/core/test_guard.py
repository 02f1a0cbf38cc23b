"""Too much that is missing at once is held; the rest is applied, and nobody's cancellation ever is."""

from datetime import timedelta

import pytest

from consumer.core.actions import Change, Outcome, Plan, WriteTombstone
from consumer.core.guard import Guard
from consumer.core.mailbox import MailboxState
from contract.reasons import Reason
from tests.consumer.core.calendar_model import NOW, SOURCE, apply, appointment, change, in_order, reloaded, snapshot

GUARD = Guard()


def _booking(number: int, revision: int = 1) -> Change:
    return change(revision, appointment(NOW + timedelta(days=1, hours=number), f"booking {number}"), f"{number:032d}")


def _full(count: int) -> MailboxState:
    state = MailboxState()
    apply(state, [_booking(number) for number in range(count)])
    return reloaded(state)


def _removals(plan: Plan) -> int:
    return sum(1 for action in in_order(plan) if isinstance(action, WriteTombstone))


@pytest.mark.parametrize(
    ("present", "missing", "held"),
    [(5, 5, False), (6, 6, True), (20, 6, False), (19, 6, True), (100, 30, False), (100, 31, True), (1000, 6, False)],
)
def test_more_than_the_share_and_more_than_the_count(present: int, missing: int, held: bool) -> None:
    named = [_booking(number) for number in range(missing, present)]
    plan = apply(_full(present), [snapshot(9, *named, guard=GUARD)])
    assert (plan.verdicts[0].outcome is Outcome.HELD) is held
    assert _removals(plan) == (0 if held else missing)


def test_the_rest_of_a_held_snapshot_is_applied() -> None:
    state = _full(10)
    new, moved = _booking(50, 8), _booking(3, 7)
    plan = apply(state, [snapshot(9, new, moved, guard=GUARD)])
    assert (plan.verdicts[0].outcome, plan.verdicts[0].reason) == (Outcome.HELD, Reason.MASS_REMOVAL)
    assert "9 of the 10 items" in plan.verdicts[0].explanation
    assert state.items[new.key][0].revision == 8
    assert state.items[moved.key][0].revision == 7
    assert len(state.items) == 11


def test_what_was_held_is_not_remembered() -> None:
    """Its absence is in doubt: an event that comes late must not be stale on the strength of it."""
    state = _full(10)
    apply(state, [snapshot(9, guard=GUARD)])
    assert SOURCE not in state.floors
    assert apply(state, [_booking(70, 5)]).verdicts[0].outcome is Outcome.APPLIED


def test_a_held_snapshot_denies_nothing_in_its_own_round() -> None:
    plan = apply(_full(10), [_booking(70, 5), snapshot(9, guard=GUARD)])
    assert [verdict.outcome for verdict in plan.verdicts] == [Outcome.APPLIED, Outcome.HELD]


def test_a_released_snapshot_removes_and_is_remembered() -> None:
    state = _full(10)
    apply(state, [snapshot(9, guard=GUARD)])
    plan = apply(reloaded(state), [snapshot(9, guard=None)])
    assert (plan.verdicts[0].outcome, _removals(plan)) == (Outcome.APPLIED, 10)


def test_one_that_is_released_after_a_later_one_changes_nothing() -> None:
    state = _full(10)
    apply(state, [snapshot(9, guard=GUARD)])
    apply(state, [snapshot(12, *(_booking(number) for number in range(10)), guard=GUARD)])
    plan = apply(reloaded(state), [snapshot(9, guard=None)])
    assert plan.verdicts[0].outcome is Outcome.STALE
    assert len(state.items) == 10


def test_cancellations_are_never_held() -> None:
    state = _full(100)
    cancelled = [change(5, None, f"{number:032d}") for number in range(100)]
    plan = apply(state, [*cancelled, snapshot(9, guard=GUARD)])
    assert {verdict.outcome for verdict in plan.verdicts[:-1]} == {Outcome.APPLIED}
    assert plan.verdicts[-1].outcome is Outcome.UNCHANGED
    assert state.items == {}


def test_after_a_crash_in_the_middle_of_a_removal_the_rest_follows() -> None:
    state = _full(100)
    one = snapshot(9, *(_booking(number) for number in range(30, 100)), guard=GUARD)
    for number in range(17):
        del state.items[f"{number:032d}"]
    assert apply(reloaded(state), [one]).verdicts[0].outcome is Outcome.APPLIED
