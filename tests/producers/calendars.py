"""A model of every calendar: the highest revision of each booking in each mailbox wins."""

from collections.abc import Iterable, Mapping

from contract.event import BookingChanged, ChangedEvent, Event, SnapshotEvent
from producers.sync.directory import Directory
from producers.sync.schedule import Content, Schedule, read_content

Calendars = dict[tuple[str, str], BookingChanged]


def calendars_after(events: Iterable[Event]) -> Calendars:
    """What stands in the calendars after these events, in whatever order; revisions are left out."""
    latest: dict[tuple[str, str], Event] = {}
    for event in events:
        assert not isinstance(event, SnapshotEvent)
        place = (event.subject, event.data.booking)
        known = latest.get(place)
        if known is None or isinstance(known, SnapshotEvent) or known.data.revision < event.data.revision:
            latest[place] = event
    return {place: _plain(event.data) for place, event in latest.items() if isinstance(event, ChangedEvent)}


def calendars_of(schedule: Schedule, directory: Directory) -> Calendars:
    """What should stand in the calendars."""
    contents = contents_of(schedule, directory)
    return {place: _plain(read_content(content, place[1], 0)) for place, content in contents.items()}


def contents_of(schedule: Schedule, directory: Directory) -> dict[tuple[str, str], Content]:
    """The content that should stand at each place."""
    return {
        (directory[item], booking.id): booking.content
        for booking in schedule.bookings.values()
        for item in booking.objects
        if item in directory
    }


def steps(before: Mapping[tuple[str, str], Content], after: Mapping[tuple[str, str], Content]) -> tuple[int, int]:
    """How many changes and cancellations lead from one to the other."""
    changed = sum(before.get(place) != content for place, content in after.items())
    return changed, sum(place not in after for place in before)


def _plain(booking: BookingChanged) -> BookingChanged:
    return booking.model_copy(update={"revision": 0})
