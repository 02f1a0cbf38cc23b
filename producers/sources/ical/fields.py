"""What an event says besides its recurrence: fields, and who and what takes part."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from contract.event import ShowAs, Status
from contract.times import zone_names
from producers.sources.content import as_instant, booking_within_limits
from producers.sources.ical.structure import Properties
from producers.sync.directory import checked_mailbox
from producers.sync.schedule import Booking, ObjectKind, ScheduledObject

_MAILTO: Final = "mailto:"
_THINGS: Final = frozenset(["ROOM", "RESOURCE"])
# [MS-OXCICAL] 2.1.3.1.1.20.31, X-MICROSOFT-CDO-BUSYSTATUS.
_BUSY_STATUS: Final = {
    "FREE": ShowAs.FREE,
    "TENTATIVE": ShowAs.TENTATIVE,
    "BUSY": ShowAs.BUSY,
    "OOF": ShowAs.OOF,
    "WORKINGELSEWHERE": ShowAs.WORKING_ELSEWHERE,
}


def takes_place(properties: Properties) -> bool:
    """False for a cancelled event or instance."""
    return str(properties.get("STATUS", "")).upper() != "CANCELLED"


def span(properties: Properties, zone: ZoneInfo | None) -> tuple[datetime | date, datetime | date]:
    """Start and end: instants, or for whole days dates, the end exclusive.

    A floating time is meant in ``zone``. Raises ValueError for one without a zone.
    """
    start, end = properties["DTSTART"].dt, properties["DTEND"].dt
    if not isinstance(start, datetime):
        return start, max(end, start + timedelta(days=1))
    own = zone_name(properties)
    shown = ZoneInfo(own) if own is not None else zone
    return as_instant(start, shown), as_instant(end, shown)


def zone_name(properties: Properties) -> str | None:
    """The IANA zone in which the event starts, unless it is UTC, a zone of the file's own, or none."""
    name = getattr(getattr(properties["DTSTART"].dt, "tzinfo", None), "key", None)
    return name if name in zone_names() and name != "UTC" else None


def booking(
    booking_id: str,
    properties: Properties,
    start: datetime | date,
    end: datetime | date,
    zone: ZoneInfo | None,
    objects: set[ScheduledObject],
) -> Booking:
    """The booking of one instance. Raises ValueError with what is wrong."""
    default_zone = None if zone is None else zone.key
    return booking_within_limits(
        booking_id,
        objects,
        title=_text(properties, "SUMMARY"),
        start=start,
        end=end,
        timezone=zone_name(properties) or default_zone,
        all_day=not isinstance(start, datetime),
        status=Status.TENTATIVE if _text(properties, "STATUS").upper() == "TENTATIVE" else Status.CONFIRMED,
        show_as=_show_as(properties),
        location=_text(properties, "LOCATION"),
        notes=_text(properties, "DESCRIPTION"),
        categories=[str(name) for value in _all(properties, "CATEGORIES") for name in value.cats],
        private=_text(properties, "CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"),
        url=_text(properties, "URL"),
    )


def participants(properties: Properties) -> Iterator[tuple[ScheduledObject, str, str | None]]:
    """Object, name and mailbox (where there is one) of organizer, attendees and resources.

    An attendee who has declined is none. The id is the address in lower case; of a resource it is the name.
    """
    for value in (*_all(properties, "ORGANIZER"), *_all(properties, "ATTENDEE")):
        if str(value.params.get("PARTSTAT", "")).upper() == "DECLINED":
            continue
        kind = ObjectKind.ROOM if str(value.params.get("CUTYPE", "")).upper() in _THINGS else ObjectKind.PERSON
        written = str(value).strip()
        mailbox: str | None = None
        if written.lower().startswith(_MAILTO):
            written = written[len(_MAILTO) :]
            try:
                mailbox = written = checked_mailbox(written)
            except ValueError:
                mailbox = None
        if written:
            yield ScheduledObject(kind, written), str(value.params.get("CN", "")).strip() or written, mailbox
    for value in _all(properties, "RESOURCES"):
        for name in filter(None, (part.strip() for part in str(value).split(","))):
            yield ScheduledObject(ObjectKind.ROOM, name), name, None


def _show_as(properties: Properties) -> ShowAs | None:
    busy = _BUSY_STATUS.get(_text(properties, "X-MICROSOFT-CDO-BUSYSTATUS").upper())
    if busy is not None:
        return busy
    return ShowAs.FREE if _text(properties, "TRANSP").upper() == "TRANSPARENT" else None


def _text(properties: Properties, name: str) -> str:
    values = _all(properties, name)
    return str(values[0]).strip() if values else ""


def _all(properties: Properties, name: str) -> list[Any]:
    value = properties.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
