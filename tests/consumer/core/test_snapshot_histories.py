"""Every history of three events and a true snapshot, in every order, ends in what the schedule says."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import permutations, product

import pytest

from consumer.core.actions import Change
from consumer.core.appointment import Appointment
from consumer.core.decide import decide
from consumer.core.mailbox import MailboxState
from consumer.core.snapshot import Asked, Snapshot
from tests.consumer.core.calendar_model import (
    NOW,
    WINDOW,
    apply,
    appointment,
    carry_out,
    change,
    reloaded,
    snapshot,
    visible,
    wanted,
)

INSIDE = appointment(NOW + timedelta(days=3))
MOVED = appointment(NOW + timedelta(days=5), "Mix, moved")
ELSEWHERE = appointment(NOW + timedelta(days=60), "Mix, outside the snapshot")
ACROSS = appointment(NOW + timedelta(days=29, hours=20), "Mix, across its end")
KINDS = (INSIDE, MOVED, ELSEWHERE, ACROSS, None)
World = tuple[Change, Change, Change]


def worlds(kinds: Sequence[Appointment | None] = KINDS) -> Iterator[World]:
    """What may become of a booking in three revisions."""
    for first, second, third in product(kinds, repeat=3):
        yield change(1, first), change(2, second), change(3, third)


def true_snapshot(world: World, as_of: int) -> Snapshot:
    """What a producer says that knows the world as it was then."""
    last = world[as_of - 1]
    covered = snapshot(as_of).coverage
    fields = last.appointment.fields if last.appointment else None
    present = fields is not None and covered.overlaps(fields.start, fields.end)
    return snapshot(as_of, *([last] if present else []))


def groupings(order: Sequence[Asked]) -> Iterator[list[Sequence[Asked]]]:
    """One by one, in two rounds, and all at once."""
    yield [[one] for one in order]
    yield [order[:2], order[2:]]
    yield [order]


@pytest.mark.parametrize("as_of", [1, 2, 3])
def test_every_order_and_grouping_with_a_true_snapshot(as_of: int) -> None:
    for world in worlds():
        asked: list[Asked] = [*world, true_snapshot(world, as_of)]
        for order in permutations(asked):
            for grouping in groupings(order):
                state = MailboxState()
                for group in grouping:
                    apply(state, group)
                assert visible(state) == wanted(world), (world, grouping)
            state.tidy = False
            assert apply(state, asked).actions == {}, "a replay of what stands writes nothing"


def test_every_order_of_two_true_snapshots() -> None:
    for world in worlds((INSIDE, ELSEWHERE, None)):
        asked: list[Asked] = [*world, true_snapshot(world, 1), true_snapshot(world, 2)]
        for order in permutations(asked):
            state = MailboxState()
            for one in order:
                apply(state, [one])
            assert visible(reloaded(state)) == wanted(world), (world, order)


def test_a_snapshot_mends_what_was_missed() -> None:
    covered = snapshot(3).coverage
    for world in worlds():
        for missed in product((False, True), repeat=3):
            arrived = [one for one, is_missed in zip(world, missed, strict=True) if not is_missed]
            for order in permutations(arrived):
                state = MailboxState()
                history: list[Asked] = [*order, true_snapshot(world, 3), *order]
                for one in history:
                    apply(state, [one])
                inside = [
                    (item.key, item.digest)
                    for items in reloaded(state).items.values()
                    for item in items
                    if covered.holds(item.start, item.end)
                ]
                last = world[2].appointment
                is_inside = last is not None and covered.holds(last.fields.start, last.fields.end)
                assert inside == ([(world[2].key, last.digest)] if last and is_inside else []), (world, order)


def test_a_crash_after_any_write_is_mended_by_redelivery() -> None:
    crashes = 0
    for world in worlds():
        covering = true_snapshot(world, 2)
        history: list[Asked] = [world[0], covering, world[1], world[2]]
        state = MailboxState()
        for position, one in enumerate(history):
            plan = decide(state, [one], WINDOW, NOW)
            for written in range(carry_out(reloaded(state), plan)):
                crashed = reloaded(state)
                carry_out(crashed, plan, stop_after=written)
                crashes += 1
                for again in (*history[position:], *history[: position + 1]):
                    crashed = reloaded(crashed)
                    apply(crashed, [again])
                assert visible(crashed) == wanted(world), (world, position, written)
            apply(state, [one])
    assert crashes > 500
