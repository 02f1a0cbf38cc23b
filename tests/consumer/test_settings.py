"""The settings: each wrong one is named with what is expected, nothing secret is repeated, nothing is opened before."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consumer.settings import BrokerSettings, RunSettings, SettingsError, read_settings, seconds
from deploy.sandbox.children import CHECKOUT
from tests.conftest import StartEmulator

SECRET = "hemlig-Only-for-tests-1"
FILE = "a file that can be read"
EWS_URL = "https://host[:port]/EWS/Exchange.asmx, without a user or password in it"
ONE_PASSWORD = "CALLSHEET_EWS_PASSWORD or CALLSHEET_EWS_PASSWORD_FILE (one of the two)"
ONE_CLIENT_SECRET = "CALLSHEET_EWS_OAUTH_CLIENT_SECRET or CALLSHEET_EWS_OAUTH_CLIENT_SECRET_FILE (one of the two)"
AMQP_URL = "amqp://user:password@host:5672/vhost or amqps://…"


@pytest.fixture
def right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment with the least that is needed."""
    for name in [name for name in os.environ if name.startswith("CALLSHEET_")]:
        monkeypatch.delenv(name)
    (tmp_path / "enrolment.toml").write_text('[enrolment]\nmailboxes = ["anna@example.com"]\n')
    (tmp_path / "password").write_text(f"{SECRET}\n")
    environment = {
        "CALLSHEET_EWS_URL": "https://mail.example.com/EWS/Exchange.asmx",
        "CALLSHEET_EWS_USER": "STUDIO\\callsheet",
        "CALLSHEET_EWS_PASSWORD_FILE": str(tmp_path / "password"),
        "CALLSHEET_TIMEZONE": "Europe/Copenhagen",
        "CALLSHEET_ENROLMENT_FILE": str(tmp_path / "enrolment.toml"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.mark.usefixtures("right")
def test_the_defaults() -> None:
    settings = read_settings(RunSettings)
    assert settings.amqp_url.get_secret_value() == "amqp://guest:guest@localhost:5672/"
    assert (settings.ews_auth, settings.ews_version, settings.ews_insecure) == ("ntlm", "2016", False)
    assert (settings.ews_concurrency, settings.ews_timeout) == (8, 30.0)
    assert (settings.days_before, settings.days_after, settings.prefetch) == (7, 180, 1000)
    assert (settings.partitions, settings.retry_delays) == (16, ("30s", "2m", "10m", "1h"))
    assert (settings.enabled, settings.http_host, settings.http_port) == (True, "127.0.0.1", 9464)
    assert socket.gethostname() in settings.replica


@pytest.mark.usefixtures("right")
def test_topology_needs_no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLSHEET_EWS_URL")
    monkeypatch.setenv("CALLSHEET_RETRY_DELAYS", "200ms, 2s")
    assert read_settings(BrokerSettings).retry_delays == ("200ms", "2s")


@pytest.mark.usefixtures("right")
def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSHEET_PREFETCH", "")
    monkeypatch.setenv("CALLSHEET_EWS_CA_FILE", "")
    settings = read_settings(RunSettings)
    assert (settings.prefetch, settings.ews_ca_file) == (1000, None)


@pytest.mark.usefixtures("right")
@pytest.mark.parametrize("name", ["EWS_URL", "TIMEZONE", "ENROLMENT_FILE"])
def test_what_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(f"CALLSHEET_{name}")
    assert problems() == [f"CALLSHEET_{name} is not set; it is required"]


@pytest.mark.usefixtures("right")
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AMQP_URL", "http://localhost", AMQP_URL),
        ("AMQP_URL", "amqp:///", AMQP_URL),
        ("AMQP_URL", f"amqp://u:{SECRET}@host:abc/", AMQP_URL),
        ("AMQP_URL", f"amqp://u:{SECRET}℀@host/", AMQP_URL),
        ("AMQP_URL", f"amqp://u:{SECRET}@[::1", AMQP_URL),
        ("EWS_URL", "mail.example.com", EWS_URL),
        ("EWS_URL", "ftp://mail.example.com/EWS/Exchange.asmx", EWS_URL),
        ("EWS_URL", "https://mail.example.com", EWS_URL),
        ("EWS_URL", "https://mail.example.com:99999/EWS/Exchange.asmx", EWS_URL),
        ("EWS_URL", "https:///EWS/Exchange.asmx", EWS_URL),
        ("EWS_URL", "https://[::1/EWS/Exchange.asmx", EWS_URL),
        ("EWS_URL", "https://mail.example.com/EWS/ Exchange.asmx", EWS_URL),
        ("EWS_URL", f"https://callsheet:{SECRET}@mail.example.com/EWS/Exchange.asmx", EWS_URL),
        ("EWS_AUTH", "kerberos", "'ntlm', 'basic' or 'oauth2'"),
        (
            "EWS_VERSION",
            "2003",
            "'2007_SP1', '2010', '2010_SP1', '2010_SP2', '2013', '2013_SP1', '2016', '2019' or 'SE'",
        ),
        ("EWS_CA_FILE", "/nowhere/ca.pem", FILE),
        ("EWS_CA_FILE", "/", FILE),
        ("EWS_PASSWORD_FILE", "/nowhere/password", FILE),
        ("EWS_PASSWORD_FILE", "/", FILE),
        ("ENROLMENT_FILE", "/nowhere/enrolment.toml", FILE),
        ("EWS_INSECURE", "perhaps", "a valid boolean, unable to interpret input"),
        ("EWS_CONCURRENCY", "0", "greater than or equal to 1"),
        ("EWS_TIMEOUT", "0", "greater than 0"),
        ("EWS_TIMEOUT", "soon", "a duration like 30s, 2m or 500ms"),
        ("TIMEZONE", "Europe/Kopenhagen", "an IANA time zone name, like Europe/Copenhagen"),
        ("DAYS_BEFORE", "-1", "greater than or equal to 0"),
        ("DAYS_AFTER", "many", "a valid integer, unable to parse string as an integer"),
        ("GUARD_SHARE", "101", "less than or equal to 100"),
        ("GUARD_COUNT", "-1", "greater than or equal to 0"),
        ("PREFETCH", "65536", "less than or equal to 65535"),
        ("PARTITIONS", "0", "greater than or equal to 1"),
        ("RETRY_DELAYS", ",", "a list of durations like 30s,2m,10m,1h"),
        ("RETRY_DELAYS", "30s,0s", "a list of durations like 30s,2m,10m,1h"),
        ("RETRY_DELAYS", "30s,soon", "a duration like 30s, 2m or 500ms"),
        ("REPLICA", "two words", "1 to 100 printable ASCII characters without spaces"),
        ("HTTP_PORT", "65536", "less than or equal to 65535"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("ENABLED", "perhaps", "a valid boolean, unable to interpret input"),
    ],
)
def test_what_is_wrong(monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str) -> None:
    monkeypatch.setenv(f"CALLSHEET_{name}", value)
    assert problems() == [f"CALLSHEET_{name} is wrong; expected {expected}"]


@pytest.mark.usefixtures("right")
def test_everything_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLSHEET_EWS_URL")
    monkeypatch.setenv("CALLSHEET_TIMEZONE", "Nowhere")
    monkeypatch.setenv("CALLSHEET_PREFETCH", "x")
    assert sorted(problem.split()[0] for problem in problems()) == [
        "CALLSHEET_EWS_URL",
        "CALLSHEET_PREFETCH",
        "CALLSHEET_TIMEZONE",
    ]


@pytest.mark.usefixtures("right")
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"EWS_USER": None}, "expected with CALLSHEET_EWS_AUTH=ntlm also CALLSHEET_EWS_USER"),
        (
            {"EWS_PASSWORD_FILE": None},
            f"expected with CALLSHEET_EWS_AUTH=ntlm also {ONE_PASSWORD}",
        ),
        (
            {"EWS_AUTH": "basic", "EWS_PASSWORD": SECRET},
            f"expected with CALLSHEET_EWS_AUTH=basic also {ONE_PASSWORD}",
        ),
        (
            {"EWS_AUTH": "oauth2", "EWS_OAUTH_TENANT": "studio"},
            f"expected with CALLSHEET_EWS_AUTH=oauth2 also CALLSHEET_EWS_OAUTH_CLIENT_ID, {ONE_CLIENT_SECRET}",
        ),
    ],
)
def test_an_account_is_whole(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], problem: str) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(f"CALLSHEET_{name}")
        else:
            monkeypatch.setenv(f"CALLSHEET_{name}", value)
    assert problems() == [problem]


@pytest.mark.usefixtures("right")
def test_the_password_is_read_from_its_file() -> None:
    endpoint = read_settings(RunSettings).endpoint()
    assert (endpoint.user, endpoint.password) == ("STUDIO\\callsheet", SECRET)
    assert endpoint.oauth is None


@pytest.mark.usefixtures("right")
@pytest.mark.parametrize(("line", "secret"), [(" a b \n", " a b "), ("a\r\n", "a"), ("påske", "påske")])
def test_a_line_break_does_not_belong_to_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, secret: str
) -> None:
    file = tmp_path / "other"
    file.write_bytes(line.encode())
    monkeypatch.setenv("CALLSHEET_EWS_PASSWORD_FILE", str(file))
    assert read_settings(RunSettings).endpoint().password == secret


@pytest.mark.usefixtures("right")
@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe" + SECRET.encode("utf-16-le")])
def test_a_password_file_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    monkeypatch.setenv("CALLSHEET_EWS_PASSWORD_FILE", str(file))
    with pytest.raises(SettingsError) as caught:
        read_settings(RunSettings).endpoint()
    assert str(caught.value) == f"CALLSHEET_EWS_PASSWORD_FILE: {file} holds no secret; expected a line of UTF-8 text"


@pytest.mark.usefixtures("right")
def test_oauth2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("EWS_USER", "EWS_PASSWORD_FILE"):
        monkeypatch.delenv(f"CALLSHEET_{name}")
    for name, value in (
        ("EWS_AUTH", "oauth2"),
        ("EWS_OAUTH_TENANT", "studio"),
        ("EWS_OAUTH_CLIENT_ID", "app"),
        ("EWS_OAUTH_CLIENT_SECRET_FILE", str(tmp_path / "password")),
    ):
        monkeypatch.setenv(f"CALLSHEET_{name}", value)
    oauth = read_settings(RunSettings).endpoint().oauth
    assert oauth is not None
    assert (oauth.tenant, oauth.client_id, oauth.client_secret) == ("studio", "app", SECRET)


@pytest.mark.usefixtures("right")
def test_a_ca_file_without_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSHEET_EWS_CA_FILE", str(tmp_path / "password"))
    with pytest.raises(SettingsError, match=r"CALLSHEET_EWS_CA_FILE: \S+ holds no certificates .*; expected a PEM"):
        read_settings(RunSettings).endpoint()


@pytest.mark.usefixtures("right")
def test_a_private_ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_emulator: StartEmulator) -> None:
    emulator = start_emulator(["anna@example.com"], args=["--tls", str(tmp_path / "tls")])
    monkeypatch.setenv("CALLSHEET_EWS_CA_FILE", str(emulator.ca_file))
    certificates = read_settings(RunSettings).endpoint().tls.get_ca_certs()
    assert len(certificates) == 1
    assert "Callsheet emulator CA" in str(certificates[0]["subject"])


@pytest.mark.usefixtures("right")
def test_verification_is_off_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(RunSettings).endpoint().tls.check_hostname
    monkeypatch.setenv("CALLSHEET_EWS_INSECURE", "true")
    assert not read_settings(RunSettings).endpoint().tls.check_hostname


@pytest.mark.usefixtures("right")
def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLSHEET_EWS_PASSWORD_FILE")
    monkeypatch.setenv("CALLSHEET_EWS_PASSWORD", SECRET)
    monkeypatch.setenv("CALLSHEET_AMQP_URL", f"amqp://callsheet:{SECRET}@broker/")
    monkeypatch.setenv("CALLSHEET_EWS_OAUTH_CLIENT_SECRET", SECRET)
    settings = read_settings(RunSettings)
    endpoint = settings.endpoint()
    assert endpoint.password == SECRET
    for shown in (settings, endpoint, settings.model_dump(), settings.model_dump_json(), endpoint.credentials()):
        assert SECRET not in f"{shown} {shown!r}"


@pytest.mark.parametrize(
    ("text", "value"),
    [("30s", 30), ("2m", 120), ("1h", 3600), ("1d", 86400), ("500ms", 0.5), ("1.5s", 1.5), ("7", 7), (" 2 m ", 120)],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "-1s", "1w", "s", "1e3", "nan", "1 2s", "٣s x"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a duration like 30s, 2m or 500ms$"):
        seconds(text)


def problems() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(RunSettings)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!s}"
    return str(caught.value).splitlines()


class Run:
    """``python -m consumer run`` to its end."""

    def __init__(self, environment: dict[str, str], **changes: Any) -> None:
        variables = {**environment, **{f"CALLSHEET_{name}": str(value) for name, value in changes.items()}}
        done = subprocess.run(
            [sys.executable, "-m", "consumer", "run"],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        self.code, self.said = done.returncode, done.stderr
        assert SECRET not in done.stderr + done.stdout


def test_the_command_ends_with_2_before_anything_is_opened(right: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker, socket.create_server(("127.0.0.1", 0)) as exchange:
        broker.setblocking(False)
        exchange.setblocking(False)
        run = Run(
            right,
            AMQP_URL=f"amqp://guest:{SECRET}@127.0.0.1:{broker.getsockname()[1]}/",
            EWS_URL=f"http://127.0.0.1:{exchange.getsockname()[1]}/EWS/Exchange.asmx",
            TIMEZONE="Nowhere",
        )
        for listening in (broker, exchange):
            with pytest.raises(BlockingIOError):
                listening.accept()
    expected = "Wrong setting: CALLSHEET_TIMEZONE is wrong; expected an IANA time zone name, like Europe/Copenhagen\n"
    assert (run.code, run.said) == (2, expected)


def test_the_command_names_what_only_shows_when_it_is_used(right: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("mailboxes = [")
    enrolment = Run(right, ENROLMENT_FILE=broken)
    assert enrolment.code == 2
    assert enrolment.said.startswith(f"Wrong setting: CALLSHEET_ENROLMENT_FILE: {broken} is not TOML: ")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(right, HTTP_PORT=port)
    assert run.code == 2
    assert f"CALLSHEET_HTTP_PORT: 127.0.0.1:{port} cannot be had (Address already in use)" in run.said
