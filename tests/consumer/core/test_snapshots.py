"""What a snapshot puts right, what it leaves alone, and what it removes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consumer.core.actions import (
    Change,
    DeleteItem,
    Outcome,
    Plan,
    RaiseFloor,
    RememberSnapshot,
    UpdateItem,
    WriteTombstone,
)
from consumer.core.decide import decide
from consumer.core.mailbox import Floor, ItemRef, MailboxState, TombstoneState
from consumer.core.snapshot import Asked
from contract.reasons import Reason
from tests.consumer.core.calendar_model import (
    KEY,
    NOW,
    SOURCE,
    WINDOW,
    apply,
    appointment,
    carry_out,
    change,
    edit,
    in_order,
    reloaded,
    snapshot,
    throw_away,
    visible,
)

SOON = appointment(NOW + timedelta(days=3), "soon")
LATER = appointment(NOW + timedelta(days=9), "later")
FAR = appointment(NOW + timedelta(days=60), "far")
TOMORROW = NOW + timedelta(days=1)
OTHER = "o" * 32


def _with(*asked: Asked) -> MailboxState:
    state = MailboxState()
    for one in asked:
        apply(state, [one])
    return reloaded(state)


def _kinds(plan: Plan) -> list[type]:
    """What is done to items and tombstones."""
    return [type(action) for action in in_order(plan) if not isinstance(action, RememberSnapshot)]


def _outcomes(state: MailboxState, *asked: Asked) -> list[Outcome]:
    return [verdict.outcome for verdict in decide(state, asked, WINDOW, NOW).verdicts]


def test_missed_events_are_applied_at_their_revisions() -> None:
    state = _with(change(1, SOON))
    plan = apply(state, [snapshot(9, change(4, LATER), change(7, SOON, OTHER))])
    assert [verdict.outcome for verdict in plan.verdicts] == [Outcome.APPLIED]
    assert {key: items[0].revision for key, items in state.items.items()} == {KEY: 4, OTHER: 7}


def test_what_stands_already_is_left_alone_and_the_snapshot_remembered() -> None:
    state = _with(change(4, SOON))
    plan = apply(state, [snapshot(9, change(4, SOON))])
    assert [type(action) for action in in_order(plan)] == [RememberSnapshot]
    assert [verdict.outcome for verdict in plan.verdicts] == [Outcome.UNCHANGED]
    assert apply(reloaded(state), [snapshot(9, change(4, SOON))]).actions == {}, (
        "the same snapshot again writes nothing"
    )


def test_a_leftover_is_removed_and_a_tombstone_says_as_of_when() -> None:
    state = _with(change(4, SOON))
    covered = snapshot(9)
    plan = apply(state, [covered])
    assert _kinds(plan) == [WriteTombstone, DeleteItem]
    tombstone = state.tombstones[KEY]
    assert (tombstone.state, tombstone.revision, tombstone.absent) == (TombstoneState.ABSENT, 9, covered.coverage)
    assert visible(state) == []
    assert state.floors[SOURCE].last == covered.coverage


@pytest.mark.parametrize(
    ("present", "days", "source"),
    [
        (change(10, SOON), (-7, 30), SOURCE),  # newer than the snapshot
        (change(4, SOON), (-7, 30), "t" * 16),  # of another source
        (change(4, SOON), (4, 30), SOURCE),  # outside
        (change(4, appointment(NOW + timedelta(days=3), hours=24)), (-7, 4), SOURCE),  # ends with it: wholly inside
        (change(4, appointment(NOW + timedelta(days=3), hours=25)), (-7, 4), SOURCE),  # only overlaps it
        (change(4, appointment(NOW + timedelta(days=3), hours=25)), (3, 5), SOURCE),  # begins with it: wholly inside
    ],
    ids=["newer", "other source", "before", "ends with it", "overlaps", "begins with it"],
)
def test_absence_removes_only_what_it_speaks_of(present: Change, days: tuple[int, int], source: str) -> None:
    state = _with(present)
    apply(state, [snapshot(9, days=days, source=source)])
    inside = days in ((3, 5),) or (days == (-7, 4) and present.appointment is not None and _hours(present) == 24)
    assert bool(visible(state)) is not inside


def _hours(present: Change) -> float:
    assert present.appointment is not None
    return (present.appointment.fields.end - present.appointment.fields.start) / timedelta(hours=1)


def test_history_is_not_removed() -> None:
    past = appointment(NOW - timedelta(days=20), "past")
    state = _with(change(4, SOON))
    (item,) = state.items[KEY]
    state.items[KEY] = (replace(item, start=past.fields.start, end=past.fields.end),)
    assert _kinds(apply(state, [snapshot(9, days=(-60, 30))])) == []


def test_an_older_event_of_an_unknown_booking_inside_is_stale() -> None:
    state = _with(snapshot(9))
    assert _outcomes(state, change(8, SOON)) == [Outcome.STALE]
    assert _outcomes(state, change(9, SOON)) == [Outcome.STALE]
    assert _outcomes(state, change(10, SOON)) == [Outcome.APPLIED]
    assert _outcomes(state, change(8, FAR)) == [Outcome.APPLIED], "the snapshot did not speak of that time"
    assert _outcomes(state, change(8, SOON, forced=True)) == [Outcome.APPLIED]


def test_a_delayed_move_out_of_the_interval_survives_the_removal() -> None:
    """The booking moved away, and the snapshot arrived before the event that says so."""
    state = _with(change(4, SOON), snapshot(9))
    assert _outcomes(state, change(5, LATER)) == [Outcome.STALE], "inside: that was no longer so"
    assert _outcomes(state, change(5, FAR)) == [Outcome.APPLIED]
    assert _outcomes(state, change(10, LATER)) == [Outcome.APPLIED]


def test_what_was_removed_stays_so_when_another_interval_was_the_last_one() -> None:
    state = _with(change(4, SOON), snapshot(9), snapshot(12, days=(40, 60)))
    assert state.floors[SOURCE].last == snapshot(12, days=(40, 60)).coverage
    for late in (change(3, FAR), change(4, SOON), change(5, LATER)):
        assert _outcomes(state, late) == [Outcome.STALE]


def test_a_booking_that_was_missing_by_mistake_comes_back_at_its_old_revision_and_stays() -> None:
    state = _with(change(4, SOON), snapshot(9))
    for as_of in (12, 15, 20):
        plan = apply(state, [snapshot(as_of, change(4, SOON))])
        state = reloaded(state)
        assert [(key, len(items)) for key, items in state.items.items()] == [(KEY, 1)]
        assert plan.verdicts[0].outcome is (Outcome.APPLIED if as_of == 12 else Outcome.UNCHANGED)
    edit(state)
    plan = apply(state, [snapshot(30, change(4, SOON))])
    assert _kinds(plan) == [UpdateItem], "and it is looked after as before"
    assert _outcomes(reloaded(state), change(31, LATER)) == [Outcome.APPLIED]


def test_an_explicit_cancellation_is_not_undone_by_a_snapshot() -> None:
    state = _with(change(4, SOON), change(5, None))
    assert _outcomes(state, snapshot(9, change(4, SOON))) == [Outcome.STALE]


def test_a_snapshot_passes_a_floor_below_it() -> None:
    state = MailboxState(floors={SOURCE: Floor(ItemRef("floor", "ck"), SOURCE, 8)})
    assert _outcomes(reloaded(state), snapshot(9, change(4, SOON))) == [Outcome.APPLIED]
    (verdict,) = decide(reloaded(state), [snapshot(8, change(4, SOON))], WINDOW, NOW).verdicts
    assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.TOO_OLD)


def test_the_floor_keeps_its_revision_and_its_snapshot() -> None:
    state = MailboxState(floors={SOURCE: Floor(ItemRef("floor", "ck"), SOURCE, 8)})
    apply(state, [snapshot(9)])
    assert state.floors[SOURCE].revision == 8
    expired = _with(change(4, SOON), change(12, None)).tombstones[KEY]
    state.tombstones[KEY] = replace(expired, expires=NOW)
    state.tidy = False
    plan = apply(state, [])
    assert next(type(action) for action in in_order(plan)) is RaiseFloor
    assert (state.floors[SOURCE].revision, state.floors[SOURCE].last) == (12, snapshot(9).coverage)


def test_a_floor_is_written_once_in_a_round() -> None:
    state = _with(change(4, SOON), change(5, None))
    state.tombstones[KEY] = replace(state.tombstones[KEY], expires=NOW)
    plan = apply(state, [snapshot(9)])
    assert [type(action) for action in in_order(plan)] == [RememberSnapshot]


def test_an_older_snapshot_is_stale_or_superseded() -> None:
    newer, older = snapshot(9, change(4, SOON)), snapshot(8)
    assert _outcomes(_with(newer), older) == [Outcome.STALE]
    for asked in ([newer, older], [older, newer]):
        assert sorted(_outcomes(MailboxState(), *asked)) == [Outcome.APPLIED, Outcome.SUPERSEDED]
    wider = snapshot(8, change(4, SOON), days=(-7, 90))
    assert _outcomes(_with(newer), wider) == [Outcome.UNCHANGED], "it speaks of more than the newer one"


def test_a_snapshot_and_single_events_of_one_round() -> None:
    state = _with(change(4, SOON))
    plan = apply(state, [change(5, LATER), snapshot(9, change(5, LATER)), change(10, SOON), change(6, SOON, OTHER)])
    assert [one.outcome for one in plan.verdicts] == [
        Outcome.SUPERSEDED,
        Outcome.SUPERSEDED,
        Outcome.APPLIED,
        Outcome.STALE,
    ]
    assert visible(state) == [(KEY, SOON.digest)]


def test_a_snapshot_waits_for_all_of_its_bookings() -> None:
    one = snapshot(9, change(4, SOON), change(5, LATER, OTHER))
    plan = decide(_with(change(3, SOON, "g" * 32)), [one], WINDOW, NOW)
    assert {KEY, OTHER, "g" * 32} < set(plan.waits_for[one.key])


def test_two_parts_of_one_snapshot_are_remembered_together() -> None:
    state = _with(snapshot(9, days=(-7, 30)), snapshot(9, days=(30, 60)))
    last = state.floors[SOURCE].last
    assert last is not None
    assert (last.start, last.end) == (NOW - timedelta(days=7), NOW + timedelta(days=60))


def test_crash_after_every_write_of_a_snapshot() -> None:
    before = _with(change(1, SOON, "1" * 32), change(2, LATER, "2" * 32), change(3, LATER, "3" * 32))
    edit(before, "1" * 32)
    throw_away(before, "2" * 32)
    one = snapshot(9, change(1, SOON, "1" * 32), change(2, LATER, "2" * 32), change(7, SOON, "7" * 32))
    wanted = sorted([("1" * 32, SOON.digest), ("2" * 32, LATER.digest), ("7" * 32, SOON.digest)])
    writes = carry_out(reloaded(before), decide(before, [one], WINDOW, NOW))
    assert writes == 6
    for written in range(writes):
        state = reloaded(before)
        carry_out(state, decide(state, [one], WINDOW, NOW), stop_after=written)
        state = reloaded(state)
        apply(state, [one])
        assert visible(state) == wanted
        assert all(item.as_written for items in state.items.values() for item in items)
        assert apply(reloaded(state), [one]).actions == {}
