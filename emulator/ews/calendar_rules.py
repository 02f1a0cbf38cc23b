"""What Exchange demands of a calendar item when it is saved, and what it puts right by itself (MS-OXWSMTGS 3.1.4)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from secrets import token_hex

from emulator.ews.failure import ResponseError
from emulator.ews.reading import meeting_zone_id, zone_of
from emulator.ews.zones import canonical_id
from emulator.store import Value

LONGEST = 5 * 366 * 86_400
"""Five years in seconds, leap days counted in the caller's favour (ErrorCalendarDurationIsTooLong)."""


def complete(kept: dict[str, Value], context: tzinfo, now: float, *, zone_id: str | None = None) -> None:
    """Check and complete the values of a calendar item that is about to be saved, in place.

    ``zone_id`` is the Windows id of ``context``: the item's zone when it names none itself; an end without a zone of
    its own has that of the start. Without a start the item begins at the next full half hour; without an end it lasts
    half an hour. All-day items widen to midnights in their zone. Raises ResponseError:
    ErrorCalendarEndDateIsEarlierThanStartDate (MS-OXWSMTGS_R1204), ErrorCalendarDurationIsTooLong (MS-OXWSMTGS_R1203).
    """
    start, end = kept.get("calendar:Start"), kept.get("calendar:End")
    if not isinstance(start, int):
        start = end - 1_800 if isinstance(end, int) else (int(now) // 1_800 + 1) * 1_800
    if not isinstance(end, int):
        end = start + 1_800
    if end < start:
        code = "ErrorCalendarEndDateIsEarlierThanStartDate"
        raise ResponseError(code, "EndDate is earlier than StartDate")
    if kept.get("calendar:IsAllDayEvent") is True:
        start = _midnight(start, zone_of(kept, context), up=False)
        end = _midnight(end, zone_of(kept, context, "calendar:EndTimeZone"), up=True)
        if end <= start:
            end = _midnight(start + 86_400 // 2 + 86_400, zone_of(kept, context), up=False)
    if end - start > LONGEST:
        raise ResponseError("ErrorCalendarDurationIsTooLong", "Duration is too long: an item may last five years.")
    kept["calendar:Start"], kept["calendar:End"] = start, end
    named = meeting_zone_id(kept) or canonical_id(zone_id or "UTC")
    start_zone = kept.setdefault("calendar:StartTimeZone", [named, "", ""])
    kept.setdefault("calendar:EndTimeZone", start_zone)
    kept.setdefault("calendar:UID", "040000008200E00074C5B7101A82E008" + token_hex(24).upper())


def _midnight(seconds: int, zone: tzinfo, *, up: bool) -> int:
    local = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    day = local.date()
    if up and local.time() != time(0):
        day += timedelta(days=1)
    return int(datetime.combine(day, time(0), zone).timestamp())
