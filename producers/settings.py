"""Settings of the producers. Only this module reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from contract.names import DEFAULT_PARTITIONS

AMQP_URL: Final = "CALLSHEET_AMQP_URL"
PARTITIONS: Final = "CALLSHEET_PARTITIONS"
DEFAULT_AMQP_URL: Final = "amqp://guest:guest@localhost:5672/"
MAX_PARTITIONS: Final = 256


class SettingsError(Exception):
    """A setting that cannot be used. Its text names it and says what is expected; it never holds a password."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"{name}: expected {expected}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to publish, and to how many partitions."""

    amqp_url: str = field(repr=False)
    partitions: int

    @classmethod
    def read(cls, environment: Mapping[str, str], amqp_url: str | None = None) -> "Settings":
        """The settings in an environment. ``amqp_url`` (of the command line) goes before the environment's.

        Raises :class:`SettingsError`.
        """
        name = AMQP_URL if amqp_url is None else "--amqp-url"
        written = environment.get(AMQP_URL, DEFAULT_AMQP_URL) if amqp_url is None else amqp_url
        return cls(_checked_url(name, written), _checked_partitions(environment.get(PARTITIONS)))


def _checked_url(name: str, written: str) -> str:
    expected = "an address like amqp://user:password@host:5672/vhost, or amqps://…"
    try:
        url = urlsplit(written)
        usable = url.scheme in ("amqp", "amqps") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(name, expected)
    return written


def _checked_partitions(written: str | None) -> int:
    if written is None:
        return DEFAULT_PARTITIONS
    if not (written.isascii() and written.isdigit() and 1 <= int(written[:9]) <= MAX_PARTITIONS):
        expected = f"a whole number from 1 to {MAX_PARTITIONS}, the same as for the consumers; found {written[:20]!r}"
        raise SettingsError(PARTITIONS, expected)
    return int(written)
