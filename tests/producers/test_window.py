"""The business window: local midnights, membership by overlap, and what is published as days go by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.sync.difference import Change, Difference, Entry, Place, difference
from producers.sync.schedule import Booking, Content, ObjectKind, ScheduledObject, content_of
from producers.sync.window import EVERYTHING, Side, Window

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


def timed(start: str, end: str) -> Content:
    return content_of({"title": "x", "start": start, "end": end})


def all_day(first: str, after: str, zone: str | None = None) -> Content:
    fields = {"title": "x", "all_day": True, "start": first, "end": after}
    return content_of(fields if zone is None else {**fields, "timezone": zone})


def test_the_edges_are_local_midnights_also_over_a_clock_change() -> None:
    window = Window.around(datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 0, 7, COPENHAGEN)  # there it is the 25th
    assert window.start == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert window.end == datetime(2026, 11, 1, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "side"),
    [
        (timed("2026-11-22T22:00:00+01:00", "2026-11-23T00:00:00+01:00"), Side.BEFORE),
        (timed("2026-11-22T22:00:00+01:00", "2026-11-23T00:00:01+01:00"), Side.INSIDE),
        (timed("2026-11-23T00:00:00+01:00", "2026-11-23T00:00:00+01:00"), Side.INSIDE),
        (timed("2026-11-22T23:00:00Z", "2026-11-22T23:00:00Z"), Side.INSIDE),
        (timed("2026-11-30T23:59:59+01:00", "2026-12-01T01:00:00+01:00"), Side.INSIDE),
        (timed("2026-12-01T00:00:00+01:00", "2026-12-01T01:00:00+01:00"), Side.BEYOND),
        (timed("2026-11-01T00:00:00+01:00", "2027-12-01T01:00:00+01:00"), Side.INSIDE),
        (all_day("2026-11-22", "2026-11-23"), Side.BEFORE),
        (all_day("2026-11-22", "2026-11-23", "America/New_York"), Side.INSIDE),
        (all_day("2026-11-30", "2026-12-01"), Side.INSIDE),
        (all_day("2026-12-01", "2026-12-02"), Side.BEYOND),
        (all_day("2026-12-01", "2026-12-02", "Asia/Tokyo"), Side.INSIDE),
    ],
)
def test_a_booking_is_inside_by_overlap(content: Content, side: Side) -> None:
    window = Window.around(MONDAY, 0, 7, COPENHAGEN)
    assert window.side(content) is side
    assert window.side(content) is side  # the second time it is remembered
    assert EVERYTHING.side(content) is Side.INSIDE


def test_an_edge_on_one_side_alone() -> None:
    future = Window.around(MONDAY, 0, None, COPENHAGEN)
    assert future.side(timed("2190-01-01T00:00:00Z", "2190-01-02T00:00:00Z")) is Side.INSIDE
    assert future.side(timed("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z")) is Side.BEFORE
    past = Window.around(MONDAY, None, 7, COPENHAGEN)
    assert past.side(timed("1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z")) is Side.INSIDE
    assert past.side(timed("2026-12-21T00:00:00Z", "2026-12-22T00:00:00Z")) is Side.BEYOND


ANNA = ScheduledObject(ObjectKind.PERSON, "1")
BO = ScheduledObject(ObjectKind.PERSON, "2")
DIRECTORY = {ANNA: "anna@example.com", BO: "bo@example.com"}
FIRST_DAY = date(2026, 1, 1)
State = dict[Place, Entry]


def on(day: int, title: str = "x", days: int = 1) -> Content:
    """A booking of whole days; days are counted."""
    first = FIRST_DAY + timedelta(days=day)
    return content_of(
        {
            "title": title,
            "all_day": True,
            "start": str(first),
            "end": str(first + timedelta(days=days)),
            "timezone": "UTC",
        }
    )


def window_of(today: int, before: int = 0, after: int = 7) -> Window:
    now = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=today, hours=10)
    return Window.around(now, before, after, ZoneInfo("UTC"))


def schedule(**contents: Content) -> dict[str, Booking]:
    return {key: Booking(key, content, frozenset([ANNA])) for key, content in contents.items()}


def after(state: State, found: Difference, revision: int) -> State:
    result = dict(state)
    for change in found.publish:
        result[change.place] = Entry(revision, change.content, change.holders, change.inside)
    for change in found.record:
        assert change.content == state[change.place].content, "recorded without an event, and other than published"
        result[change.place] = Entry(state[change.place].revision, change.content, change.holders, change.inside)
    return result


def published(found: Difference) -> list[tuple[str, Content | None]]:
    return [(change.place.booking, change.content) for change in found.publish]


@dataclass
class Days:
    """A state that lives through days."""

    state: State

    def pass_to(self, today: int, bookings: dict[str, Booking], before: int = 0) -> list[tuple[str, Content | None]]:
        found = difference(self.state, bookings, DIRECTORY, window_of(today, before))
        self.state = after(self.state, found, today)
        again = difference(self.state, bookings, DIRECTORY, window_of(today, before))
        assert again == Difference((), (), frozenset()), "a second run on the same day"
        return published(found)


def test_a_booking_is_published_on_the_day_on_which_the_window_reaches_it() -> None:
    days, plan = Days({}), schedule(near=on(3), far=on(9))
    assert days.pass_to(0, plan) == [("near", on(3))]
    assert days.pass_to(1, plan) == []
    assert days.pass_to(2, plan) == [("far", on(9))]


def test_what_has_left_the_window_is_left_alone_also_when_the_source_drops_or_changes_it() -> None:
    days = Days({})
    days.pass_to(0, schedule(a=on(0), b=on(0)))
    assert days.pass_to(1, schedule(a=on(0, "renamed"))) == []
    assert days.pass_to(2, {}) == []
    assert days.state[Place("anna@example.com", "b")].content == on(0)


def test_the_past_is_never_published_for_the_first_time() -> None:
    assert Days({}).pass_to(5, schedule(a=on(4), b=on(5))) == [("b", on(5))]
    assert Days({}).pass_to(5, schedule(a=on(4), b=on(5)), before=7) == [("a", on(4)), ("b", on(5))]


@pytest.mark.parametrize("day", [100, 2])
def test_what_is_retimed_out_of_the_window_is_published_as_retimed(day: int) -> None:
    days = Days({})
    days.pass_to(3, schedule(a=on(5)))
    assert days.pass_to(3, schedule(a=on(day))) == [("a", on(day))]
    assert days.pass_to(3, schedule(a=on(day))) == []
    assert days.pass_to(3, schedule(a=on(6))) == [("a", on(6))]


def test_what_was_published_beyond_the_window_is_sent_again_when_the_window_reaches_it() -> None:
    """Beyond the window the consumer may have written nothing but a tombstone."""
    days = Days({})
    days.pass_to(0, schedule(a=on(5)))
    days.pass_to(0, schedule(a=on(20)))
    assert days.pass_to(12, schedule(a=on(20))) == []
    assert days.pass_to(13, schedule(a=on(20))) == [("a", on(20))]
    assert days.pass_to(14, schedule(a=on(20))) == []


def test_what_stands_beyond_the_window_can_be_changed_and_cancelled() -> None:
    days = Days({})
    days.pass_to(0, schedule(a=on(5), b=on(5)))
    days.pass_to(0, schedule(a=on(20), b=on(20)))
    assert days.pass_to(0, schedule(a=on(21))) == [("a", on(21)), ("b", None)]


def test_a_booking_of_the_past_that_is_moved_ahead_is_published_when_the_window_reaches_it() -> None:
    days = Days({})
    days.pass_to(0, schedule(a=on(0)))
    assert days.pass_to(2, schedule(a=on(12))) == []
    assert days.pass_to(5, schedule(a=on(12))) == [("a", on(12))]


def test_without_a_window_everything_is_published_that_was_held_back() -> None:
    days = Days({})
    days.pass_to(10, schedule(a=on(1), b=on(12), c=on(90)))
    found = difference(days.state, schedule(a=on(1), b=on(12), c=on(90)), DIRECTORY)
    assert published(found) == [("a", on(1)), ("c", on(90))]


VERSIONS = st.dictionaries(
    st.sampled_from(["A", "B", "C"]),
    st.tuples(
        st.builds(on, st.integers(-3, 25), st.sampled_from(["x", "y"]), st.integers(1, 4)),
        st.frozensets(st.sampled_from([ANNA, BO])),
    ),
    max_size=3,
).map(lambda made: {key: Booking(key, content, objects) for key, (content, objects) in made.items()})


def apply(calendars: dict[Place, Content], changes: Iterable[Change], window: Window) -> None:
    """A consumer with the same window: beyond it nothing new is written; history stays."""
    for change in changes:
        standing = calendars.get(change.place)
        history = standing is not None and window.side(standing) is Side.BEFORE
        if change.content is None:
            if not history:
                calendars.pop(change.place, None)
        elif change.inside or (standing is not None and not history):
            calendars[change.place] = change.content


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), VERSIONS), min_size=1, max_size=6), st.booleans())
def test_whatever_happens_each_day_the_window_shows_the_schedule_and_history_stays(
    days: list[tuple[int, dict[str, Booking]]], break_off: bool
) -> None:
    state: State = {}
    calendars: dict[Place, Content] = {}
    today = 0
    for revision, (passed, bookings) in enumerate(days):
        today += passed
        window = window_of(today, before=1)
        history = {place: content for place, content in calendars.items() if window.side(content) is Side.BEFORE}
        if break_off and revision % 2:  # all arrive, none is confirmed: the next run knows only that it was announced
            found = difference(state, bookings, DIRECTORY, window)
            apply(calendars, found.publish, window)
            for change in found.publish:
                state[change.place] = Entry(revision, change.content, change.holders, change.inside, confirmed=False)
        found = difference(state, bookings, DIRECTORY, window)
        apply(calendars, found.publish, window)
        state = after(state, found, revision)
        wanted = {
            Place(DIRECTORY[item], booking.id): booking.content
            for booking in bookings.values()
            for item in booking.objects
            if window.side(booking.content) is Side.INSIDE
        }
        assert {p: content for p, content in calendars.items() if window.side(content) is Side.INSIDE} == wanted
        assert all(calendars[place] == content for place, content in history.items() if place not in wanted)
        assert difference(state, bookings, DIRECTORY, window) == Difference((), (), frozenset())
