"""The ladder, as a table and as what holds for every way up it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.ladder import MAILBOX_PATIENCE, Belongs, Climb, GiveUp, RetryOn, next_step

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
RUNGS = ("30s", "2m", "10m", "1h")
DAY = timedelta(days=1)
UP = None
"""In the table: given up."""

rungs = st.lists(st.from_regex(r"[1-9][0-9]?[smh]", fullmatch=True), min_size=1, max_size=6, unique=True).map(tuple)
climbs = st.builds(
    Climb, st.integers(0, 12), st.none() | st.timedeltas(timedelta(), 40 * DAY).map(lambda age: NOW - age)
)


@pytest.mark.parametrize(
    ("belongs", "attempts", "age", "rung"),
    [
        # What belongs to the event climbs, however old it is, and is given up at the top.
        (Belongs.EVENT, 0, None, "30s"),
        (Belongs.EVENT, 1, timedelta(seconds=40), "2m"),
        (Belongs.EVENT, 2, timedelta(minutes=3), "10m"),
        (Belongs.EVENT, 3, timedelta(minutes=13), "1h"),
        (Belongs.EVENT, 4, timedelta(hours=2), UP),
        (Belongs.EVENT, 9, timedelta(hours=2), UP),
        (Belongs.EVENT, 0, 60 * DAY, "30s"),
        # What belongs to the mailbox waits long at once, and is given up by its age alone.
        (Belongs.MAILBOX, 0, None, "10m"),
        (Belongs.MAILBOX, 1, timedelta(minutes=10), "1h"),
        (Belongs.MAILBOX, 4, timedelta(hours=4), "1h"),
        (Belongs.MAILBOX, 340, MAILBOX_PATIENCE - timedelta(seconds=1), "1h"),
        (Belongs.MAILBOX, 340, MAILBOX_PATIENCE, UP),
        (Belongs.MAILBOX, 1, 15 * DAY, UP),
        # What was only put off waits shortly, whatever it has been through.
        (Belongs.NOBODY, 0, None, "30s"),
        (Belongs.NOBODY, 4, DAY, "30s"),
        (Belongs.NOBODY, 340, 15 * DAY, "30s"),
    ],
)
def test_the_table(belongs: Belongs, attempts: int, age: timedelta | None, rung: str | None) -> None:
    first = None if age is None else NOW - age
    climb = Climb(attempts, first)
    step = next_step(belongs, climb, NOW, RUNGS)
    if rung is None:
        assert step == GiveUp()
    elif belongs is Belongs.NOBODY:
        assert step == RetryOn(rung, climb)
    else:
        assert step == RetryOn(rung, Climb(attempts + 1, first or NOW))


@pytest.mark.parametrize("belongs", list(Belongs))
def test_a_ladder_of_one_rung(belongs: Belongs) -> None:
    step = next_step(belongs, Climb(), NOW, ("1m",))
    assert isinstance(step, RetryOn)
    assert step.rung == "1m"


@given(rungs, st.lists(st.timedeltas(timedelta(seconds=1), 3 * DAY), min_size=12, max_size=12))
def test_an_event_is_given_up_after_exactly_as_many_attempts_as_there_are_rungs(
    ladder: tuple[str, ...], waits: list[timedelta]
) -> None:
    now, climb, taken = NOW, Climb(), []
    for wait in waits:
        step = next_step(Belongs.EVENT, climb, now, ladder)
        if isinstance(step, GiveUp):
            break
        taken.append(step.rung)
        climb, now = step.climb, now + wait
    assert tuple(taken) == ladder, "each rung once, the shortest first"
    assert climb == Climb(len(ladder), NOW), "the first failure stays the first"


@given(rungs, st.lists(st.timedeltas(timedelta(minutes=1), 2 * DAY), min_size=1, max_size=60))
def test_a_mailbox_is_waited_for_for_two_weeks_and_never_longer(
    ladder: tuple[str, ...], waits: list[timedelta]
) -> None:
    now, climb = NOW, Climb()
    for wait in waits:
        step = next_step(Belongs.MAILBOX, climb, now, ladder)
        assert isinstance(step, GiveUp) is (now - NOW >= MAILBOX_PATIENCE)
        if isinstance(step, GiveUp):
            break
        climb, now = step.climb, now + wait


@given(climbs, rungs, st.lists(st.sampled_from(Belongs), max_size=30))
def test_putting_off_changes_nothing_of_the_climb(
    climb: Climb, ladder: tuple[str, ...], failures: list[Belongs]
) -> None:
    """The same failures with and without being put off in between end on the same rungs."""
    alone, between = climb, climb
    for belongs in failures:
        put_off = next_step(Belongs.NOBODY, between, NOW, ladder)
        assert put_off == RetryOn(ladder[0], between)
        one, other = next_step(belongs, alone, NOW, ladder), next_step(belongs, put_off.climb, NOW, ladder)
        assert one == other
        if isinstance(one, GiveUp) or isinstance(other, GiveUp):
            return
        alone, between = one.climb, other.climb
