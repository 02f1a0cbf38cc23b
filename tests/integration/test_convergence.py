"""Whatever the order, the calendars end as the schedule says: many events, shuffled and repeated, three replicas."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from contract.event import BookingChanged, Event
from contract.identity import booking_key
from tests.integration.conftest import StartSystem
from tests.integration.system import SOURCE, cancelled, changed

MAILBOXES = [f"person{number:02d}@example.com" for number in range(40)]


def _history(rng: random.Random) -> tuple[list[Event], dict[str, dict[str, tuple[str, datetime]]]]:
    """1,600 events of 400 bookings, and what each calendar must hold after them, by mailbox and key."""
    events: list[Event] = []
    calendars: dict[str, dict[str, tuple[str, datetime]]] = {mailbox: {} for mailbox in MAILBOXES}
    day = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for number in range(400):
        mailbox, booking = rng.choice(MAILBOXES), f"B-{number}"
        key = booking_key(SOURCE, booking)
        for revision in range(1, 5):
            if revision > 1 and rng.random() < 0.2:
                events.append(cancelled(mailbox, booking, revision))
                calendars[mailbox].pop(key, None)
                continue
            outside = rng.random() < 0.1
            start = day + timedelta(days=400 if outside else rng.randrange(60), hours=rng.randrange(12))
            event = changed(
                mailbox, booking, revision, title=f"{booking} r{revision}", start=start, end=start + timedelta(hours=2)
            )
            events.append(event)
            if outside:
                calendars[mailbox].pop(key, None)
            else:
                assert isinstance(event.data, BookingChanged)
                calendars[mailbox][key] = (event.data.title, start)
    return events, calendars


@pytest.mark.timeout(120)
async def test_shuffled_repeated_events_over_three_replicas(system: StartSystem) -> None:
    rng = random.Random(20261123)
    events, expected = _history(rng)
    stream = events + rng.choices(events, k=400)
    rng.shuffle(stream)
    assert len(stream) == 2000
    one = system(MAILBOXES)
    await one.start_replicas(3)
    assert sorted(one.partitions()) == [5, 5, 6]
    await one.publish(stream)
    outcomes = await one.settled(2000, 60)
    assert outcomes.keys() <= {"applied", "unchanged", "superseded", "stale", "outside_window"}
    beyond = datetime.now(UTC) + timedelta(days=300)
    found = {
        mailbox: {item.key: (item.title, item.start) for item in items if item.start < beyond}
        for mailbox, items in one.calendars(MAILBOXES).items()
    }
    assert found == expected
    assert sum(len(items) for items in one.calendars(MAILBOXES).values()) >= sum(map(len, expected.values()))


@pytest.mark.timeout(120)
async def test_replicas_come_and_go_and_nothing_is_lost(system: StartSystem) -> None:
    rng = random.Random(7)
    events, expected = _history(rng)
    rng.shuffle(events)
    one = system(MAILBOXES)
    await one.start_replicas(2)
    await one.publish(events[:500])
    joined = one.start_replica()
    await one.publish(events[500:1000])
    one.replicas[0].child.kill()
    await one.publish(events[1000:])
    assert one.replicas[1].child.stop() == 0
    await one.drained(60)
    assert one.partitions() == [16]
    assert joined.ready()
    beyond = datetime.now(UTC) + timedelta(days=300)
    found = {
        mailbox: {item.key: (item.title, item.start) for item in items if item.start < beyond}
        for mailbox, items in one.calendars(MAILBOXES).items()
    }
    assert found == expected
