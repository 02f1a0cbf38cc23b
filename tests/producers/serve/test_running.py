"""The service as its operators meet it: stopping, log, health, metrics, tokens that change, TLS, wrong usage."""

import asyncio
import signal
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.codec import encode
from emulator.tls import make_certificates
from producers.serve.tokens import hash_of
from tests.producers.conftest import FragileBroker
from tests.producers.samples import changed_event
from tests.producers.serve.client import STRUCTURED, Connection, ask
from tests.producers.serve.conftest import EVERYTHING, STUDIO, Service, StartService, tokens_toml
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually_async


async def test_sigterm_finishes_what_is_under_way(fragile: FragileBroker, start_service: StartService) -> None:
    service = await start_service(fragile.amqp_url, "--wait", "30")
    body = encode(changed_event(8))
    async with service.connect() as connection, service.connect() as idle:
        fragile.node.pause()
        try:
            connection.send_head("POST", "/v1/events", {"Content-Length": str(len(body)), "Content-Type": STRUCTURED})
            connection.writer.write(body)

            async def waits() -> bool:
                return b"callsheet_ingress_events_in_flight 1.0" in (await ask(service.port, "/metrics")).body

            await eventually_async(waits)
            service.child.signal(signal.SIGTERM)
            await eventually_async(lambda: service.said("stopping"))
            assert await idle.reader.read() == b""
            with pytest.raises(OSError, match="Connect"):
                await ask(service.port, "/healthz")
            assert service.child.exit_code() is None
        finally:
            fragile.node.resume()
        answer = await connection.answer()
    assert answer.status == 202
    await eventually_async(lambda: service.child.exit_code() == 0)
    assert service.records("stopped")
    arrivals = Arrivals(fragile.amqp_url)
    await arrivals.collect(lambda messages: "event-8" in {message.message_id for message in messages})


async def test_one_record_for_each_request_and_no_secret_in_any(service: Service) -> None:
    async with service.connect() as connection:
        await connection.publish(changed_event(1), changed_event(2))
        await connection.request("GET", "/v1/nothing?token=s3cret")
    async with service.connect(STUDIO) as connection:
        await connection.publish(changed_event(3, "bo@example.com"))
    async with service.connect("wr0ng-token") as connection:
        await connection.publish(changed_event(4))
    await ask(service.port, "/healthz")
    await eventually_async(lambda: len(service.records("request")) == 4)
    published, nothing, refused, unknown = service.records("request")
    assert (published["status"], published["token"], published["events"]) == (202, "everything", 2)
    assert (published["method"], published["path"], published["client"]) == ("POST", "/v1/events", "127.0.0.1")
    assert datetime.fromisoformat(published["timestamp"]).tzinfo == UTC
    assert (nothing["status"], nothing["path"]) == (404, "'/v1/nothing'")
    assert (refused["status"], refused["token"]) == (403, "studio")
    assert (unknown["status"], "token" in unknown) == (401, False)
    log = service.child.log.read_text()
    for secret in (EVERYTHING, STUDIO, hash_of(EVERYTHING), "wr0ng", "s3cret", "Booking 1"):
        assert secret not in log


async def test_health_and_metrics_need_no_token_and_events_do(service: Service) -> None:
    assert (await ask(service.port, "/healthz")).json == {"alive": True}
    assert (await ask(service.port, "/readyz")).json == {"ready": True, "broker": "ok"}
    for authorization in (None, "Bearer", "Bearer x", f"Basic {EVERYTHING}", f"Bearer {EVERYTHING}x", "Bearer \xe6"):
        async with service.connect(None) as connection:
            headers = {"Content-Type": STRUCTURED, **({"Authorization": authorization} if authorization else {})}
            answer = await connection.request("POST", "/v1/events", encode(changed_event(1)), headers)
            assert (answer.status, answer.code) == (401, "unauthenticated"), authorization
            assert answer.headers["www-authenticate"].startswith("Bearer ")
    async with service.connect() as connection:
        await connection.publish(changed_event(1), changed_event(2))
        await connection.post_event(b"{}")
    metrics = (await ask(service.port, "/metrics")).body.decode()
    assert 'callsheet_ingress_events_total{outcome="published"} 2.0' in metrics
    assert 'callsheet_ingress_events_total{outcome="refused"} 1.0' in metrics
    assert 'callsheet_ingress_requests_total{path="/v1/events",status="202"} 1.0' in metrics
    assert 'callsheet_ingress_requests_total{path="/v1/events",status="401"} 6.0' in metrics
    assert "callsheet_ingress_broker_up 1.0" in metrics
    assert "example.com" not in metrics


async def test_the_file_of_tokens_is_read_again(service: Service) -> None:
    async def status(token: str) -> int:
        async with Connection(service.port, token) as connection:
            return (await connection.publish(changed_event(1))).status

    async def answers(token: str, expected: int) -> None:
        async def so() -> bool:
            return await status(token) == expected

        await eventually_async(so, what=f"a {expected}")

    assert await status(STUDIO) == 202
    service.tokens.write_text("[[token]\n")
    await eventually_async(lambda: service.said("tokens_not_read"))
    assert await status(STUDIO) == 202  # the former ones count
    assert "callsheet_ingress_token_file_good 0.0" in (await ask(service.port, "/metrics")).body.decode()
    service.tokens.write_text(tokens_toml().split("\n\n", 1)[0] + "\n")
    await answers(STUDIO, 401)
    assert await status(EVERYTHING) == 202
    assert "callsheet_ingress_token_file_good 1.0" in (await ask(service.port, "/metrics")).body.decode()


async def test_tls(amqp_url: str, start_service: StartService, tmp_path: Path) -> None:
    await declare_topology(amqp_url)
    make_certificates(tmp_path, ("localhost",))
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    service = await start_service(amqp_url, "--tls-certificate", str(certificate), "--tls-key", str(key))
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    async with service.connect() as plain:
        plain.send_head("GET", "/healthz", {})
        assert await plain.reader.read() == b""
    reader, writer = await asyncio.open_connection("localhost", service.port, ssl=context)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
