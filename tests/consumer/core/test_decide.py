"""Each safeguard has a scenario that ends wrong without it."""

from dataclasses import replace
from datetime import timedelta

from consumer.core.actions import (
    Change,
    CreateItem,
    DeleteEntry,
    DeleteItem,
    FenceItem,
    Outcome,
    RaiseFloor,
    ReleaseItem,
    UpdateItem,
    WriteTombstone,
)
from consumer.core.appointment import Appointment
from consumer.core.decide import decide
from consumer.core.mailbox import Floor, ItemRef, MailboxState, TombstoneState
from consumer.core.window import Window
from contract.reasons import Reason
from tests.consumer.core.calendar_model import (
    COPENHAGEN,
    KEY,
    NOW,
    SOURCE,
    WINDOW,
    apply,
    appointment,
    change,
    in_order,
    reloaded,
    visible,
)

SOON = appointment(NOW + timedelta(days=3), "soon")
LATER = appointment(NOW + timedelta(days=9), "later")
PAST = appointment(NOW - timedelta(days=60), "past")
BEYOND = appointment(NOW + timedelta(days=400), "beyond")


def _with(*history: tuple[int, Appointment | None]) -> MailboxState:
    state = MailboxState()
    for revision, content in history:
        apply(state, [change(revision, content)])
    return reloaded(state)


def _outcomes(state: MailboxState, *changes: Change) -> list[Outcome]:
    return [verdict.outcome for verdict in decide(state, changes, WINDOW, NOW).verdicts]


def test_an_older_revision_is_stale_and_the_same_one_unchanged() -> None:
    state = _with((5, SOON))
    assert _outcomes(state, change(4, LATER)) == [Outcome.STALE]
    assert _outcomes(state, change(5, SOON)) == [Outcome.UNCHANGED]
    assert _outcomes(state, change(6, SOON)) == [Outcome.APPLIED], "the same content still writes the revision"


def test_a_cancellation_leaves_a_tombstone_before_it_deletes() -> None:
    plan = decide(_with((1, SOON)), [change(2, None)], WINDOW, NOW)
    assert [type(action) for action in in_order(plan)] == [WriteTombstone, DeleteItem]


def test_a_late_older_change_does_not_bring_back_what_was_cancelled() -> None:
    state = _with((1, SOON), (3, None))
    assert _outcomes(state, change(2, LATER)) == [Outcome.STALE]
    assert _outcomes(state, change(3, LATER)) == [Outcome.STALE], "cancelled beats changed at the same revision"


def test_a_cancellation_of_an_unknown_booking_is_remembered() -> None:
    state = _with((3, None))
    assert _outcomes(state, change(2, SOON)) == [Outcome.STALE]


def test_a_booking_that_comes_back_is_a_new_item() -> None:
    state = _with((1, SOON))
    (old,) = state.items[KEY]
    apply(state, [change(2, None)])
    # Another replica's deletion of the old item is still under way: it is visible yet.
    state.items[KEY] = (old,)
    state = reloaded(state)
    plan = decide(state, [change(3, LATER)], WINDOW, NOW)
    assert [type(action) for action in in_order(plan)] == [CreateItem, DeleteItem]


def test_an_item_that_a_crash_left_behind_its_tombstone_is_deleted_by_the_next_look() -> None:
    state = _with((1, SOON))
    (old,) = state.items[KEY]
    apply(state, [change(2, None)])
    state.items[KEY] = (old,)
    plan = decide(reloaded(state), [], WINDOW, NOW)
    assert list(in_order(plan)) == [DeleteItem(old)]


def test_an_event_outside_the_window_leaves_a_mark_that_lets_the_same_one_through() -> None:
    state = _with((4, BEYOND))
    assert state.tombstones[KEY].state is TombstoneState.OUTSIDE
    assert _outcomes(state, change(3, SOON)) == [Outcome.STALE]
    next_year = Window.around((NOW + timedelta(days=300)).date(), 7, 180, COPENHAGEN)
    assert [one.outcome for one in decide(state, [change(4, BEYOND)], next_year, NOW).verdicts] == [Outcome.APPLIED]
    assert _outcomes(state, change(4, BEYOND)) == [Outcome.OUTSIDE_WINDOW]


def _with_a_leftover(state: MailboxState, *history: tuple[int, Appointment | None]) -> MailboxState:
    """The same mailbox after a late write by somebody who knew only this history."""
    state.items = _with(*history).items
    return reloaded(state)


def test_what_was_written_late_beside_an_outside_mark_is_fenced_and_deleted() -> None:
    leftover = _with_a_leftover(_with((3, BEYOND)), (1, SOON))
    for changes in ([], [change(2, LATER)], [change(1, SOON)]):
        state = reloaded(leftover)
        plan = decide(state, changes, WINDOW, NOW)
        assert [type(action) for action in in_order(plan)] == [FenceItem, DeleteItem]
        assert [verdict.outcome for verdict in plan.verdicts] == [Outcome.STALE] * len(changes)
        apply(state, changes)
        assert visible(state) == []
        assert state.tombstones[KEY].revision == 3
    moved = reloaded(leftover)
    assert _outcomes(moved, change(3, BEYOND)) == [Outcome.APPLIED], "the item is made what the mark says"
    apply(moved, [change(3, BEYOND)])
    assert visible(moved) == []
    back = reloaded(leftover)
    apply(back, [change(4, LATER)])
    assert visible(back) == [(KEY, LATER.digest)]


def test_an_item_of_the_past_stays_beside_an_outside_mark() -> None:
    state = _with_a_leftover(_with((3, BEYOND)), (1, SOON))
    (item,) = state.items[KEY]
    state.items[KEY] = (replace(item, start=PAST.fields.start, end=PAST.fields.end),)
    assert not decide(state, [], WINDOW, NOW).actions


def test_two_different_changes_of_one_revision_end_the_same_in_either_order() -> None:
    first, second = _with((1, SOON), (1, BEYOND)), _with((1, BEYOND), (1, SOON))
    assert visible(first) == visible(second)


def test_a_booking_moved_out_of_the_window_takes_its_item_along() -> None:
    state = _with((1, SOON))
    plan = decide(state, [change(2, BEYOND)], WINDOW, NOW)
    assert [type(action) for action in in_order(plan)] == [UpdateItem]


def test_what_lies_beyond_the_window_is_kept_right_when_it_is_there() -> None:
    state = _with((1, SOON), (2, BEYOND))
    assert [type(action) for action in in_order(decide(state, [change(3, None)], WINDOW, NOW))] == [
        WriteTombstone,
        DeleteItem,
    ]


def test_the_past_is_left_alone_until_a_booking_is_moved_into_the_window() -> None:
    state = _with((1, SOON))
    (item,) = state.items[KEY]
    state.items[KEY] = (replace(item, start=PAST.fields.start, end=PAST.fields.end),)
    plan = decide(state, [change(2, PAST)], WINDOW, NOW)
    assert [type(action) for action in in_order(plan)] == [WriteTombstone]
    plan = decide(state, [change(2, None)], WINDOW, NOW)
    assert [type(action) for action in in_order(plan)] == [WriteTombstone], "cancelled history stays"
    plan = decide(state, [change(2, LATER)], WINDOW, NOW)
    assert [type(action) for action in in_order(plan)] == [UpdateItem], "moved, not doubled"


def test_what_the_user_threw_away_does_not_come_back_in_an_older_shape() -> None:
    state = MailboxState()
    state.discarded[KEY] = change(5, SOON).standing
    assert _outcomes(state, change(4, LATER)) == [Outcome.STALE]
    assert _outcomes(state, change(5, SOON)) == [Outcome.APPLIED]


def test_an_unknown_booking_below_the_floor_is_parked_unless_it_is_forced() -> None:
    state = MailboxState(floors={SOURCE: Floor(ItemRef("f", "f"), SOURCE, 10)})
    (verdict,) = decide(state, [change(10, SOON)], WINDOW, NOW).verdicts
    assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.TOO_OLD)
    assert "--force" in verdict.explanation
    assert _outcomes(state, change(10, SOON, forced=True)) == [Outcome.APPLIED]
    assert _outcomes(state, change(11, SOON)) == [Outcome.APPLIED]
    state.floors = {"another source": Floor(ItemRef("f", "f"), "another source", 10)}
    assert _outcomes(state, change(10, SOON)) == [Outcome.APPLIED]


def test_a_tombstone_whose_time_is_over_raises_the_floor_before_it_goes() -> None:
    state = _with((7, None))
    late = NOW + WINDOW.lifetime + timedelta(days=1)
    window = Window.around(late.date(), 7, 180, COPENHAGEN)
    plan = decide(state, [], window, late)
    assert [type(action) for action in in_order(plan)] == [RaiseFloor, DeleteEntry]
    apply(state, [], late, window)
    assert (len(state.tombstones), state.floors[SOURCE].revision) == (0, 7)
    (verdict,) = decide(state, [change(6, appointment(late, "again"))], window, late).verdicts
    assert verdict.reason is Reason.TOO_OLD


def test_a_tombstone_that_is_replaced_in_the_same_round_is_not_swept() -> None:
    state = _with((7, None))
    late = NOW + WINDOW.lifetime + timedelta(days=1)
    window = Window.around(late.date(), 7, 180, COPENHAGEN)
    plan = decide(state, [change(8, None)], window, late)
    assert [type(action) for action in in_order(plan)] == [WriteTombstone]


def test_of_duplicates_one_survives_and_the_others_are_fenced_before_they_are_deleted() -> None:
    state = _with((1, SOON))
    (item,) = state.items[KEY]
    twin = replace(item, ref=ItemRef("zzz", "ck"))
    state.items[KEY] = (twin, item)
    assert list(in_order(decide(state, [], WINDOW, NOW))) == [FenceItem(twin), DeleteItem(twin)]
    older = replace(twin, revision=0, ref=ItemRef("000", "ck"))
    state.items[KEY] = (older, item)
    assert list(in_order(decide(state, [], WINDOW, NOW))) == [FenceItem(older), DeleteItem(older)]


def test_a_copy_that_the_user_changed_becomes_his_own() -> None:
    state = _with((1, SOON))
    (item,) = state.items[KEY]
    copy = replace(item, ref=ItemRef("000", "ck"), as_written=False)
    state.items[KEY] = (copy, item)
    assert list(in_order(decide(state, [], WINDOW, NOW))) == [ReleaseItem(copy)]


def test_an_item_that_was_made_a_meeting_is_replaced() -> None:
    state = _with((1, SOON))
    (item,) = state.items[KEY]
    meeting = replace(item, plain=False)
    state.items[KEY] = (meeting,)
    assert [type(one) for one in in_order(decide(state, [change(2, LATER)], WINDOW, NOW))] == [CreateItem, DeleteItem]


def test_what_arrives_together_is_written_once_and_settled_together() -> None:
    state = MailboxState()
    plan = apply(state, [change(1, SOON), change(3, LATER), change(2, None), change(3, LATER)])
    assert [one.outcome for one in plan.verdicts] == [
        Outcome.SUPERSEDED,
        Outcome.APPLIED,
        Outcome.SUPERSEDED,
        Outcome.SUPERSEDED,
    ]
    assert len(list(in_order(plan))) == 1
    assert _outcomes(reloaded(state), change(2, SOON), change(3, LATER)) == [Outcome.STALE, Outcome.UNCHANGED]
