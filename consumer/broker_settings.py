"""What every command needs: how settings are read, and those of the broker.

Read once, checked before anything is opened, frozen. Nothing here knows Exchange, so that a command which does not
speak to it need not load what does.
"""

import os
import re
import socket
from typing import Annotated, Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from contract.names import DEFAULT_PARTITIONS

PREFIX: Final = "CALLSHEET_"
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class SettingsError(ValueError):
    """Settings that cannot be used: one line for each, with its name, what was found and what is expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))


def seconds(text: object) -> float:
    """A duration like ``30s``, ``2m``, ``500ms`` or a number of seconds. Raises ValueError."""
    match = _DURATION.fullmatch(str(text).strip())
    if match is None:
        raise ValueError("a duration like 30s, 2m or 500ms")
    return float(match[1]) * _UNITS[match[2] or "s"]


def _delays(text: object) -> tuple[str, ...]:
    if isinstance(text, tuple):
        return text
    names = tuple(part.strip() for part in str(text).split(",") if part.strip())
    if not names or not all(seconds(name) > 0 for name in names):
        raise ValueError("a list of durations like 30s,2m,10m,1h")
    return names


_SIZE: Final = re.compile(r"(\d+)\s*(KiB|MiB|GiB)?")
_SIZE_UNITS: Final = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def size(text: object) -> int:
    """A size like ``128MiB`` or a number of bytes. Raises ValueError."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        raise ValueError("a size like 128MiB or 1GiB")
    return int(match[1]) * _SIZE_UNITS.get(match[2], 1)


Seconds = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
Bytes = Annotated[int, BeforeValidator(size)]

_AMQP_URL: Final = "amqp://user:password@host:5672/vhost or amqps://…"


def url_parts(url: str, expected: str) -> SplitResult:
    """The parts of a URL with a host. Raises ValueError that says what is expected, and nothing of the URL itself."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(expected)
    return parts


class BrokerSettings(BaseSettings):
    """What every command needs that speaks to RabbitMQ."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    amqp_url: SecretStr = SecretStr("amqp://guest:guest@localhost:5672/")
    partitions: Annotated[int, Field(ge=1, le=256)] = DEFAULT_PARTITIONS
    retry_delays: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_delays)] = _delays("30s,2m,10m,1h")
    replica: str = f"{socket.gethostname()}-{os.getpid()}"

    @field_validator("amqp_url")
    @classmethod
    def _is_amqp(cls, url: SecretStr) -> SecretStr:
        if url_parts(url.get_secret_value(), _AMQP_URL).scheme not in ("amqp", "amqps"):
            raise ValueError(_AMQP_URL)
        return url

    @field_validator("replica")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not re.fullmatch(r"[\x21-\x7e]{1,100}", name):
            raise ValueError("1 to 100 printable ASCII characters without spaces")
        return name


Settings = TypeVar("Settings", bound=BrokerSettings)


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of one kind. Raises :class:`SettingsError` that names every one that is missing or wrong."""
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(_problems(error)) from None


def _problems(error: ValidationError) -> list[str]:
    """One line for each wrong setting. Values are not repeated: some are secret."""
    problems = []
    for one in error.errors(include_url=False, include_input=False):
        name = PREFIX + "_".join(str(part) for part in one["loc"]).upper() if one["loc"] else ""
        if one["type"] == "missing":
            problems.append(f"{name} is not set; it is required")
            continue
        expected = one["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        problems.append(f"{name} is wrong; expected {expected}" if name else f"expected {expected}")
    return problems
