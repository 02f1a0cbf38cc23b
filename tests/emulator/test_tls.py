"""TLS with a certificate of the emulator's own making."""

import stat
from pathlib import Path

import pytest
import requests

from tests.conftest import StartEmulator
from tests.emulator.soap import TIMEOUT_SECONDS, Client, codes

MAILBOX = "anna@example.com"


def test_a_client_that_trusts_the_authority_is_served(start_emulator: StartEmulator, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    emulator = start_emulator([MAILBOX], args=["--tls", str(folder)])
    assert emulator.ca_file == folder / "ca.pem"
    assert emulator.ews_url.startswith("https://127.0.0.1:")
    client = Client(emulator)
    client.session.verify = str(emulator.ca_file)
    assert codes(client.create("x", mailbox=MAILBOX)) == ["NoError"]
    client.url = client.url.replace("127.0.0.1", "localhost")
    assert client.subjects(MAILBOX) == ["x"]
    for key in ("server.key", "ca.key"):
        assert stat.S_IMODE((folder / key).stat().st_mode) == 0o600


def test_a_client_that_does_not_know_the_authority_refuses(start_emulator: StartEmulator, tmp_path: Path) -> None:
    emulator = start_emulator([MAILBOX], args=["--tls", str(tmp_path / "tls")])
    with pytest.raises(requests.exceptions.SSLError, match=r"self-signed|unable to get local issuer"):
        requests.get(emulator.page_url, timeout=TIMEOUT_SECONDS)


@pytest.mark.parametrize(
    ("option", "complaint"),
    [(["--tls-host", "mail.other.example"], "IP address mismatch"), (["--tls-expired"], "certificate has expired")],
)
def test_certificates_that_a_client_must_refuse(
    start_emulator: StartEmulator, tmp_path: Path, option: list[str], complaint: str
) -> None:
    emulator = start_emulator([MAILBOX], args=["--tls", str(tmp_path / "tls"), *option])
    with pytest.raises(requests.exceptions.SSLError, match=complaint):
        requests.get(emulator.page_url, verify=str(emulator.ca_file), timeout=TIMEOUT_SECONDS)


def test_the_authority_stays_when_the_emulator_starts_again(start_emulator: StartEmulator, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    start_emulator([MAILBOX], args=["--tls", str(folder)]).stop()
    authority = (folder / "ca.pem").read_bytes()
    emulator = start_emulator([MAILBOX], args=["--tls", str(folder)])
    assert (folder / "ca.pem").read_bytes() == authority
    assert requests.get(emulator.page_url, verify=str(folder / "ca.pem"), timeout=TIMEOUT_SECONDS).status_code == 200
