"""What an event asks to stand in a calendar, with everything that it leaves open filled in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from consumer.core.digest import OwnedFields, write_digest
from consumer.core.window import midnight
from contract import times
from contract.event import BookingChanged, ShowAs, Status
from contract.text import one_line, without_illegal_characters

MAX_LINE = 255
"""Exchange's limit of a subject, a place and a category, in UTF-16 units."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """The wanted content of one calendar item. Times are instants in UTC, an all-day end is the midnight after it."""

    fields: OwnedFields
    notes: str
    zone: str
    reminder_minutes: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What fills the gaps of an event.

    ``zones`` are the IANA names that the server can show; a booking in any other is shown in ``zone``.
    ``working_elsewhere`` is false for servers that do not know that state (before Exchange 2013): busy stands for it.
    """

    zone: str
    zones: frozenset[str]
    working_elsewhere: bool = True


def appointment_of(booking: BookingChanged, defaults: Defaults) -> Appointment:
    """The appointment of a booking. Never fails for a booking that was decoded."""
    zone_name = booking.timezone if booking.timezone in defaults.zones else defaults.zone
    assert zone_name is not None
    zone = times.zone(zone_name)
    fields = OwnedFields(
        title=one_line(booking.title, MAX_LINE),
        start=_instant(booking.start, zone),
        end=_instant(booking.end, zone),
        all_day=booking.all_day,
        location=one_line(booking.location, MAX_LINE),
        show_as=_show_as(booking, defaults),
        private=booking.private,
        categories=_categories(booking.categories),
    )
    return Appointment(
        fields=fields,
        notes=_notes(booking),
        zone=zone_name,
        reminder_minutes=booking.reminder_minutes,
        digest=write_digest(fields, booking.reminder_minutes),
    )


def _instant(value: datetime | date, zone: ZoneInfo) -> datetime:
    # Exchange keeps whole seconds.
    instant = value if isinstance(value, datetime) else midnight(value, zone)
    return instant.astimezone(UTC).replace(microsecond=0)


def _show_as(booking: BookingChanged, defaults: Defaults) -> str:
    if booking.show_as is None:
        return ShowAs.TENTATIVE if booking.status is Status.TENTATIVE else ShowAs.BUSY
    if booking.show_as is ShowAs.WORKING_ELSEWHERE and not defaults.working_elsewhere:
        return ShowAs.BUSY
    return booking.show_as


def _categories(written: tuple[str, ...]) -> tuple[str, ...]:
    """Each once: Exchange compares categories without regard to case."""
    unique: dict[str, str] = {}
    for category in written:
        clean = one_line(category, MAX_LINE)
        if clean:
            unique.setdefault(clean.casefold(), clean)
    return tuple(unique.values())


def _notes(booking: BookingChanged) -> str:
    notes = without_illegal_characters(booking.notes).replace("\r\n", "\n").replace("\r", "\n").strip()
    return "\n\n".join(part for part in (notes, booking.url or "") if part)
