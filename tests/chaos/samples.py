"""A small schedule, and what its bookings ought to look like in a calendar."""

from datetime import UTC, datetime, timedelta

from deploy.sandbox.chaos.events import Booking, Event
from deploy.sandbox.chaos.verdict import Model, Wanted, key_of
from deploy.sandbox.comparison import Item

ANNA, BO = "anna@example.com", "bo@example.com"
SOURCE = "chaos://house-1"


def booking(title: str = "Grading", days: int = 1, *, far: bool = False) -> Booking:
    start = datetime(2026, 12, 1, 8, tzinfo=UTC) + timedelta(days=days)
    return Booking(title, start, start + timedelta(hours=8), "Suite 1", "Grading", far=far)


def event(number: int, revision: int, content: Booking | None, mailbox: str = ANNA) -> Event:
    return Event(f"{number}-{revision}", SOURCE, mailbox, f"B-{number}", revision, content)


def shown(one: Event) -> Item:
    """The item that an event asks for."""
    assert one.content is not None
    return Item(
        key=key_of(one),
        booking=one.booking,
        title=one.content.title,
        start=one.content.start,
        end=one.content.end,
        place=one.content.place,
        category=one.content.category,
        show_as="Tentative" if one.content.tentative else "Busy",
        private=one.content.private,
    )


def model_of(*events: Event) -> dict[str, dict[str, Wanted]]:
    model = Model()
    for one in events:
        model.note(one)
    return model.calendars([ANNA, BO])
