"""The guard against sources that have lost something: what it stops, and what it lets through."""

import pytest

from producers.sync.difference import Entry, Place
from producers.sync.guard import shrinking, too_many
from producers.sync.schedule import Booking, Content, ObjectKind, ScheduledObject, content_of
from producers.sync.window import EVERYTHING, Window
from tests.producers.test_window import COPENHAGEN, MONDAY

ANNA = ScheduledObject(ObjectKind.PERSON, "1")
SUITE = ScheduledObject(ObjectKind.ROOM, "Suite 4")
NEXT_DAY = content_of({"title": "x", "start": "2026-11-24T08:00:00Z", "end": "2026-11-24T09:00:00Z"})
LAST_MONTH = content_of({"title": "x", "start": "2026-10-24T08:00:00Z", "end": "2026-10-24T09:00:00Z"})


def standing(count: int, content: Content | None = NEXT_DAY, first: int = 0) -> dict[Place, Entry]:
    """So many bookings of Anna's in Suite 4."""
    return {
        Place(f"{item.kind}@example.com", str(number)): Entry(1, content, frozenset([item]))
        for number in range(first, first + count)
        for item in (ANNA, SUITE)
    }


def schedule(count: int, *objects: ScheduledObject) -> dict[str, Booking]:
    return {str(number): Booking(str(number), NEXT_DAY, frozenset(objects or (ANNA, SUITE))) for number in range(count)}


@pytest.mark.parametrize(
    ("gone", "of", "stops"),
    [(5, 6, False), (6, 6, True), (6, 20, False), (7, 20, True), (6, 19, True), (300, 1000, False), (301, 1000, True)],
)
def test_more_than_a_share_and_more_than_a_few(gone: int, of: int, stops: bool) -> None:
    assert too_many(gone, of) is stops


def test_bookings_that_are_gone() -> None:
    assert shrinking(standing(20), schedule(14), EVERYTHING) is None
    said = shrinking(standing(20), schedule(13), EVERYTHING)
    assert said is not None
    assert "7 of 20 bookings" in said
    assert "--accept-shrink" in said
    assert shrinking(standing(20), schedule(13), EVERYTHING, accept_shrink=True) is None


def test_a_few_bookings_may_go_but_not_the_last_ones_without_a_word() -> None:
    assert shrinking(standing(5), schedule(1), EVERYTHING) is None
    said = shrinking(standing(1), {}, EVERYTHING, accept_shrink=True)
    assert said is not None
    assert "--allow-empty" in said
    assert shrinking(standing(1), {}, EVERYTHING, allow_empty=True) is None
    assert shrinking({}, {}, EVERYTHING) is None
    assert shrinking(standing(9, None), {}, EVERYTHING) is None


def test_people_who_are_gone_from_bookings_that_are_left() -> None:
    said = shrinking(standing(20), schedule(20, SUITE), EVERYTHING)
    assert said is not None
    assert "for 40 people and rooms in all, and the schedule has lost 20 of them" in said
    assert shrinking(standing(20), schedule(20, SUITE), EVERYTHING, accept_shrink=True) is None


def test_reassigning_everything_is_no_loss() -> None:
    bo = ScheduledObject(ObjectKind.PERSON, "2")
    assert shrinking(standing(20), schedule(20, bo, SUITE), EVERYTHING) is None


def test_history_is_not_counted() -> None:
    window = Window.around(MONDAY, 0, 7, COPENHAGEN)
    published = {**standing(100, LAST_MONTH, first=100), **standing(20)}
    assert shrinking(published, schedule(14), window) is None
    said = shrinking(published, schedule(13), window)
    assert said is not None
    assert "7 of 20" in said
    assert shrinking(standing(100, LAST_MONTH), {}, window) is None
