"""From events to what takes place in a interval: recurrences, exceptions, additions, moved and cancelled instances.

recurring-ical-events does the reckoning; here are its bounds, and the identity of each instance.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import recurring_ical_events
from icalendar import Calendar

from producers.sources.damaged import DamagedFile
from producers.sources.ical.structure import Event, Properties
from producers.sources.interval import Interval

DEFAULT_MAX_INSTANCES: Final = 100_000
_MAX_STEPS: Final = 200_000
"""So many steps may lie between the start of a rule that repeats within a day and the end of the interval."""
_STEPS: Final = {"SECONDLY": timedelta(seconds=1), "MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1)}
_A_DAY: Final = timedelta(days=1)
_RECURRING: Final = ("RRULE", "RDATE", "RECURRENCE-ID")
_MUST_BE_READABLE: Final = frozenset(
    ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE"]
)


@dataclass(frozen=True, slots=True)
class Instance:
    """One time that an event takes place. ``line``: where its event begins."""

    id: str
    properties: Properties
    line: int


def instances(file: str, events: Iterable[Event], interval: Interval, max_instances: int) -> Iterator[Instance]:
    """Everything that takes place within a day of the interval, cancelled ones included.

    The id is the UID; for a recurring event UID, a slash, and the instant at which the rule puts this instance. So an
    instance that is moved keeps its id. Of several versions the one with the highest SEQUENCE counts.

    Raises :class:`DamagedFile` for an event that cannot be understood, and for more than ``max_instances``.
    """
    count = 0
    for uid, group in _by_uid(file, events).items():
        line = group[0].line
        recurring = any(name in event.properties for event in group for name in _RECURRING)
        for event in group:
            _check_bounds(file, event, interval)
        for properties in _expanded(file, group, interval):
            count += 1
            if count > max_instances:
                problem = f"more than {max_instances} instances in the interval: ask for a shorter one"
                raise DamagedFile(file, problem, line)
            booking_id = f"{uid}/{_moment(_original_start(properties, group))}" if recurring else uid
            yield Instance(booking_id, properties, line)


def _by_uid(file: str, events: Iterable[Event]) -> dict[str, list[Event]]:
    newest: dict[tuple[str, str], Event] = {}
    for event in events:
        properties = event.properties
        for name, problem in event.component.errors:
            if name in _MUST_BE_READABLE:
                raise DamagedFile(file, f"an event with an unreadable {name}: {problem}", event.line)
        uid = str(properties.get("UID", "")).strip()
        if not uid:
            raise DamagedFile(file, "an event without UID", event.line)
        if "DTSTART" not in properties:
            raise DamagedFile(file, f"event {uid} has no DTSTART", event.line)
        _check_times(file, uid, event)
        replaced = properties.get("RECURRENCE-ID")
        key = (uid, "" if replaced is None else _moment(replaced.dt))
        if key not in newest or _version(properties) >= _version(newest[key].properties):
            newest[key] = event
    groups: dict[str, list[Event]] = {}
    for (uid, _), event in newest.items():
        groups.setdefault(uid, []).append(event)
    return groups


def _check_times(file: str, uid: str, event: Event) -> None:
    """Refuses what the library would quietly make something else of.

    Times in an unknown zone would become floating, and a span that runs backwards its reverse.
    """
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        if name not in event.properties:
            continue
        value = event.properties[name]
        zone = value.params.get("TZID")
        if zone is not None and isinstance(value.dt, datetime) and value.dt.tzinfo is None:
            problem = f"event {uid}: {name} in the zone {zone!r}, which is neither in the file nor known"
            raise DamagedFile(file, problem, event.line)
    if "DTEND" not in event.properties:
        return
    start, end = event.properties["DTSTART"].dt, event.properties["DTEND"].dt
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise DamagedFile(file, f"event {uid}: DTSTART and DTEND, expected two dates or two times", event.line)
    if isinstance(start, datetime) and isinstance(end, datetime):
        start, end = _aware(start), _aware(end)
    if end < start:
        raise DamagedFile(file, f"event {uid}: DTEND lies before DTSTART", event.line)


def _version(properties: Properties) -> tuple[int, datetime]:
    stamp = properties.get("LAST-MODIFIED") or properties.get("DTSTAMP")
    moment = getattr(stamp, "dt", None)
    known = isinstance(moment, datetime) and moment.tzinfo is not None
    return int(properties.get("SEQUENCE", 0)), moment if known and moment else datetime.min.replace(tzinfo=UTC)


def _check_bounds(file: str, event: Event, interval: Interval) -> None:
    """The rule is reckoned step by step from its start on: refuse what would take minutes."""
    start = event.properties["DTSTART"].dt
    for rule in _rules(event.properties):
        if isinstance(start, datetime) and _steps(_aware(start), rule, interval) > _MAX_STEPS:
            problem = f"repeats {rule['FREQ'][0].lower()} since {start:%Y-%m-%d}, more than {_MAX_STEPS} times"
            raise DamagedFile(file, f"event {event.properties['UID']} {problem}", event.line)


def _steps(start: datetime, rule: Mapping[str, Any], interval: Interval) -> float:
    """How many steps a rule that repeats within a day goes until the interval ends, or earlier the rule."""
    step = _STEPS.get(str(rule.get("FREQ", [""])[0]).upper())
    if step is None:
        return 0
    until = rule.get("UNTIL", [interval.end])[0]
    end = min(interval.end, _aware(until)) if isinstance(until, datetime) else interval.end
    steps = (end - start) / (step * max(1, int(rule.get("INTERVAL", [1])[0])))
    filtered = any(part.upper().startswith("BY") for part in rule)
    return min(steps, rule["COUNT"][0]) if "COUNT" in rule and not filtered else steps


def _rules(properties: Properties) -> list[Any]:
    rules = properties.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _expanded(file: str, group: Sequence[Event], interval: Interval) -> Iterator[Properties]:
    """A day more on each side, because floating times and dates have no instant yet. Lazy: whoever counts may stop."""
    calendar = Calendar()
    for event in group:
        calendar.add_component(event.component)
    start, end = interval.start.astimezone(UTC) - _A_DAY, interval.end.astimezone(UTC) + _A_DAY
    try:
        for series in recurring_ical_events.of(calendar).series:
            for occurrence in series.between(start, end):
                yield occurrence.as_component(keep_recurrence_attributes=False)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        uid = group[0].properties["UID"]
        raise DamagedFile(file, f"event {uid}: its recurrence cannot be reckoned: {error}", group[0].line) from None


def _original_start(properties: Properties, group: Sequence[Event]) -> datetime | date:
    """When the rule says that this instance starts.

    Where an exception holds for this and all that follow, each of these carries the RECURRENCE-ID of the first, and is
    moved as far as the first was.
    """
    replaced = properties["RECURRENCE-ID"]
    original: datetime | date = replaced.dt
    if "RANGE" not in replaced.params:
        return original
    first = next(event.properties for event in group if _replaces(event.properties, original))
    moved_by = first["DTSTART"].dt - original
    start: datetime | date = properties["DTSTART"].dt - moved_by
    return start


def _replaces(properties: Properties, original: datetime | date) -> bool:
    return "RECURRENCE-ID" in properties and bool(properties["RECURRENCE-ID"].dt == original)


def _moment(moment: datetime | date) -> str:
    if not isinstance(moment, datetime):
        return moment.strftime("%Y%m%d")
    if moment.tzinfo is None:
        return moment.strftime("%Y%m%dT%H%M%S")
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
