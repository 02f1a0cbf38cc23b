"""Log-in by Basic, NTLM and OAuth2, over the wire."""

import base64
import re
import stat
from pathlib import Path

import pytest
import requests
from requests_ntlm import HttpNtlmAuth

from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import EWS_PASSWORD, EWS_USER, StartEmulator
from tests.emulator.soap import TIMEOUT_SECONDS, Client, codes, create

USER_FORMS = ["callsheet", r"STUDIO\callsheet", "callsheet@studio.example"]


class Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def test_without_a_log_in_each_scheme_is_offered_on_a_line_of_its_own(emulator: RunningEmulator) -> None:
    answer = requests.post(emulator.ews_url, b"<x/>", timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 401
    offers = answer.raw.headers.getlist("WWW-Authenticate")
    assert [offer.split()[0] for offer in offers] == ["NTLM", "Basic"]
    assert emulator.counters()["requests"] == {}


def test_only_the_schemes_asked_for_are_taken(start_emulator: StartEmulator) -> None:
    emulator = start_emulator(["anna@example.com"], args=["--auth", "ntlm"])
    assert Client(emulator).create("x", mailbox="anna@example.com").status_code == 401
    ntlm = Client(emulator, HttpNtlmAuth(EWS_USER, EWS_PASSWORD))
    assert codes(ntlm.create("x", mailbox="anna@example.com")) == ["NoError"]


@pytest.mark.parametrize("user", USER_FORMS)
def test_basic(emulator: RunningEmulator, mailbox: str, user: str) -> None:
    assert codes(Client(emulator, (user, EWS_PASSWORD)).create("x", mailbox=mailbox)) == ["NoError"]
    assert Client(emulator, (user, "wrong")).create("x", mailbox=mailbox).status_code == 401
    assert emulator.counters()["auth"]["refused"] == 1


def encoded(scheme: str, value: bytes) -> str:
    return f"{scheme} {base64.b64encode(value).decode()}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        encoded("Basic", b"no colon"),
        encoded("Basic", b"who:x"),
        "Digest x",
        "Bearer x",
        "NTLM",
        "NTLM !!!",
        encoded("NTLM", b"NTLMSSP\0\x07\0\0\0"),
        encoded("NTLM", b"NTLMSSP\0\x01\0\0\0"),
    ],
)
def test_nonsense_is_refused(emulator: RunningEmulator, header: str) -> None:
    answer = requests.post(emulator.ews_url, b"<x/>", headers={"Authorization": header}, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 401
    assert emulator.counters()["auth"]["refused"] == 1


@pytest.mark.parametrize("user", USER_FORMS)
def test_ntlm(emulator: RunningEmulator, mailbox: str, user: str) -> None:
    client = Client(emulator, HttpNtlmAuth(user, EWS_PASSWORD))
    assert codes(client.create("x", mailbox=mailbox)) == ["NoError"]
    assert emulator.counters()["auth"] == {"ntlm_handshakes": 1, "refused": 0}


@pytest.mark.parametrize(("user", "password"), [("callsheet", "wrong"), ("nobody", EWS_PASSWORD)])
def test_ntlm_refuses(emulator: RunningEmulator, mailbox: str, user: str, password: str) -> None:
    answer = Client(emulator, HttpNtlmAuth(user, password)).create("x", mailbox=mailbox)
    assert answer.status_code == 401
    assert emulator.counters()["auth"] == {"ntlm_handshakes": 0, "refused": 1}
    assert emulator.counters()["requests"] == {}


def test_ntlm_is_bound_to_its_connection(emulator: RunningEmulator, mailbox: str) -> None:
    client = Client(emulator, HttpNtlmAuth(EWS_USER, EWS_PASSWORD))
    assert client.create("one", mailbox=mailbox).status_code == 200
    client.session.auth = None
    assert client.create("two", mailbox=mailbox).status_code == 200
    other = requests.post(emulator.ews_url, create("three", mailbox=mailbox), timeout=TIMEOUT_SECONDS)
    assert other.status_code == 401
    assert Client(emulator).subjects(mailbox) == ["one", "two"]


def test_an_ntlm_challenge_cannot_be_answered_on_another_connection(emulator: RunningEmulator) -> None:
    negotiate = "NTLM " + base64.b64encode(b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2" + bytes(24)).decode()
    headers = {"Authorization": negotiate}
    challenge = requests.post(emulator.ews_url, b"", headers=headers, timeout=TIMEOUT_SECONDS)
    offer = re.fullmatch(r"NTLM (\S+)", challenge.headers["WWW-Authenticate"])
    assert offer is not None
    assert base64.b64decode(offer[1]).startswith(b"NTLMSSP\0\x02")
    authenticate = "NTLM " + base64.b64encode(b"NTLMSSP\0\x03\0\0\0" + bytes(80)).decode()
    refused = requests.post(emulator.ews_url, b"", headers={"Authorization": authenticate}, timeout=TIMEOUT_SECONDS)
    assert refused.status_code == 401
    assert emulator.counters()["auth"]["refused"] == 1


def test_an_owner_opens_only_the_own_mailbox(emulator: RunningEmulator, mailbox: str) -> None:
    number = mailbox.partition("@")[0].removeprefix("user-")
    password = f"own-{number}"
    for owner in (Client(emulator, (mailbox, password)), Client(emulator, HttpNtlmAuth(mailbox, password))):
        assert codes(owner.create("mine", mailbox=None)) == ["NoError"]
        other = owner.create("not mine", mailbox="locked@other.example")
        assert codes(other) == ["ErrorImpersonateUserDenied"]
    assert Client(emulator).subjects(mailbox) == ["mine", "mine"]


def test_a_password_may_hold_anything(start_emulator: StartEmulator) -> None:
    password = "a:b ‑ æ€\"'"
    organisation = {
        "account": [{"user": "callsheet", "password": password, "impersonate": ["*"]}],
        "mailbox": [{"address": "anna@example.com"}],
    }
    emulator = start_emulator(organisation=organisation)
    # requests writes Basic in Latin-1 unless it is given bytes.
    basic = requests.auth.HTTPBasicAuth(b"callsheet", password.encode())
    for auth in [basic, HttpNtlmAuth("callsheet", password)]:
        assert codes(Client(emulator, auth).create("x", mailbox="anna@example.com")) == ["NoError"]


def test_oauth(start_emulator: StartEmulator, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(
        '[[client]]\nid = "app"\nsecret = "app-secret"\nuser = "callsheet"\n'
        'lifetime_seconds = 600\ntoken = "for-ever"\n'
    )
    emulator = start_emulator(["anna@example.com"], args=["--token-file", str(tokens)])
    url = emulator.page_url + "oauth2/token"
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "app-secret"}
    given = requests.post(url, data=form, timeout=TIMEOUT_SECONDS)
    assert given.status_code == 200
    assert given.headers["Cache-Control"] == "no-store"
    assert (given.json()["token_type"], given.json()["expires_in"]) == ("Bearer", 600)
    for token in (given.json()["access_token"], "for-ever"):
        assert codes(Client(emulator, Bearer(token)).create("x", mailbox="anna@example.com")) == ["NoError"]
    assert Client(emulator, Bearer("made-up")).create("x", mailbox="anna@example.com").status_code == 401
    wrong = requests.post(url, data=form | {"client_secret": "wrong"}, timeout=TIMEOUT_SECONDS)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    other = requests.post(url, data=form | {"grant_type": "password"}, timeout=TIMEOUT_SECONDS)
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")


def test_without_a_token_file_there_is_no_token_endpoint(emulator: RunningEmulator) -> None:
    answer = requests.post(emulator.page_url + "oauth2/token", timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 404


def test_secrets_are_kept(start_emulator: StartEmulator, tmp_path: Path) -> None:
    emulator = start_emulator(["anna@example.com"], args=[])
    client = Client(emulator, HttpNtlmAuth(EWS_USER, EWS_PASSWORD))
    client.create("x", mailbox="anna@example.com")
    environment = Path(f"/proc/{emulator.child.pid}/environ")
    assert EWS_PASSWORD.encode() not in environment.read_bytes()
    emulator.stop()
    logs = list(tmp_path.rglob("*.log"))
    assert logs
    assert all(EWS_PASSWORD not in log.read_text() for log in logs)


def test_the_ntlm_file_is_private_and_goes_with_the_process(
    start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    emulator = start_emulator(["anna@example.com"])
    Client(emulator, HttpNtlmAuth(EWS_USER, EWS_PASSWORD)).create("x", mailbox="anna@example.com")
    [file] = tmp_path.glob("callsheet-emulator-*/ntlm-users")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert EWS_PASSWORD not in file.read_text()
    emulator.stop()
    assert not file.parent.exists()
