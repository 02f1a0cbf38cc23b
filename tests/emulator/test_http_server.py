"""The HTTP server by itself, over real sockets."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

import pytest

from emulator.http.message import MAX_BODY_BYTES, Disconnect, HttpRequest, HttpResponse, Outcome, Peer
from emulator.http.server import HttpServer

DEADLINE_SECONDS = 5.0


class Handler:
    """Answers with the body it was sent; what is posted to /wait only once `released` is set."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.arrived = asyncio.Event()

    def __call__(self, request: HttpRequest, _: Peer) -> Outcome | Awaitable[Outcome]:
        match request.path:
            case "/wait":
                self.arrived.set()
                return self.wait()
            case "/drop":
                return Disconnect()
            case "/break":
                raise RuntimeError("on purpose")
            case "/large":
                return HttpResponse(200, b"x" * 200_000)
        return HttpResponse(200, request.path.encode() + b" " + request.body)

    async def wait(self) -> Outcome:
        await self.released.wait()
        return HttpResponse(200, b"waited")


@pytest.fixture
async def handler() -> Handler:
    return Handler()


@pytest.fixture
async def server(handler: Handler) -> AsyncIterator[HttpServer]:
    running = HttpServer(handler, "127.0.0.1", 0)
    running.open()
    yield running
    await running.finish(0.1)


class Wire:
    """One client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, text: str, body: bytes = b"") -> None:
        self.writer.write(text.replace("\n", "\r\n").encode() + body)

    async def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
            body = await self.reader.readexactly(int(headers.get("content-length", "0"))) if has_body else b""
        return int(lines[0].split()[1]), headers, body

    async def rest(self) -> bytes:
        """What comes until the server closes."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


class Connect(Protocol):
    async def __call__(self) -> Wire: ...


@pytest.fixture
async def connect(server: HttpServer) -> AsyncIterator[Connect]:
    wires: list[Wire] = []

    async def open_wire() -> Wire:
        wires.append(Wire(*await asyncio.open_connection("127.0.0.1", server.port)))
        return wires[-1]

    yield open_wire
    for wire in wires:
        wire.writer.close()
        with contextlib.suppress(ConnectionError):
            await wire.writer.wait_closed()


async def test_requests_of_one_connection_are_answered_in_order_and_others_meanwhile(
    connect: Connect, handler: Handler
) -> None:
    first, second = await connect(), await connect()
    first.send("GET /wait HTTP/1.1\nHost: x\n\nGET /after HTTP/1.1\nHost: x\n\n")
    await asyncio.wait_for(handler.arrived.wait(), DEADLINE_SECONDS)
    second.send("GET /other HTTP/1.1\nHost: x\n\n")
    assert (await second.answer())[2] == b"/other "
    handler.released.set()
    assert (await first.answer())[2] == b"waited"
    assert (await first.answer())[2] == b"/after "


async def test_many_pipelined_requests_wait_and_none_is_lost(connect: Connect, handler: Handler) -> None:
    wire = await connect()
    wire.send("GET /wait HTTP/1.1\nHost: x\n\n")
    for number in range(100):
        wire.send(f"GET /{number} HTTP/1.1\nHost: x\n\n")
    await asyncio.wait_for(handler.arrived.wait(), DEADLINE_SECONDS)
    handler.released.set()
    assert (await wire.answer())[2] == b"waited"
    assert [(await wire.answer())[2] for _ in range(100)] == [f"/{number} ".encode() for number in range(100)]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Content-Length: 5\n\n", b"hello"),
        ("Transfer-Encoding: chunked\n\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        (f"Content-Encoding: gzip\nContent-Length: {len(gzip.compress(b'hello'))}\n\n", gzip.compress(b"hello")),
    ],
    ids=["plain", "chunked", "gzip"],
)
async def test_bodies_arrive(connect: Connect, head: str, body: bytes) -> None:
    wire = await connect()
    wire.send(f"POST /echo HTTP/1.1\nHost: x\n{head}", body)
    assert (await wire.answer())[2] == b"/echo hello"


async def test_large_answers_are_packed_for_those_who_ask(connect: Connect) -> None:
    wire = await connect()
    wire.send("GET /large HTTP/1.1\nHost: x\nAccept-Encoding: gzip, deflate\n\n")
    _, headers, body = await wire.answer()
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == b"x" * 200_000
    wire.send("GET /large HTTP/1.1\nHost: x\n\n")
    _, headers, body = await wire.answer()
    assert "content-encoding" not in headers
    assert len(body) == 200_000


@pytest.mark.parametrize(
    ("text", "body", "status"),
    [
        (f"POST / HTTP/1.1\nHost: x\nContent-Length: {MAX_BODY_BYTES + 1}\n\n", b"", 413),
        ("POST / HTTP/1.1\nHost: x\nContent-Encoding: br\nContent-Length: 1\n\n", b"x", 400),
        ("POST / HTTP/1.1\nHost: x\nContent-Encoding: gzip\nContent-Length: 3\n\n", b"abc", 400),
        ("POST / HTTP/1.1\nHost: x\nContent-Encoding: gzip\nContent-Length: 12\n\n", gzip.compress(b"hello")[:12], 400),
        ("nonsense\n\n", b"", 400),
        (f"GET / HTTP/1.1\nHost: x\nLong: {'x' * 70_000}\n\n", b"", 400),
    ],
    ids=["too large", "unknown encoding", "not gzip", "cut gzip", "not HTTP", "long header"],
)
async def test_what_cannot_be_read_is_refused(connect: Connect, text: str, body: bytes, status: int) -> None:
    wire = await connect()
    wire.send(text, body)
    assert (await wire.answer())[0] == status


async def test_a_packed_body_that_grows_too_large_is_refused(connect: Connect) -> None:
    bomb = gzip.compress(bytes(MAX_BODY_BYTES + 1), 1)
    wire = await connect()
    wire.send(f"POST / HTTP/1.1\nHost: x\nContent-Encoding: gzip\nContent-Length: {len(bomb)}\n\n", bomb)
    assert (await wire.answer())[0] == 413


async def test_continue_is_given_when_asked_for(connect: Connect) -> None:
    wire = await connect()
    wire.send("POST /echo HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 2\n\n")
    assert (await wire.answer())[0] == 100
    wire.send("", b"ok")
    assert (await wire.answer())[2] == b"/echo ok"


async def test_head_has_no_body_and_close_is_honoured(connect: Connect) -> None:
    wire = await connect()
    wire.send("HEAD /large HTTP/1.1\nHost: x\n\nGET /last HTTP/1.1\nHost: x\nConnection: close\n\n")
    _, headers, _ = await wire.answer(has_body=False)
    assert headers["content-length"] == "200000"
    _, headers, body = await wire.answer()
    assert (headers["connection"], body) == ("close", b"/last ")
    assert await wire.rest() == b""


async def test_a_wish_for_another_protocol_is_ignored(connect: Connect) -> None:
    wire = await connect()
    wire.send("GET /plain HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: h2c\n\n")
    assert (await wire.answer())[2] == b"/plain "
    assert await wire.rest() == b""


async def test_a_dropped_request_gets_no_byte(connect: Connect) -> None:
    wire = await connect()
    wire.send("GET /drop HTTP/1.1\nHost: x\n\n")
    assert await wire.rest() == b""


async def test_a_failing_handler_is_a_500_and_the_connection_lives(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    wire = await connect()
    wire.send("GET /break HTTP/1.1\nHost: x\n\n")
    assert (await wire.answer())[0] == 500
    assert "on purpose" in caplog.text
    wire.send("GET /fine HTTP/1.1\nHost: x\n\n")
    assert (await wire.answer())[2] == b"/fine "


async def test_closing_refuses_and_opening_again_keeps_the_port(connect: Connect, server: HttpServer) -> None:
    port = server.port
    wire = await connect()
    wire.send("GET /a HTTP/1.1\nHost: x\n\n")
    await wire.answer()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        await connect()
    assert await wire.rest() == b""
    server.open()
    wire = await connect()
    wire.send("GET /b HTTP/1.1\nHost: x\n\n")
    assert (await wire.answer())[2] == b"/b "
    assert server.port == port


async def test_finishing_lets_a_request_in_flight_be_answered(
    connect: Connect, server: HttpServer, handler: Handler
) -> None:
    busy, idle = await connect(), await connect()
    busy.send("GET /wait HTTP/1.1\nHost: x\n\n")
    await asyncio.wait_for(handler.arrived.wait(), DEADLINE_SECONDS)
    finishing = asyncio.create_task(server.finish(DEADLINE_SECONDS))
    assert await idle.rest() == b""
    handler.released.set()
    assert (await busy.answer())[2] == b"waited"
    await finishing
