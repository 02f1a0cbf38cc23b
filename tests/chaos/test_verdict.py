"""The verdict finds every difference that is planted, names its booking, and finds none where there is none."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.sandbox.chaos.parked import Parked
from deploy.sandbox.chaos.verdict import Kind, Own, judge
from deploy.sandbox.comparison import Item
from tests.chaos.samples import ANNA, BO, booking, event, model_of, shown

FIRST = event(1, 1, booking())
SECOND = event(2, 2, booking("Mix", 2))
CANCELLED = event(3, 4, None)
FAR = event(4, 5, booking("Far", 400, far=True))
WANTED = model_of(FIRST, SECOND, event(3, 3, booking("Roto", 3)), CANCELLED, FAR)
RIGHT = {ANNA: [shown(FIRST), shown(SECOND)], BO: []}


def kinds(found: dict[str, list[Item]], *own: Own) -> Counter[Kind]:
    return Counter(difference.kind for difference in judge(WANTED, found, own))


def test_nothing_where_there_is_nothing() -> None:
    assert judge(WANTED, RIGHT) == []
    assert judge(WANTED, {**RIGHT, ANNA: [*RIGHT[ANNA], shown(FAR)]}) == []


def test_the_highest_revision_counts_in_every_order() -> None:
    events = [event(1, 1, booking("Old")), event(1, 3, booking("New", 5)), event(1, 2, None)]
    for order in itertools.permutations(events):
        (wanted,) = model_of(*order)[ANNA].values()
        assert wanted.item == shown(events[1])
    (gone,) = model_of(*events, event(1, 4, None))[ANNA].values()
    assert gone.item is None


def test_lost() -> None:
    (difference,) = judge(WANTED, {ANNA: [shown(FIRST)], BO: []})
    assert (difference.kind, difference.mailbox, difference.booking) == (Kind.LOST, ANNA, "B-2")
    assert kinds({}) == {Kind.LOST: 2}


def test_duplicates() -> None:
    twice = {ANNA: [shown(FIRST), shown(SECOND), shown(SECOND), shown(SECOND)]}
    assert kinds(twice) == {Kind.DUPLICATES: 2}
    one_is_old = {ANNA: [shown(FIRST), replace(shown(SECOND), title="Old"), shown(SECOND)]}
    assert kinds(one_is_old) == {Kind.DUPLICATES: 1}


def test_resurrected() -> None:
    back = shown(event(3, 3, booking("Roto", 3)))
    (difference,) = judge(WANTED, {ANNA: [*RIGHT[ANNA], back]})
    assert (difference.kind, difference.booking) == (Kind.RESURRECTED, "B-3")
    assert kinds({ANNA: [*RIGHT[ANNA], back, back]}) == {Kind.RESURRECTED: 1, Kind.DUPLICATES: 1}


@pytest.mark.parametrize(
    "changed",
    [
        replace(shown(SECOND), title="mix"),
        replace(shown(SECOND), start=shown(SECOND).start + timedelta(seconds=1)),
        replace(shown(SECOND), end=shown(SECOND).end - timedelta(hours=1)),
        replace(shown(SECOND), place="Suite 2"),
        replace(shown(SECOND), category=""),
        replace(shown(SECOND), booking="B-9"),
        replace(shown(SECOND), show_as="Free"),
        replace(shown(SECOND), all_day=True),
        replace(shown(SECOND), private=True),
        replace(shown(SECOND), reminder=True),
    ],
)
def test_wrong_content(changed: Item) -> None:
    (difference,) = judge(WANTED, {ANNA: [shown(FIRST), changed]})
    assert (difference.kind, difference.booking) == (Kind.WRONG, "B-2")


def test_what_was_never_published_is_wrong() -> None:
    assert kinds({**RIGHT, BO: [shown(FIRST)]}) == {Kind.WRONG: 1}


def test_far_away_an_item_may_be_absent_but_not_wrong() -> None:
    assert kinds({ANNA: [*RIGHT[ANNA], replace(shown(FAR), place="Elsewhere")]}) == {Kind.WRONG: 1}


def test_what_the_owner_made_stays_and_nothing_else_is_without_a_mark() -> None:
    copy = replace(shown(FIRST), key="", start=shown(FIRST).start + timedelta(days=1))
    own = Own(ANNA, copy.title, copy.start, must_stay=True)
    assert kinds({ANNA: [*RIGHT[ANNA], copy]}, own) == {}
    assert kinds({ANNA: [*RIGHT[ANNA], copy]}) == {Kind.WRONG: 1}
    assert kinds(RIGHT, own) == {Kind.LOST: 1}
    assert kinds(RIGHT, replace(own, must_stay=False)) == {}
    # Still marked, it stands in the calendar as the booking's second item.
    assert kinds({ANNA: [*RIGHT[ANNA], replace(copy, key=shown(FIRST).key)]}, own) == {
        Kind.DUPLICATES: 1,
        Kind.LOST: 1,
    }


@pytest.mark.parametrize(
    ("reason", "error", "refused"),
    [
        ("rejected_by_exchange", "SchemaValidation: The server was told to fail here.", True),
        ("rejected_by_exchange", "HTTP413: Request Entity Too Large", True),
        ("rejected_by_exchange", "InvalidUserInfo: nobody ordered this", False),
        ("exchange_unavailable", "SchemaValidation: The server was told to fail here.", False),
        ("conflict", "IrresolvableConflict", False),
    ],
)
def test_only_what_exchange_refused_on_demand_may_be_parked(reason: str, error: str, refused: bool) -> None:
    assert Parked(ANNA, "B-1", 1, reason, error).was_refused is refused
