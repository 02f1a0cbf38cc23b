"""The stream of events: the same for the same seed, big enough, shuffled and repeated, and legal."""

import random
from collections import Counter
from datetime import UTC, date, datetime

from contract.codec import decode
from contract.event import BookingChanged, CancelledEvent, ChangedEvent
from deploy.sandbox import studio
from deploy.sandbox.chaos.events import Due, History, churned, histories, only, stream
from deploy.sandbox.chaos.verdict import Model
from deploy.sandbox.comparison import expected_calendars
from deploy.sandbox.directory import Entry
from deploy.sandbox.studio_staff import resources, staff

DIRECTORY = [
    *(Entry("person", one.id, one.mailbox, one.name) for one in staff()),
    *(Entry("room", one.name, one.mailbox, one.name, one.kind) for one in resources()),
]
VERSIONS = studio.versions(3, date(2026, 12, 1))
SOURCE = "chaos://house-1"


def made(seed: int) -> tuple[list[History], list[Due]]:
    rng = random.Random(seed)
    found = churned(rng, histories(VERSIONS, DIRECTORY, SOURCE))
    return found, stream(rng, found)


def test_a_seed_decides_everything() -> None:
    assert made(1) == made(1)
    assert made(1)[1] != made(2)[1]


def test_without_churn_the_end_is_the_last_version() -> None:
    """The model of the run and that of the demo are worked out in different ways, and agree."""
    model = Model()
    for due in stream(random.Random(5), histories(VERSIONS, DIRECTORY, SOURCE)):
        model.note(due.event)
    expected = expected_calendars(VERSIONS[-1], DIRECTORY, SOURCE)
    wanted = {
        mailbox: {key: one.item for key, one in bookings.items() if one.item is not None}
        for mailbox, bookings in model.calendars(expected).items()
    }
    assert wanted == expected


def test_two_houses_are_more_than_ten_thousand_events() -> None:
    found, published = made(1)
    assert 2 * len({due.event.id for due in published}) > 10_000
    assert 2 * len({history.mailbox for history in found}) > 300


def test_shuffled_and_repeated() -> None:
    _, published = made(1)
    times = Counter(due.event.id for due in published)
    assert 0.1 < sum(count > 1 for count in times.values()) / len(times) < 0.2
    latest: dict[tuple[str, str], int] = {}
    overtaken = 0
    for due in published:
        where = due.event.mailbox, due.event.booking
        overtaken += due.event.revision < latest.get(where, 0)
        latest[where] = max(due.event.revision, latest.get(where, 0))
    assert overtaken > 100
    assert [due.at for due in published] == sorted(due.at for due in published)
    assert all(0 <= due.at <= 1 for due in published)


def test_revisions_of_a_booking_rise_with_its_history() -> None:
    found, published = made(1)
    by_revision = {due.event.revision: due.event for due in published}
    states: dict[tuple[str, str], list[object]] = {}
    for _, event in sorted(by_revision.items()):
        states.setdefault((event.mailbox, event.booking), []).append(event.content)
    assert states == {(one.mailbox, one.booking): list(one.states) for one in found}
    assert sum(None in one.states for one in found) > 100


def test_every_line_is_an_event_of_the_contract() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for due in made(1)[1]:
        event = decode(due.event.line(now))
        assert (event.id, event.subject, event.time) == (due.event.id, due.event.mailbox, now)
        if due.event.content is None:
            assert isinstance(event, CancelledEvent)
            continue
        assert isinstance(event, ChangedEvent)
        data: BookingChanged = event.data
        assert (data.booking, data.revision, data.title) == (
            due.event.booking, due.event.revision, due.event.content.title
        )  # fmt: skip
        assert (data.start, data.end) == (due.event.content.start, due.event.content.end)


def test_a_part_of_the_mailboxes_and_events() -> None:
    found, _ = made(1)
    kept = only(found, 60, 1300)
    assert len({one.mailbox for one in kept}) == 60
    assert 1250 < sum(len(one.states) for one in kept) < 1350
    assert set(kept) <= set(found)
    assert only(found, None, None) == found
