"""A booking of any source, brought within the limits of an event."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contract.event import MAX_CATEGORIES, MAX_NOTES_BYTES, BookingChanged, ShowAs, Status
from contract.text import one_line, without_illegal_characters
from producers.sources.plain_text import cut_to_bytes, plain_text
from producers.sync.schedule import Booking, ScheduledObject, write_content

_LONGEST_LINE: Final = 20_000
_LONGEST_CATEGORY: Final = 255
_URL: Final = re.compile(r"https?://[^\s<>\"\x00-\x20]{1,2000}")


def booking_within_limits(
    booking_id: str,
    objects: Iterable[ScheduledObject],
    *,
    title: str,
    start: datetime | date,
    end: datetime | date,
    timezone: str | None = None,
    all_day: bool = False,
    status: Status = Status.CONFIRMED,
    show_as: ShowAs | None = None,
    location: str = "",
    notes: str = "",
    categories: Iterable[str] = (),
    private: bool = False,
    reminder_minutes: int | None = None,
    url: str = "",
) -> Booking:
    """The booking, its texts cut to what an event may carry; an address that is none is left out.

    Times are cut to whole seconds, as Exchange knows no others. Raises ValueError that names the field and says what
    is expected: an impossible time, an id that is empty or too long.
    """
    lines = dict.fromkeys(one_line(category, _LONGEST_CATEGORY) for category in categories)
    try:
        changed = BookingChanged(
            booking=booking_id,
            revision=0,
            title=one_line(title, _LONGEST_LINE),
            start=_whole_seconds(start),
            end=_whole_seconds(end),
            timezone=timezone,
            all_day=all_day,
            status=status,
            show_as=show_as,
            location=one_line(location, _LONGEST_LINE),
            notes=cut_to_bytes(plain_text(without_illegal_characters(notes)), MAX_NOTES_BYTES),
            categories=tuple(line for line in lines if line)[:MAX_CATEGORIES],
            private=private,
            reminder_minutes=reminder_minutes,
            url=url if _URL.fullmatch(url) else None,
        )
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        field = wrong.get("ctx", {}).get("field") or ".".join(str(part) for part in wrong["loc"])
        raise ValueError(f"{field}: expected {wrong['msg']}") from None
    return Booking(booking_id, write_content(changed), frozenset(objects))


def as_instant(moment: datetime, zone: ZoneInfo | None) -> datetime:
    """The instant of a time, shown in the zone. A time without an offset is meant in that zone.

    A local time in the gap of a clock change stands for the later one that exists; of a time that comes twice the
    first is meant. Raises ValueError for a time without offset where there is no zone, and for one that leaves the
    calendar.
    """
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("a time with its offset, because no time zone is given")
        moment = moment.replace(tzinfo=zone)
    try:
        instant = moment.astimezone(UTC)
        return instant if zone is None else instant.astimezone(zone)
    except OverflowError:
        raise ValueError("a time within the calendar") from None


def _whole_seconds(moment: datetime | date) -> datetime | date:
    return moment.replace(microsecond=0) if isinstance(moment, datetime) else moment
