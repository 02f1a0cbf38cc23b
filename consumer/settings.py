"""The settings, from the environment alone. Read once, checked before anything is opened, frozen."""

import os
import re
import socket
import ssl
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from consumer.calendars.ews.connection import Endpoint, OAuthClient, tls_context
from consumer.calendars.ews.messages import SHOWABLE_ZONES
from consumer.calendars.ews.versions import DIALECTS
from consumer.version import USER_AGENT
from contract import times
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


Seconds = Annotated[float, BeforeValidator(seconds), Field(gt=0)]

_AMQP_URL: Final = "amqp://user:password@host:5672/vhost or amqps://…"
_EWS_URL: Final = "https://host[:port]/EWS/Exchange.asmx, without a user or password in it"


def _url_parts(url: str, expected: str) -> SplitResult:
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
        if _url_parts(url.get_secret_value(), _AMQP_URL).scheme not in ("amqp", "amqps"):
            raise ValueError(_AMQP_URL)
        return url

    @field_validator("replica")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not re.fullmatch(r"[\x21-\x7e]{1,100}", name):
            raise ValueError("1 to 100 printable ASCII characters without spaces")
        return name


class RunSettings(BrokerSettings):
    """What ``callsheet-consumer run`` needs."""

    ews_url: str
    ews_auth: Literal["ntlm", "basic", "oauth2"] = "ntlm"
    ews_user: str = ""
    ews_password: SecretStr = SecretStr("")
    ews_password_file: Path | None = None
    ews_oauth_tenant: str = ""
    ews_oauth_client_id: str = ""
    ews_oauth_client_secret: SecretStr = SecretStr("")
    ews_oauth_client_secret_file: Path | None = None
    ews_version: Literal["2007_SP1", "2010", "2010_SP1", "2010_SP2", "2013", "2013_SP1", "2016", "2019", "SE"] = "2016"
    ews_ca_file: Path | None = None
    ews_insecure: bool = False
    ews_concurrency: Annotated[int, Field(ge=1, le=200)] = 8
    ews_timeout: Seconds = 30.0
    timezone: str
    days_before: Annotated[int, Field(ge=0, le=3650)] = 7
    days_after: Annotated[int, Field(ge=0, le=3650)] = 180
    prefetch: Annotated[int, Field(ge=1, le=65535)] = 1000
    enabled: bool = True
    enrolment_file: Path
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 9464
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("ews_url")
    @classmethod
    def _is_an_address_of_exchange(cls, url: str) -> str:
        # A user in the URL would stand in the logs, and the log-in does not look at it.
        parts = _url_parts(url, _EWS_URL)
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or len(parts.path) < 2 or re.search(r"\s", url):
            raise ValueError(_EWS_URL)
        return url

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        times.zone(name)
        if name not in SHOWABLE_ZONES:
            raise ValueError("an IANA time zone that Windows knows, like Europe/Copenhagen")
        return name

    @field_validator("ews_password_file", "ews_oauth_client_secret_file", "ews_ca_file", "enrolment_file")
    @classmethod
    def _can_be_read(cls, path: Path | None) -> Path | None:
        if path is not None and (path.is_dir() or not os.access(path, os.R_OK)):
            raise ValueError("a file that can be read")
        return path

    @model_validator(mode="after")
    def _has_an_account(self) -> Self:
        if self.ews_auth == "oauth2":
            needed = {"EWS_OAUTH_TENANT": self.ews_oauth_tenant, "EWS_OAUTH_CLIENT_ID": self.ews_oauth_client_id}
            secrets = ("EWS_OAUTH_CLIENT_SECRET", self.ews_oauth_client_secret, self.ews_oauth_client_secret_file)
        else:
            needed = {"EWS_USER": self.ews_user}
            secrets = ("EWS_PASSWORD", self.ews_password, self.ews_password_file)
        missing = [name for name, value in needed.items() if not value]
        name, value, file = secrets
        if bool(value.get_secret_value()) == (file is not None):
            missing.append(f"{name} or {PREFIX}{name}_FILE (one of the two)")
        if missing:
            raise ValueError(f"with {PREFIX}EWS_AUTH={self.ews_auth} also {PREFIX}" + f", {PREFIX}".join(missing))
        return self

    def endpoint(self) -> Endpoint:
        """Where Exchange is and who we are; reads the password file and the certificates.

        Raises :class:`SettingsError` when one of them cannot be used.
        """
        try:
            tls = tls_context(str(self.ews_ca_file) if self.ews_ca_file else None, self.ews_insecure)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                [f"{PREFIX}EWS_CA_FILE: {self.ews_ca_file} holds no certificates ({error}); expected a PEM bundle"]
            ) from None
        oauth = None
        if self.ews_auth == "oauth2":
            secret = _secret("EWS_OAUTH_CLIENT_SECRET", self.ews_oauth_client_secret, self.ews_oauth_client_secret_file)
            oauth = OAuthClient(self.ews_oauth_tenant, self.ews_oauth_client_id, secret)
        return Endpoint(
            url=self.ews_url,
            auth=self.ews_auth,
            user=self.ews_user,
            password="" if oauth else _secret("EWS_PASSWORD", self.ews_password, self.ews_password_file),
            oauth=oauth,
            dialect=DIALECTS[self.ews_version],
            tls=tls,
            timeout_seconds=self.ews_timeout,
            user_agent=USER_AGENT,
        )


def _secret(name: str, value: SecretStr, file: Path | None) -> str:
    """A secret, from its file where there is one; the line break at the file's end does not belong to it."""
    if file is None:
        return value.get_secret_value()
    try:
        secret = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise SettingsError([f"{PREFIX}{name}_FILE: {file} holds no secret; expected a line of UTF-8 text"])
    return secret


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
