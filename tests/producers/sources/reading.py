"""What a test wants to know of a schedule that was read."""

from datetime import UTC, date, datetime

from contract.event import BookingChanged
from producers.sync.schedule import ObjectKind, Schedule, ScheduledObject, read_content


def booking(schedule: Schedule, booking_id: str) -> BookingChanged:
    """The data of an event for a booking; revision 0."""
    return read_content(schedule.bookings[booking_id].content, booking_id, 0)


def only(schedule: Schedule) -> BookingChanged:
    (booking_id,) = schedule.bookings
    return booking(schedule, booking_id)


def person(object_id: str) -> ScheduledObject:
    return ScheduledObject(ObjectKind.PERSON, object_id)


def room(object_id: str) -> ScheduledObject:
    return ScheduledObject(ObjectKind.ROOM, object_id)


def span(data: BookingChanged) -> tuple[str, str]:
    """Start and end, instants in UTC."""
    return written(data.start), written(data.end)


def written(moment: datetime | date) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.isoformat()
