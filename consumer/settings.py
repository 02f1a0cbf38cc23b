"""The settings, from the environment alone. Read once, checked before anything is opened, frozen."""

import os
import re
import ssl
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from consumer.broker_settings import (
    PREFIX,
    BrokerSettings,
    Bytes,
    Seconds,
    Settings,
    SettingsError,
    read_settings,
    seconds,
    size,
    url_parts,
)
from consumer.calendars.ews.connection import Endpoint, OAuthClient, tls_context
from consumer.calendars.ews.versions import DIALECTS
from consumer.calendars.ews.zones import SHOWABLE_ZONES
from consumer.version import USER_AGENT
from contract import times

__all__ = [
    "PREFIX",
    "BrokerSettings",
    "ExchangeSettings",
    "ExplainSettings",
    "PurgeSettings",
    "RunSettings",
    "Settings",
    "SettingsError",
    "read_settings",
    "seconds",
]

_EWS_URL: Final = "https://host[:port]/EWS/Exchange.asmx, without a user or password in it"


class ExchangeSettings(BrokerSettings):
    """What every command needs that speaks to Exchange."""

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
    ews_batch: Annotated[int, Field(ge=1, le=500)] = 100
    ews_timeout: Seconds = 30.0

    @field_validator("ews_url")
    @classmethod
    def _is_an_address_of_exchange(cls, url: str) -> str:
        # A user in the URL would stand in the logs, and the log-in does not look at it.
        parts = url_parts(url, _EWS_URL)
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or len(parts.path) < 2 or re.search(r"\s", url):
            raise ValueError(_EWS_URL)
        return url

    @field_validator("ews_password_file", "ews_oauth_client_secret_file", "ews_ca_file")
    @classmethod
    def _can_be_read(cls, path: Path | None) -> Path | None:
        return _readable(path)

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


class RunSettings(ExchangeSettings):
    """What ``callsheet-consumer run`` needs."""

    timezone: str
    days_before: Annotated[int, Field(ge=0, le=3650)] = 7
    days_after: Annotated[int, Field(ge=0, le=3650)] = 180
    prefetch: Annotated[int, Field(ge=1, le=65535)] = 1000
    memory_limit: Bytes = size("128MiB")
    second_look_margin: Seconds = 60.0
    login_pause: Seconds = 60.0
    guard_share: Annotated[int, Field(ge=0, le=100)] = 30
    guard_count: Annotated[int, Field(ge=0)] = 5
    enabled: bool = True
    enrolment_file: Path
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 9464
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        return _zone_that_windows_knows(name)

    @field_validator("enrolment_file")
    @classmethod
    def _enrolment_can_be_read(cls, path: Path) -> Path | None:
        return _readable(path)


class ExplainSettings(ExchangeSettings):
    """What ``callsheet-consumer explain`` needs. Times are shown in ``timezone``."""

    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        return _zone_that_windows_knows(name)


class PurgeSettings(ExchangeSettings):
    """What ``callsheet-consumer purge`` needs. The enrolment names those who are denied."""

    enrolment_file: Path | None = None

    @field_validator("enrolment_file")
    @classmethod
    def _enrolment_can_be_read(cls, path: Path | None) -> Path | None:
        return _readable(path)


def _zone_that_windows_knows(name: str) -> str:
    times.zone(name)
    if name not in SHOWABLE_ZONES:
        raise ValueError("an IANA time zone that Windows knows, like Europe/Copenhagen")
    return name


def _readable(path: Path | None) -> Path | None:
    if path is not None and (path.is_dir() or not os.access(path, os.R_OK)):
        raise ValueError("a file that can be read")
    return path


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
