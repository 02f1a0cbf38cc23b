"""HTTP messages as the handlers see them."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

GZIP_FROM_BYTES = 64 * 1024
"""Smaller replies are not worth the processor time of packing them."""

MAX_BODY_BYTES = 64 * 1024 * 1024
"""The largest request body, packed or not; Exchange takes EWS requests of about this size."""


class BodyTooLargeError(ValueError):
    """A request body is over MAX_BODY_BYTES."""


@dataclass(slots=True, eq=False)
class HttpRequest:
    """One request, its body complete and unpacked. Header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target's path, percent-decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def accepts_gzip(self) -> bool:
        """Whether the client takes a gzip body."""
        return "gzip" in self.headers.get("accept-encoding", "")


@dataclass(slots=True, eq=False)
class HttpResponse:
    """A complete answer. `close` ends the connection after it."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False

    def encode(self, *, keep_alive: bool, gzip: bool, head_only: bool = False) -> bytes:
        """Head and body as one piece: written in two, delayed acknowledgement costs the client 40 ms."""
        body = self.body
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", f"Content-Type: {self.content_type}"]
        if gzip and len(body) >= GZIP_FROM_BYTES:
            packer = zlib.compressobj(1, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
            lines.append("Content-Encoding: gzip")
        lines.append(f"Content-Length: {len(body)}")
        lines.extend(f"{name}: {value}" for name, value in self.headers)
        if not keep_alive:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        return head if head_only else head + body


class Disconnect:
    """Instead of an answer: close the connection without a byte."""


@dataclass(slots=True, eq=False)
class EventStream:
    """Instead of an answer: leave the connection open for server-sent events and give it to `start`."""

    start: Callable[["Peer"], None]


class Peer(Protocol):
    """One client connection, as a handler may use it."""

    login: object | None
    """What authentication bound to this connection; None before that."""

    closed: asyncio.Future[Exception | None]
    """Done once the connection has ended, by whoever."""

    @property
    def is_open(self) -> bool:
        """False once the client has gone or the connection was closed."""
        ...

    def send_event(self, data: bytes) -> bool:
        """Write to an event stream. False: the client has gone or does not read, and is cut off."""
        ...

    def abort(self) -> None:
        """Close at once, whatever is unsent."""
        ...


Outcome = HttpResponse | Disconnect | EventStream
Handler = Callable[[HttpRequest, Peer], Outcome | Awaitable[Outcome]]
"""Answers one request. What can be answered at once is returned; what has to wait returns an awaitable."""


def json_response(value: object, status: int = 200) -> HttpResponse:
    """`value` as JSON, not to be cached."""
    return HttpResponse(status, orjson.dumps(value), "application/json", (("Cache-Control", "no-store"),))


def text_response(status: int, text: str) -> HttpResponse:
    """A sentence for people."""
    return HttpResponse(status, text.encode() + b"\n")


def unpack_body(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Encoding.

    Raises ValueError for an encoding other than gzip or identity or damaged data, BodyTooLargeError when the unpacked
    body is over MAX_BODY_BYTES.
    """
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise ValueError(f"Content-Encoding {encoding!r} is not supported; send gzip or none")
    unpacker = zlib.decompressobj(31)
    try:
        unpacked = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"the gzip body is damaged: {error}") from error
    if len(unpacked) > MAX_BODY_BYTES:
        raise BodyTooLargeError
    if not unpacker.eof:
        raise ValueError("the gzip body is cut off")
    return unpacked


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
