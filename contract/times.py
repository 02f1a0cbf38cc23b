"""Instants, dates and zones as the contract writes them (RFC 3339, section 5.6)."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")

EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(2199, 12, 31)
EXPECTED_INSTANT: Final = "a time with its offset, like 2026-12-01T08:00:00+01:00"
EXPECTED_DATE: Final = "a date, like 2026-12-01"


def parse_instant(text: object) -> datetime:
    """An aware datetime from RFC 3339 text; the written offset is kept.

    Raises ValueError whose text says what is expected.
    """
    if isinstance(text, str) and len(text) <= 40 and _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    raise ValueError(EXPECTED_INSTANT)


def parse_date(text: object) -> date:
    """A calendar date from ``YYYY-MM-DD``. Raises ValueError whose text says what is expected."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(EXPECTED_DATE)


def write_instant(instant: datetime) -> str:
    """RFC 3339 text of an aware datetime; UTC is written as ``Z``, fractions only where there are any."""
    text = instant.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA zone name that this machine knows."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises ValueError for a name that is not known."""
    if name not in zone_names():
        raise ValueError("an IANA time zone name, like Europe/Copenhagen")
    return ZoneInfo(name)
