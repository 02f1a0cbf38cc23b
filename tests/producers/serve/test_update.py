"""``POST /v1/sync``: handed on to what listens at ``--sync-url``, and refused where the token does not allow it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from deploy.sandbox.ports import free_ports
from tests.producers.serve.client import Answer
from tests.producers.serve.conftest import EVERYTHING, STUDIO, Service, StartService
from tests.producers.topology import declare_topology
from tests.support import eventually_async

JSON = {"Content-Type": "application/json"}


class Listener:
    """Takes requests as a running sync does, and answers with a status of the test's choice."""

    def __init__(self) -> None:
        self.status = 202
        self.asked: list[Any] = []
        self.heads: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        self.heads.append(head)
        self.asked.append(orjson.loads(await reader.readexactly(length)))
        body = b'{"error": "nobody of that name"}'
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (self.status, len(body)) + body
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


async def update(service: Service, token: str, body: bytes = b"") -> Answer:
    async with service.connect(token) as connection:
        return await connection.request("POST", "/v1/sync", body, JSON)


async def test_an_update_is_handed_on(amqp_url: str, start_service: StartService) -> None:
    await declare_topology(amqp_url)
    async with listening() as listener:
        service = await start_service(amqp_url, "--sync-url", f"http://127.0.0.1:{listener.port}/trigger")
        assert (await update(service, EVERYTHING)).json == {"accepted": True}
        named = {"mailboxes": ["anna@example.com"], "objects": ["person:17", "room:Suite 4"]}
        assert (await update(service, EVERYTHING, orjson.dumps(named))).status == 202
        assert listener.asked == [{"mailboxes": [], "objects": []}, named]
        assert all(head.startswith("POST /trigger HTTP/1.1") for head in listener.heads)
        assert not any(EVERYTHING in head for head in listener.heads)
        listener.status = 400
        refused = await update(service, EVERYTHING)
        assert (refused.status, refused.code) == (400, "invalid_request")
        assert "nobody of that name" in refused.json["detail"]
        listener.status = 500
        assert (await update(service, EVERYTHING)).code == "sync_away"
    away = await update(service, EVERYTHING)
    assert (away.status, away.code, away.headers["retry-after"]) == (503, "sync_away", "5")


async def test_who_may_not_is_told_so(amqp_url: str, start_service: StartService) -> None:
    await declare_topology(amqp_url)
    (port,) = free_ports(1)
    service = await start_service(amqp_url, "--sync-url", f"http://127.0.0.1:{port}/trigger")
    assert (await update(service, STUDIO)).code == "not_allowed"
    assert (await update(service, "unknown")).code == "unauthenticated"
    service.tokens.write_text(service.tokens.read_text() + "sync = true\n")

    async def mailbox(address: str) -> str:
        return (await update(service, STUDIO, orjson.dumps({"mailboxes": [address]}))).code

    async def allowed() -> bool:
        return await mailbox("anna@example.com") == "sync_away"  # nobody listens

    await eventually_async(allowed)
    assert await mailbox("bo@example.com") == "not_allowed"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"mailbox": []}', b'{"mailboxes": ["anna"]}', b'{"objects": ["bo@example.com"]}']
)
async def test_what_is_no_request_is_named(service: Service, body: bytes) -> None:
    answer = await update(service, EVERYTHING, body)
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert "expected a JSON object" in answer.json["detail"]


async def test_without_a_sync_it_says_what_to_set(service: Service) -> None:
    answer = await update(service, EVERYTHING)
    assert (answer.status, answer.code) == (404, "sync_not_configured")
    assert "--sync-url" in answer.json["detail"]
