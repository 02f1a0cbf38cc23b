"""Time zones as Exchange knows them: by the names of Windows."""

from typing import Final

from exchangelib.winzone import IANA_TO_MS_TIMEZONE_MAP

SHOWABLE_ZONES: Final = frozenset(IANA_TO_MS_TIMEZONE_MAP)
"""The IANA zones that have a Windows zone, by which Exchange knows them."""


def windows_zone(name: str) -> str:
    """The Windows zone of one of :data:`SHOWABLE_ZONES`."""
    return str(IANA_TO_MS_TIMEZONE_MAP[name][0])
