"""What one client cannot do to the service: large, slow and endless requests, too many of them, memory."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from contract.codec import encode
from producers.serve.body import Bodies
from producers.serve.limits import Limits
from producers.serve.problems import Code, Problem
from producers.serve.rate import Allowance
from producers.serve.tokens import Token, entry, hash_of, new_token
from tests.producers.samples import changed_event
from tests.producers.serve.client import BATCH, STRUCTURED, Connection
from tests.producers.serve.conftest import Service, StartService
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually_async

EVENT = encode(changed_event(1))


async def test_too_large_bodies_and_batches(amqp_url: str, start_service: StartService) -> None:
    await declare_topology(amqp_url)
    service = await start_service(amqp_url, "--max-body", "4000", "--max-batch", "3")
    async with service.connect() as connection:
        answer = await connection.post_event(b"[" + b"1," * 3 + b"1]", BATCH)
        assert (answer.status, answer.code) == (413, "too_large")
        assert "may have 3 events, found 4" in answer.json["detail"]
        connection.send_head("POST", "/v1/events", {"Content-Length": "4001", "Content-Type": STRUCTURED})
        announced = await connection.answer()  # no byte of the body was sent
        assert (announced.status, announced.code, announced.headers["connection"]) == (413, "too_large", "close")
    async with service.connect() as connection:
        connection.send_head("POST", "/v1/events", {"Transfer-Encoding": "chunked", "Content-Type": STRUCTURED})
        for _ in range(5):
            connection.writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
        unannounced = await connection.answer()
        assert (unannounced.status, unannounced.code) == (413, "too_large")


async def test_a_body_of_unknown_length_is_taken(amqp_url: str, service: Service) -> None:
    async with service.connect() as connection:
        connection.send_head("POST", "/v1/events", {"Transfer-Encoding": "chunked", "Content-Type": STRUCTURED})
        for part in (EVENT[:100], EVENT[100:]):
            connection.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
        connection.writer.write(b"0\r\n\r\n")
        assert (await connection.answer()).status == 202
    await Arrivals(amqp_url).collect(lambda messages: len(messages) == 1)


async def test_slow_clients_are_let_go(amqp_url: str, start_service: StartService) -> None:
    await declare_topology(amqp_url)
    service = await start_service(amqp_url, "--request-timeout", "0.5")
    async with asyncio.timeout(20), service.connect() as slow, service.connect() as silent, service.connect() as head:
        slow.send_head("POST", "/v1/events", {"Content-Length": "1000", "Content-Type": STRUCTURED})
        slow.writer.write(b"{")
        head.writer.write(b"POST /v1/events HTTP/1.1\r\nHost: ")
        answer = await slow.answer()
        assert (answer.status, answer.code) == (408, "body_too_slow")
        assert await slow.reader.read() == b""
        assert await silent.reader.read() == b""
        assert await head.reader.read() == b""


async def test_a_client_that_goes_away_in_mid_body_does_no_harm(service: Service) -> None:
    async with service.connect() as leaving:
        leaving.send_head("POST", "/v1/events", {"Content-Length": "1000", "Content-Type": STRUCTURED})
        leaving.writer.write(b"{")
        await leaving.writer.drain()
    async with service.connect() as connection:
        assert (await connection.post_event(EVENT)).status == 202
    await eventually_async(lambda: len(service.records("request")) == 2)
    assert not [line for line in service.child.log.read_text().splitlines() if "Traceback" in line]


async def test_an_endless_head_is_refused(service: Service) -> None:
    async with service.connect() as connection:
        connection.writer.write(b"POST /v1/events HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            await send_without_end(connection, b"X-More: " + b"x" * 4000 + b"\r\n")


async def test_what_is_no_http_is_refused(service: Service) -> None:
    async with service.connect() as connection:
        connection.writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert (await connection.reader.readline()).startswith(b"HTTP/1.1 400 ")


async def test_a_token_that_sends_too_much_waits_and_others_do_not(amqp_url: str, start_service: StartService) -> None:
    await declare_topology(amqp_url)
    service = await start_service(amqp_url, "--rate", "5")
    token = new_token()
    slow = Token("slow", hash_of(token), ("*",), ("*@*",))
    service.tokens.write_text(service.tokens.read_text() + entry(slow))
    await eventually_async(lambda: bool(service.records("tokens_read")))
    async with Connection(service.port, token) as limited, service.connect() as other:
        assert (await limited.publish(*(changed_event(number) for number in range(1, 21)))).status == 202
        refused = await limited.publish(changed_event(21))
        assert (refused.status, refused.code) == (429, "rate_exceeded")
        # 5 at once, 20 taken, so 15 and its own one are owed, at 5 a second.
        assert refused.headers["retry-after"] == "4"
        assert (await other.publish(changed_event(22))).status == 202
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 21)
    assert "event-21" not in {event.id for event in arrivals.events}


def test_an_allowance_fills_up_at_its_rate() -> None:
    allowance = Allowance(10.0, now=0.0)
    assert [allowance.admit(0.0) for _ in range(10)] == [0.0] * 10
    assert allowance.admit(0.0) == pytest.approx(0.1)
    assert allowance.admit(0.05) == pytest.approx(0.05)
    assert allowance.admit(0.1) == 0.0
    allowance.charge(19)
    assert allowance.admit(0.1) == pytest.approx(2.0)
    assert allowance.admit(2.1) == pytest.approx(0.0, abs=1e-9)
    assert [allowance.admit(1000.0) for _ in range(11)][9:] == [0.0, pytest.approx(0.1)]  # never more than a second's


async def test_all_bodies_together_are_bounded() -> None:
    bodies = Bodies(Limits(body_bytes=100, all_bodies_bytes=150))
    async with bodies.body(request_of(b"x" * 100)) as first:
        assert len(first) == 100
        with pytest.raises(Problem) as refused:
            await read(bodies, request_of(b"x" * 60))
        assert refused.value.code is Code.OVERLOADED
        assert refused.value.headers["Retry-After"] == "1"
        assert await read(bodies, request_of(b"x" * 50)) == b"x" * 50
    assert await read(bodies, request_of(b"x" * 60, b"x" * 40)) == b"x" * 100


async def send_without_end(connection: Connection, line: bytes) -> None:
    """Raises ConnectionError when the service has had enough."""
    while True:
        connection.writer.write(line)
        await connection.writer.drain()


async def read(bodies: Bodies, request: Request) -> bytes:
    async with bodies.body(request) as body:
        return body


def request_of(*parts: bytes) -> Request:
    """A request as the server hands it on, with a body in parts."""

    async def messages() -> AsyncIterator[Message]:
        for part in parts:
            yield {"type": "http.request", "body": part, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, messages().__anext__)
