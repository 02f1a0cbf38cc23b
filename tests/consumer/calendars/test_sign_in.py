"""Ways to sign in, versions of Exchange, and certificates."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from exchangelib.credentials import BaseCredentials, OAuth2Credentials

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.connection import Endpoint, OAuthClient, tls_context
from consumer.calendars.ews.gateway import EwsGateway
from consumer.calendars.ews.versions import DIALECTS
from consumer.core.actions import Action, CreateItem, UpdateItem
from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import EWS_PASSWORD, EWS_USER, StartEmulator
from tests.consumer.calendars.conftest import OpenGateway
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import SINCE, appointment, change, endpoint, only_item, recorded, steady_pace
from tests.support import eventually

SECRET = "the client's own secret"


async def works(calendars: EwsGateway, mailbox: str) -> None:
    """Create, edit and read back."""
    state = await calendars.load(mailbox, SINCE, None)
    first: list[Action] = [CreateItem(change(1, appointment()))]
    recorded(state, first, await calendars.write(mailbox, state, first))
    second: list[Action] = [UpdateItem(only_item(state), change(2, appointment("Mix")))]
    recorded(state, second, await calendars.write(mailbox, state, second))
    assert await calendars.load(mailbox, SINCE, None) == state


async def refused(calendars: EwsGateway, mailbox: str, *secrets: str) -> CalendarError:
    with pytest.raises(CalendarError) as caught:
        await calendars.load(mailbox, SINCE, None)
    for secret in (EWS_PASSWORD, *secrets):
        assert secret not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    return caught.value


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("user", [EWS_USER, f"STUDIO\\{EWS_USER}", f"{EWS_USER}@studio.example.com"])
async def test_a_password(
    open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str, auth: str, user: str
) -> None:
    await works(open_gateway(auth=auth, user=user), mailbox)
    handshakes = emulator.counters()["auth"]["ntlm_handshakes"]
    assert (handshakes >= 1) is (auth == "ntlm")


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
async def test_a_wrong_password(open_gateway: OpenGateway, mailbox: str, auth: str) -> None:
    error = await refused(open_gateway(auth=auth, password="Not-the-one-7"), mailbox, "Not-the-one-7")
    assert (error.code, error.remedy) == ("HTTP401", Remedy.OUTAGE)
    assert str(error) == "HTTP401: the service account was not accepted"


async def test_ntlm_keeps_its_connection(open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str) -> None:
    calendars = open_gateway(auth="ntlm", concurrency=1)
    for _ in range(5):
        await calendars.load(mailbox, SINCE, None)
    assert emulator.counters()["auth"]["ntlm_handshakes"] == 1


@pytest.mark.parametrize("version", DIALECTS)
async def test_every_version_of_exchange(open_gateway: OpenGateway, mailbox: str, owner: Owner, version: str) -> None:
    await works(open_gateway(dialect=DIALECTS[version]), mailbox)
    assert owner.only()["Subject"] == "Mix"
    assert owner.only()["Start"] == "2026-12-01T07:00:00Z"


def test_the_nine_versions() -> None:
    assert list(DIALECTS) == ["2007_SP1", "2010", "2010_SP1", "2010_SP2", "2013", "2013_SP1", "2016", "2019", "SE"]
    assert {DIALECTS[name].schema for name in ("2016", "2019", "SE")} == {"Exchange2016"}
    assert [name for name, dialect in DIALECTS.items() if not dialect.item_zones] == ["2007_SP1"]
    old = ["2007_SP1", "2010", "2010_SP1", "2010_SP2"]
    assert [name for name, dialect in DIALECTS.items() if not dialect.working_elsewhere] == old


class LocalCredentials(OAuth2Credentials):
    """Tokens from the emulator instead of Microsoft's cloud."""

    @property
    def token_url(self) -> str:
        return str(self.tenant_id)


@dataclass(frozen=True, repr=False)
class LocalEndpoint(Endpoint):
    """``tenant`` is the address of the token endpoint."""

    def credentials(self) -> BaseCredentials:
        assert self.oauth is not None
        return LocalCredentials(
            client_id=self.oauth.client_id, client_secret=self.oauth.client_secret, tenant_id=self.oauth.tenant
        )


@dataclass(frozen=True)
class Tenant:
    """An emulator that takes tokens only, and a way to it."""

    emulator: RunningEmulator

    def gateway(self, secret: str = SECRET) -> EwsGateway:
        base = endpoint(self.emulator)
        fields: dict[str, Any] = {name: getattr(base, name) for name in base.__dataclass_fields__}
        token_url = self.emulator.page_url + "oauth2/token"
        fields.update(auth="oauth2", user="", password="", oauth=OAuthClient(token_url, "callsheet-app", secret))
        return EwsGateway(LocalEndpoint(**fields), steady_pace(1), lambda *_: None)


def tenant(start_emulator: StartEmulator, mailbox: str, tmp_path: Path, lifetime_seconds: int) -> Tenant:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(
        f'[[client]]\nid = "callsheet-app"\nsecret = "{SECRET}"\nuser = "{EWS_USER}"\n'
        f"lifetime_seconds = {lifetime_seconds}\n"
    )
    arguments = ["--auth", "", "--token-file", str(tokens), "--tls", str(tmp_path / "tls")]
    return Tenant(start_emulator([mailbox], args=arguments))


async def test_oauth2(start_emulator: StartEmulator, mailbox: str, tmp_path: Path) -> None:
    calendars = tenant(start_emulator, mailbox, tmp_path, 3600).gateway()
    await works(calendars, mailbox)
    await calendars.close()


async def test_oauth2_with_a_wrong_secret(start_emulator: StartEmulator, mailbox: str, tmp_path: Path) -> None:
    calendars = tenant(start_emulator, mailbox, tmp_path, 3600).gateway("a wrong secret")
    error = await refused(calendars, mailbox, SECRET, "a wrong secret")
    assert (error.code, error.remedy) == ("HTTP401", Remedy.OUTAGE)
    assert str(error) == "HTTP401: no access token: invalid_client"
    await calendars.close()


async def test_a_token_that_has_ended_is_replaced(start_emulator: StartEmulator, mailbox: str, tmp_path: Path) -> None:
    """An hour later the service goes on without a failed request."""
    there = tenant(start_emulator, mailbox, tmp_path, 1)
    calendars = there.gateway()
    await works(calendars, mailbox)
    refused_before = there.emulator.counters()["auth"]["refused"]
    for _ in range(2):
        await outlive(1)
        assert len((await calendars.load(mailbox, SINCE, None)).items) == 1
    assert there.emulator.counters()["auth"]["refused"] == refused_before
    await calendars.close()


async def outlive(seconds: int) -> None:
    ends = time.monotonic() + seconds + 0.3
    await asyncio.to_thread(eventually, lambda: time.monotonic() > ends)


@pytest.fixture(scope="module")
def tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


async def test_a_private_certificate(
    start_emulator: StartEmulator, open_gateway: OpenGateway, mailbox: str, tls_folder: Path
) -> None:
    secure = start_emulator([mailbox], args=["--tls", str(tls_folder)])
    assert secure.ews_url.startswith("https://")
    await works(open_gateway(secure), mailbox)
    error = await refused(open_gateway(secure, tls=tls_context(None, insecure=False)), mailbox)
    assert (error.code, error.remedy) == ("TLS", Remedy.OUTAGE)
    assert "unable to get local issuer certificate" in str(error)


async def test_a_certificate_that_has_ended(
    start_emulator: StartEmulator, open_gateway: OpenGateway, mailbox: str, tls_folder: Path
) -> None:
    expired = start_emulator([mailbox], args=["--tls", str(tls_folder), "--tls-expired"])
    error = await refused(open_gateway(expired), mailbox)
    assert (error.code, error.remedy) == ("TLS", Remedy.OUTAGE)
    assert "certificate has expired" in str(error)


async def test_a_certificate_of_another_host(
    start_emulator: StartEmulator, open_gateway: OpenGateway, mailbox: str, tls_folder: Path
) -> None:
    other = start_emulator([mailbox], args=["--tls", str(tls_folder), "--tls-host", "mail.example.com"])
    error = await refused(open_gateway(other), mailbox)
    assert (error.code, error.remedy) == ("TLS", Remedy.OUTAGE)
    assert "not valid for '127.0.0.1'" in str(error)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
async def test_without_verification_on_demand(
    start_emulator: StartEmulator, open_gateway: OpenGateway, mailbox: str, tls_folder: Path
) -> None:
    other = start_emulator([mailbox], args=["--tls", str(tls_folder), "--tls-host", "mail.example.com"])
    await works(open_gateway(other, tls=tls_context(None, insecure=True)), mailbox)


async def test_tls_on_a_port_that_speaks_none(
    open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    url = emulator.ews_url.replace("http://", "https://")
    error = await refused(open_gateway(url=url), mailbox)
    assert (error.code, error.remedy) == ("TLS", Remedy.OUTAGE)


async def test_the_environment_has_no_say(
    open_gateway: OpenGateway, mailbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy or a .netrc of whoever starts the service changes neither the account nor the way."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    await works(open_gateway(), mailbox)


def test_secrets_do_not_show(emulator: RunningEmulator) -> None:
    here = endpoint(emulator, oauth=OAuthClient("studio", "callsheet-app", SECRET))
    shown = f"{here!r} {here} {here.oauth!r} {here.credentials()!r} {here.credentials()}"
    assert EWS_PASSWORD not in shown
    assert SECRET not in shown
    assert EWS_USER in shown
    assert EWS_PASSWORD not in repr(endpoint(emulator).credentials())
