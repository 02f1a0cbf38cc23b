"""Small schedules and directories of our own making."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from contract.event import BookingCancelled, BookingChanged, CancelledEvent, ChangedEvent


def event_xml(
    guid: str,
    *,
    date: str = "2026-12-01T09:00:00+01:00",
    start: str = "09:00",
    duration: str = "01:00",
    title: str = "Grading",
    persons: Sequence[str] = ("1",),
    more: str = "",
) -> str:
    """One event element."""
    people = "".join(f"<person id={quoteattr(person)}>Person {escape(person)}</person>" for person in persons)
    dated = f"<date>{date}</date>" if date else ""
    return (
        f"<event guid={quoteattr(guid)} id='7'>{dated}<start>{start}</start><duration>{duration}</duration>"
        f"<title>{escape(title)}</title>{more}<persons>{people}</persons></event>"
    )


def schedule_xml(
    rooms: Mapping[str, Sequence[str]],
    *,
    zone: str = "Europe/Copenhagen",
    day: str = "2026-12-01",
    day_change: str = "06:00:00",
    acronym: str = "studio",
) -> str:
    """A schedule of one day, from event elements by room."""
    body = "".join(f"<room name={quoteattr(room)}>{''.join(events)}</room>\n" for room, events in rooms.items())
    zone_element = f"<time_zone_name>{zone}</time_zone_name>" if zone else ""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<schedule>\n<conference>"
        f"<acronym>{acronym}</acronym><day_change>{day_change}</day_change>{zone_element}</conference>\n"
        f"<day index='1' date='{day}'>\n{body}</day>\n</schedule>\n"
    )


def many(count: int, *, title: str = "Grading") -> str:
    """A schedule of so many bookings in Suite 4, each for persons 1 and 2."""
    return schedule_xml({"Suite 4": [event_xml(f"g-{n:03d}", persons=("1", "2"), title=title) for n in range(count)]})


def directory_csv(persons: Mapping[str, str], rooms: Mapping[str, str]) -> str:
    """A directory with a header."""
    lines = [f"person,{key},{mailbox}" for key, mailbox in persons.items()]
    lines += [f"room,{key},{mailbox}" for key, mailbox in rooms.items()]
    return "\n".join(["kind,id,mailbox", *lines]) + "\n"


def write(path: Path, text: str) -> Path:
    """The text in a file."""
    path.write_text(text, encoding="utf-8")
    return path


def changed_event(number: int, mailbox: str = "anna@example.com", *, revision: int = 1) -> ChangedEvent:
    """A valid event; its id and its booking carry the number."""
    data = BookingChanged(
        booking=f"B-{number}",
        revision=revision,
        title=f"Booking {number}",
        start=datetime(2026, 12, 1, 8, tzinfo=UTC),
        end=datetime(2026, 12, 1, 9, tzinfo=UTC),
    )
    return ChangedEvent(
        id=f"event-{number}",
        source="test://producers",
        subject=mailbox,
        time=datetime(2026, 11, 22, tzinfo=UTC),
        data=data,
    )


def cancelled_event(number: int, mailbox: str = "anna@example.com", *, revision: int = 1) -> CancelledEvent:
    """The cancellation of a booking."""
    return CancelledEvent(
        id=f"cancel-{number}",
        source="test://producers",
        subject=mailbox,
        time=datetime(2026, 11, 22, tzinfo=UTC),
        data=BookingCancelled(booking=f"B-{number}", revision=revision),
    )
