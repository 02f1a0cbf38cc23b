"""Cells into values. What a database has typed already is taken as it is; texts are read. Raises ValueError."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from contract import times
from contract.event import ShowAs
from producers.sources.content import as_instant
from producers.sources.table.mapping import Formats

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")
_TRUE: Final = frozenset(["true", "yes", "y", "1", "x"])
_FALSE: Final = frozenset(["false", "no", "n", "0", ""])


def text_of(values: Iterable[object], between: str) -> str:
    """The texts of several cells in one, empty ones left out."""
    return between.join(filter(None, (written(value).strip() for value in values)))


def written(value: object) -> str:
    """A cell as text; nothing for null."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def parts_of(values: Iterable[object], separator: str) -> list[str]:
    """The entries of list cells, or of texts with a separator."""
    found: list[str] = []
    for value in values:
        entries = value if isinstance(value, list | tuple) else written(value).split(separator)
        found += [entry for entry in (written(one).strip() for one in entries) if entry]
    return list(dict.fromkeys(found))


def truth_of(values: Sequence[object]) -> bool:
    """Yes or no."""
    if len(values) == 1 and isinstance(values[0], bool):
        return values[0]
    text = text_of(values, " ").casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("yes or no, true or false, 1 or 0")


def moment_of(values: Sequence[object], formats: Formats) -> datetime | date:
    """A time, or a date where nothing is said of the hour."""
    if len(values) == 1 and isinstance(values[0], date):
        return values[0]
    text = text_of(values, " ")
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    for pattern in formats.dates:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    for pattern in formats.times:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the booking's, see RowReader
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_expected(formats)) from None


def _expected(formats: Formats) -> str:
    patterns = " or ".join([*formats.times, *formats.dates])
    return times.EXPECTED_INSTANT + (f", or {patterns}" if patterns else ", or a pattern under formats in the mapping")


def days_of(start: datetime | date, end: datetime | date, formats: Formats) -> tuple[date, date]:
    """First day, and the day after the last."""
    first, last = (value.date() if isinstance(value, datetime) else value for value in (start, end))
    if formats.all_day_end == "inclusive":
        if last == date.max:
            raise ValueError(f"a last day before {date.max}")
        return first, last + timedelta(days=1)
    if last == first:
        raise ValueError('a date after start; where the end is the last day, set all_day_end = "inclusive" in formats')
    return first, last


def instant_of(moment: datetime | date, zone: ZoneInfo | None) -> datetime:
    """The instant of one end of a booking whose other end has a time of day."""
    if isinstance(moment, datetime):
        return as_instant(moment, zone)
    raise ValueError("a time of day as well, because the other end has one")


def show_as_of(text: str) -> ShowAs | None:
    """How the time appears to others; None for nothing."""
    if not text:
        return None
    try:
        return ShowAs(text.casefold())
    except ValueError:
        raise ValueError("one of " + ", ".join(ShowAs)) from None


def minutes_of(text: str) -> int | None:
    """Minutes before the start; None for nothing."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError("a whole number of minutes")
    return int(text)
