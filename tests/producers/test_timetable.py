"""When a running sync updates, and how requests are merged and read."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from producers.sync.request import Kind, Request, UnknownName, merged, read_name
from producers.sync.schedule import ObjectKind, ScheduledObject
from producers.sync.timetable import AFTER_A_FAILURE, Timetable

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ANNA = ScheduledObject(ObjectKind.PERSON, "1")


@pytest.mark.parametrize(
    ("at", "now", "due"),
    [
        (time(6), "2026-11-23T04:59Z", "2026-11-23T05:00Z"),
        (time(6), "2026-11-23T05:00Z", "2026-11-24T05:00Z"),
        (time(0), "2026-11-23T22:59Z", "2026-11-23T23:00Z"),
        (time(2, 30), "2026-03-28T12:00Z", "2026-03-29T01:30Z"),  # the clocks skip it: 03:30
        (time(2, 30), "2026-10-24T12:00Z", "2026-10-25T00:30Z"),  # it comes twice: the first
        (time(2, 30), "2026-10-25T00:30Z", "2026-10-26T01:30Z"),
    ],
)
def test_the_update_time_is_local(at: time, now: str, due: str) -> None:
    moment = datetime.fromisoformat(now)
    assert Timetable(None, at, COPENHAGEN).next_daily(moment) == datetime.fromisoformat(due)
    assert Timetable(None, None, COPENHAGEN).next_daily(moment) is None


def test_a_failed_update_is_tried_again_soon() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    assert Timetable(minute, None, COPENHAGEN).next_change(now, failed=False) == now + minute
    assert Timetable(minute, None, COPENHAGEN).next_change(now, failed=True) == now + minute
    assert Timetable(hour, None, COPENHAGEN).next_change(now, failed=False) == now + hour
    assert Timetable(hour, None, COPENHAGEN).next_change(now, failed=True) == now + AFTER_A_FAILURE
    assert Timetable(None, time(6), COPENHAGEN).next_change(now, failed=False) is None
    assert Timetable(None, time(6), COPENHAGEN).next_change(now, failed=True) == now + AFTER_A_FAILURE


def test_requests_are_merged_so_that_nobody_is_forgotten() -> None:
    anna, bo = Request(Kind.NOW, frozenset([ANNA])), Request(Kind.NOW, frozenset(["bo@example.com"]))
    assert merged(None, anna) == anna
    assert merged(anna, bo) == Request(Kind.NOW, frozenset([ANNA, "bo@example.com"]))
    assert merged(anna, Request(Kind.NOW)) == Request(Kind.NOW)
    assert merged(Request(Kind.AGAIN), Request()) == Request(Kind.AGAIN)


def test_names_are_mailboxes_or_objects() -> None:
    assert read_name("Anna@Example.com") == "anna@example.com"
    assert read_name("person:1") == ANNA
    assert read_name("room:Suite 4: left") == ScheduledObject(ObjectKind.ROOM, "Suite 4: left")
    for wrong in ("anna", "car:1", "person:", ""):
        with pytest.raises(ValueError, match="or an object, like person:123"):
            read_name(wrong)


def test_who_is_named_must_be_known() -> None:
    directory = {ANNA: "anna@example.com"}
    request = Request(Kind.NOW, frozenset([ANNA, "old@example.com"]))
    named = frozenset(["anna@example.com", "old@example.com"])
    assert request.mailboxes(directory, {"old@example.com": None}) == named
    assert Request(Kind.NOW).mailboxes(directory, {}) is None
    unknown = Request(Kind.NOW, frozenset({read_name("person:2"), "typo@example.com"}))
    with pytest.raises(UnknownName, match=r"person 2, typo@example.com"):
        unknown.mailboxes(directory, {})
