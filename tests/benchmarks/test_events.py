"""What is published in a benchmark is what the contract says."""

import orjson

from benchmarks.events import Booking
from contract.codec import decode
from contract.event import ChangedEvent


def test_every_event_is_one_of_the_contract() -> None:
    events = [decode(orjson.dumps(Booking("a@example.com", number, 3).event())) for number in range(70)]
    assert all(isinstance(event, ChangedEvent) for event in events)
    assert len({event.id for event in events}) == 70


def test_each_revision_shows_another_content() -> None:
    first, second = (Booking("a@example.com", 1, revision).event()["data"] for revision in (1, 2))
    assert first["title"] != second["title"]
    assert first["start"] == second["start"]
