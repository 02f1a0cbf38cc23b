"""The HTTP port: three paths, for whoever asks on this machine."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from consumer.telemetry.health import Health, HttpPort
from consumer.telemetry.metrics import Metrics
from tests.support import eventually


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def port(metrics: Metrics, health: Health) -> Iterator[int]:
    opened = HttpPort("127.0.0.1", 0, metrics, health)
    yield opened.port
    opened.close()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers
    finally:
        connection.close()


def test_metrics(port: int, metrics: Metrics) -> None:
    metrics.observe_request("CreateItem", "ok", 0.05)
    metrics.count_write("create")
    metrics.watch_lanes(lambda: 3)
    status, text, headers = ask(port, "/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    for line in (
        'callsheet_ews_requests_total{operation="CreateItem",result="ok"} 1.0',
        'callsheet_writes_total{action="create"} 1.0',
        'callsheet_writes_total{action="delete"} 0.0',
        'callsheet_events_total{outcome="applied"} 0.0',
        "callsheet_lanes_active 3.0",
        "callsheet_breaker_state 0.0",
    ):
        assert line in text.splitlines()


NAMES = """
    events_total writes_total ews_requests_total ews_request_seconds freshness_seconds lane_wait_seconds
    lanes_active partitions_active breaker_state parked_messages build_info
    held_messages repaired_total removed_total repair_conflicts_total
"""
OUTCOMES = """
    applied unchanged superseded stale outside_window not_enrolled forwarded retried parked held
"""


def test_every_metric_of_the_contract_is_there(port: int) -> None:
    _, text, _ = ask(port, "/metrics")
    assert [name for name in NAMES.split() if f"# TYPE callsheet_{name} " not in text] == []
    assert [name for name in OUTCOMES.split() if f'callsheet_events_total{{outcome="{name}"}}' not in text] == []


def test_alive(port: int, health: Health) -> None:
    assert ask(port, "/healthz")[:2] == (200, '{"alive": true}\n')
    health.beat()
    assert health.alive


def test_not_alive_when_the_event_loop_stands_still(port: int, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.telemetry.health._ALIVE_SECONDS", 0.05)
    eventually(lambda: ask(port, "/healthz")[:2] == (503, '{"alive": false}\n'))
    monkeypatch.setattr("consumer.telemetry.health._ALIVE_SECONDS", 15)
    health.beat()
    assert ask(port, "/healthz")[0] == 200


def test_ready_when_both_can_be_used(port: int, health: Health) -> None:
    status, text, _ = ask(port, "/readyz")
    assert status == 503
    assert json.loads(text) == {"ready": False, "broker": "not connected yet", "exchange": "not reached yet"}
    health.broker = "ok"
    assert ask(port, "/readyz")[0] == 503
    health.exchange = "ok"
    status, text, headers = ask(port, "/readyz")
    assert (status, json.loads(text)["ready"]) == (200, True)
    assert headers["Content-Type"] == "application/json"
    health.broker = "connection refused"
    assert ask(port, "/readyz")[0] == 503


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz2", "/../etc/passwd", "/favicon.ico"])
def test_there_is_nothing_else(port: int, path: str) -> None:
    status, text, _ = ask(port, path)
    assert (status, json.loads(text)) == (404, {"error": "there is /metrics, /healthz and /readyz"})


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/nothing"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(port: int, path: str, method: str) -> None:
    status, _, headers = ask(port, path, method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_head(port: int) -> None:
    assert ask(port, "/healthz", "HEAD")[:2] == (200, "")


def test_it_listens_on_the_given_address_alone(port: int) -> None:
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_a_client_that_says_nothing_holds_nobody_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)):
        assert ask(port, "/healthz")[0] == 200


def test_a_port_that_is_taken(port: int, metrics: Metrics, health: Health) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        HttpPort("127.0.0.1", port, metrics, health)


def test_after_closing_nobody_listens(metrics: Metrics, health: Health) -> None:
    opened = HttpPort("127.0.0.1", 0, metrics, health)
    opened.close()
    with pytest.raises(ConnectionRefusedError):
        ask(opened.port, "/healthz")
