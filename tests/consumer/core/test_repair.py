"""What a user has changed or thrown away is put back by a snapshot, once a day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consumer.core.actions import CreateItem, DeleteItem, Outcome, Plan, RememberSnapshot, UpdateItem
from consumer.core.mailbox import MailboxState
from consumer.core.repair import event_without_mark, may_repair, repaired_at, repairing
from consumer.core.snapshot import Asked
from tests.consumer.core.calendar_model import (
    KEY,
    NOW,
    WINDOW,
    apply,
    appointment,
    change,
    edit,
    in_order,
    reloaded,
    snapshot,
    throw_away,
)

SOON = appointment(NOW + timedelta(days=3), "soon")
TOMORROW = NOW + timedelta(days=1)


def _with(*asked: Asked) -> MailboxState:
    state = MailboxState()
    for one in asked:
        apply(state, [one])
    return reloaded(state)


def _kinds(plan: Plan) -> list[type]:
    """What is done to items and tombstones."""
    return [type(action) for action in in_order(plan) if not isinstance(action, RememberSnapshot)]


def test_an_edited_item_is_written_again_at_the_same_revision() -> None:
    state = _with(change(4, SOON))
    edited = edit(state)
    plan = apply(state, [snapshot(9, change(4, SOON), time=TOMORROW)])
    (update,) = (action for action in in_order(plan) if isinstance(action, UpdateItem))
    assert (update.item, update.change.repairs, update.change.revision) == (edited, True, 4)
    assert state.items[KEY][0].as_written
    assert plan.verdicts[0].outcome is Outcome.APPLIED


def test_an_item_that_was_made_a_meeting_is_replaced() -> None:
    state = _with(change(4, SOON))
    (item,) = state.items[KEY]
    state.items[KEY] = (replace(item, plain=False),)
    assert _kinds(apply(state, [snapshot(9, change(4, SOON))])) == [CreateItem, DeleteItem]


def test_an_item_that_was_thrown_away_comes_back_at_the_same_revision() -> None:
    state = _with(change(4, SOON))
    throw_away(state)
    plan = apply(state, [snapshot(9, change(4, SOON))])
    (create,) = (action for action in in_order(plan) if isinstance(action, CreateItem))
    assert (create.change.revision, create.change.repairs) == (4, True)


@pytest.mark.parametrize("thrown_away", [False, True], ids=["edited", "thrown away"])
def test_an_item_is_repaired_once_a_day(thrown_away: bool) -> None:
    def meddle() -> None:
        throw_away(state) if thrown_away else edit(state)

    state = _with(change(4, SOON))
    meddle()
    apply(state, [snapshot(9, change(4, SOON), time=NOW)])
    meddle()
    state = reloaded(state)
    plan = apply(state, [snapshot(10, change(4, SOON), time=NOW + timedelta(hours=3))])
    assert _kinds(plan) == []
    assert plan.verdicts[0].left == ("B-1",)
    assert apply(state, [snapshot(11, change(4, SOON), time=TOMORROW)]).verdicts[0].outcome is Outcome.APPLIED


def test_a_change_of_an_edited_item_is_no_repair() -> None:
    state = _with(change(4, SOON))
    edit(state)
    plan = apply(state, [snapshot(9, change(5, SOON))])
    assert not any(action.change.repairs for action in in_order(plan) if isinstance(action, UpdateItem))


def test_the_mark_of_a_repair_is_read_as_it_was_written() -> None:
    plain = replace(change(4, SOON), event="0197 2026-11-23T06:00:00Z")
    repair = repairing(plain)
    assert (repair.repairs, repair.event) == (True, "0197 2026-11-23T06:00:00Z repair")
    assert event_without_mark(repair.event) == plain.event
    assert repaired_at(repair.event) == NOW.replace(hour=6)
    assert repaired_at(plain.event) is None
    for other in ("", "repair", " repair", "0197 yesterday repair", "0197 2026-11-23T06:00:00 repair"):
        assert repaired_at(other) is None, "what somebody wrote over it is no repair"


@pytest.mark.parametrize(
    ("last", "now", "allowed"),
    [
        ("2026-11-23T06:00:03+01:00", "2026-11-24T06:00:01+01:00", True),
        ("2026-11-23T00:10:00+01:00", "2026-11-23T23:50:00+01:00", False),
        ("2026-11-22T23:30:00Z", "2026-11-22T22:30:00Z", False),
        ("2026-11-22T22:30:00Z", "2026-11-22T23:30:00Z", True),
        ("2026-11-24T06:00:00+01:00", "2026-11-23T06:00:00+01:00", False),
    ],
    ids=["some seconds less than a day", "same day", "an older one", "days of the zone", "an older day"],
)
def test_days_are_those_of_the_zone(last: str, now: str, allowed: bool) -> None:
    one = replace(change(4, SOON), event=f"0197 {now}")
    assert may_repair(one, repaired_at(f"0196 {last} repair"), WINDOW) is allowed
    assert may_repair(one, None, WINDOW)
