"""Time zones by their Windows names, as EWS knows them (MS-OXWSGTZ)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.ews.xmltext import attribute
from emulator.ews.zones_table import WINDOWS_ZONES

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PREFIX = "trule:Microsoft/Registry/"


@cache
def zone(windows_id: str) -> tzinfo | None:
    """The time zone with this Windows id (in any case of letters), or None when no such zone is known."""
    name = _BY_FOLDED_ID.get(windows_id.casefold())
    if name is None:
        return None
    try:
        return ZoneInfo(WINDOWS_ZONES[name])
    except ZoneInfoNotFoundError:
        return None


_BY_FOLDED_ID = {name.casefold(): name for name in WINDOWS_ZONES}


def known_zones() -> list[str]:
    """The Windows ids of all zones this server knows, sorted."""
    return [name for name in sorted(WINDOWS_ZONES) if zone(name) is not None]


def canonical_id(windows_id: str) -> str:
    """The id in its usual spelling."""
    return _BY_FOLDED_ID.get(windows_id.casefold(), windows_id)


def display_name(windows_id: str) -> str:
    """What a person reads: offset and place, like ``(UTC+01:00) Paris``."""
    found = zone(windows_id)
    if found is None:
        return windows_id
    offset = datetime(2026, 1, 1, tzinfo=found).utcoffset() or timedelta(0)
    place = WINDOWS_ZONES[canonical_id(windows_id)].rpartition("/")[2].replace("_", " ")
    return f"({_utc(offset)}) {place}"


def _utc(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    hours, minutes, sign = abs(minutes) // 60, abs(minutes) % 60, "-" if minutes < 0 else ""
    return f"{sign}PT{hours}H" + (f"{minutes}M" if minutes else "")


@cache
def definition(windows_id: str, *, full: bool) -> str:
    """``t:TimeZoneDefinition`` of a known zone as XML; ``full``: with its periods and this era's transitions."""
    found = zone(windows_id)
    name = canonical_id(windows_id)
    head = f"<t:TimeZoneDefinition Id={attribute(name)} Name={attribute(display_name(name))}"
    if found is None or not full:
        return head + "/>"
    return f"{head}>{_rules(name, found)}</t:TimeZoneDefinition>"


def _rules(name: str, found: tzinfo, year: int = 2026) -> str:
    """Periods, transition groups and transitions, from the rules that hold in ``year``."""
    changes = _changes(found, year)
    plain = datetime(year, 1, 1, tzinfo=UTC).astimezone(found)
    standard = min([plain.utcoffset() or timedelta(0), *(after for _, _, after in changes)])
    periods = {standard: ("Standard", f"{_PREFIX}{name}/{year}-Standard")}
    for _, _, after in changes:
        periods.setdefault(after, ("Daylight", f"{_PREFIX}{name}/{year}-Daylight"))
    listed = "".join(
        f'<t:Period Bias="{_duration(-offset)}" Name="{kind}" Id={attribute(period)}/>'
        for offset, (kind, period) in periods.items()
    )
    if changes:
        inside = "".join(_recurring(local, periods[after][1]) for local, _, after in changes)
    else:
        inside = f'<t:Transition><t:To Kind="Period">{attribute(periods[standard][1])[1:-1]}</t:To></t:Transition>'
    return (
        f'<t:Periods>{listed}</t:Periods><t:TransitionsGroups><t:TransitionsGroup Id="0">{inside}</t:TransitionsGroup>'
        '</t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions>'
    )


def _changes(found: tzinfo, year: int) -> list[tuple[datetime, timedelta, timedelta]]:
    """(local time before the change, offset before, offset after) of each change of offset within a year."""
    changes = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        before, after = _offset(found, at), _offset(found, at + timedelta(days=1))
        if before != after:
            hours = (at + timedelta(hours=hour) for hour in range(1, 25))
            change = next(hour for hour in hours if _offset(found, hour) != before)
            changes.append(((change + before).replace(tzinfo=None), before, after))
        at += timedelta(days=1)
    return changes


def _offset(found: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(found).utcoffset() or timedelta(0)


def _recurring(local: datetime, period: str) -> str:
    last = (local + timedelta(days=7)).month != local.month
    return (
        f'<t:RecurringDayTransition><t:To Kind="Period">{attribute(period)[1:-1]}</t:To>'
        f"<t:TimeOffset>{_duration(timedelta(hours=local.hour, minutes=local.minute))}</t:TimeOffset>"
        f"<t:Month>{local.month}</t:Month><t:DayOfWeek>{_DAYS[local.weekday()]}</t:DayOfWeek>"
        f"<t:Occurrence>{-1 if last else (local.day + 6) // 7}</t:Occurrence></t:RecurringDayTransition>"
    )
