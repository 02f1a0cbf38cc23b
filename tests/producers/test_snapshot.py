"""Cutting snapshots to size: disjoint intervals that cover all, each booking in each interval that it overlaps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codec import decode, encode
from contract.event import MAX_NOTES_BYTES, MAX_SNAPSHOT_BYTES, BookingChanged, SnapshotEvent
from producers.sync.snapshot import Listed, Snapshots, snapshots

START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=30)


def listed(number: int, first_hour: float, hours: float, notes: int = 0) -> Listed:
    start = START + timedelta(hours=first_hour)
    end = start + timedelta(hours=hours)
    data = BookingChanged(
        booking=f"B-{number}", revision=number, title="Grading", start=start, end=end, notes="ø" * (notes // 2)
    )
    return Listed.of(data, (start, end))


def encoded(data: Snapshots) -> list[bytes]:
    return [
        encode(
            SnapshotEvent(id=uuid4().hex, source="test://x", subject="a" * 200 + "@example.com", time=START, data=part)
        )
        for part in data.parts
    ]


def ids(data: Snapshots) -> list[list[str]]:
    return [[booking.booking for booking in part.bookings] for part in data.parts]


def test_a_small_one_is_one_message_with_what_overlaps_the_interval() -> None:
    inside = [listed(1, 0, 0), listed(2, -5, 6), listed(3, 24 * 30 - 1, 50)]
    outside = [listed(4, -5, 5), listed(5, 24 * 30, 1), listed(6, 24 * 30, 0)]
    found = snapshots([*outside, *inside], START, END, 9)
    assert ids(found) == [["B-2", "B-1", "B-3"]]
    assert (found.parts[0].start, found.parts[0].end, found.parts[0].as_of) == (START, END, 9)
    assert found.alone == ()
    assert ids(snapshots([], START, END, 9)) == [[]]


def test_a_big_one_becomes_several_messages_that_can_be_decoded() -> None:
    bookings = [listed(number, number * 7, 8, MAX_NOTES_BYTES) for number in range(100)]
    found = snapshots(bookings, START, END, 100)
    bodies = encoded(found)
    assert len(bodies) > 3
    assert all(len(body) <= MAX_SNAPSHOT_BYTES for body in bodies)
    assert all(decode(body).type == "schedule.mailbox.snapshot.v1" for body in bodies)
    assert {booking for part in ids(found) for booking in part} == {one.data.booking for one in bookings}


def test_what_goes_on_all_at_once_and_is_too_much_is_sent_alone() -> None:
    together = [listed(number, 50, 8, MAX_NOTES_BYTES) for number in range(40)]
    before, after = listed(98, 10, 1), listed(99, 100, 1)
    found = snapshots([*together, before, after], START, END, 100)
    assert {one.booking for one in found.alone} >= {one.data.booking for one in together}
    assert ["B-98"] in ids(found)
    assert ["B-99"] in ids(found)


HOURS = st.integers(-30, 24 * 31)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(HOURS, st.integers(0, 100), st.integers(0, 400)), max_size=25),
    st.integers(5_000, 12_000),
)
def test_intervals_are_disjoint_and_cover_and_list_exactly_what_overlaps(
    made: list[tuple[int, int, int]], limit: int
) -> None:
    bookings = [listed(number, *shape) for number, shape in enumerate(made)]
    found = snapshots(bookings, START, END, 100, limit)
    assert all(len(body) <= limit for body in encoded(found))
    parts = sorted(found.parts, key=lambda part: part.start)
    assert all(first.end <= second.start for first, second in pairwise(parts))
    for part in parts:
        overlapping = {one.data.booking for one in bookings if one.overlaps(part.start, part.end)}
        assert {booking.booking for booking in part.bookings} == overlapping
    said = {booking.booking for part in parts for booking in part.bookings} | {data.booking for data in found.alone}
    assert said == {one.data.booking for one in bookings if one.overlaps(START, END)}
    listed_ids = {booking.booking for part in parts for booking in part.bookings}
    assert len(found.alone) == len({data.booking for data in found.alone} - listed_ids)
    edges = [START, *(edge for part in parts for edge in (part.start, part.end)), END]
    for first, second in zip(edges[::2], edges[1::2], strict=True):
        # Nothing is left out but what is too much for one message.
        assert first == second or sum(one.size for one in bookings if one.overlaps(first, second)) > limit - 4096
