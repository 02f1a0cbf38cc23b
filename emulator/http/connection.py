"""One connection of a client: parsing by httptools, answers in the order of the requests."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable
from typing import cast

import httptools

from emulator.http.message import (
    MAX_BODY_BYTES,
    BodyTooLargeError,
    Disconnect,
    EventStream,
    Handler,
    HttpRequest,
    HttpResponse,
    Outcome,
    text_response,
    unpack_body,
)

logger = logging.getLogger(__name__)
_MAX_WAITING = 16
_MAX_HEADER_BYTES = 64 * 1024
_MAX_UNREAD_EVENT_BYTES = 1024 * 1024
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
)


class Connection(asyncio.Protocol):
    """One client connection. Its requests are answered one after the other; other connections go on meanwhile."""

    def __init__(self, handler: Handler, register: "set[Connection]") -> None:
        self.login: object | None = None
        self.closed: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._handler = handler
        self._register = register
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[HttpRequest | HttpResponse, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._streaming = False
        self._closing = False
        self._reset()

    def _reset(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)
        self._register.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or was cut off."""
        # A request in flight is not stopped: a server applies what it was asked to even when the client has gone.
        self._transport = None
        self._waiting.clear()
        self._register.discard(self)
        if not self.closed.done():
            self.closed.set_result(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._closing or self._streaming:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # a server may ignore the wish (RFC 9110, 7.8); the request is answered, and the connection closed
        except httptools.HttpParserCallbackError as error:
            refusal = error.__context__
            too_large = isinstance(refusal, BodyTooLargeError)
            self._refuse(
                text_response(413, f"The request is too large: bodies may have {MAX_BODY_BYTES} bytes.")
                if too_large
                else text_response(400, "Not a valid HTTP request.")
            )
        except httptools.HttpParserError as error:
            self._refuse(text_response(400, f"Not a valid HTTP request: {error}"))

    # httptools callbacks

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reset()

    def on_url(self, url: bytes) -> None:
        """A piece of the request line's target."""
        self._target += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        self._count_header(len(name) + len(value))
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise ValueError("headers too large")

    def on_headers_complete(self) -> None:
        """The head is complete. Raises BodyTooLargeError when it announces too much."""
        length = self._headers.get("content-length", "0")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            raise BodyTooLargeError
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport and not self._task:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            raise BodyTooLargeError
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is complete: answer it, or keep it until those before it are answered."""
        keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        method = self._parser.get_method().decode("latin-1")
        request = HttpRequest(method, self._target.decode("latin-1"), self._headers)
        message: HttpRequest | HttpResponse = request
        try:
            request.body = unpack_body(b"".join(self._body), self._headers.get("content-encoding", "").lower())
        except BodyTooLargeError:
            message = text_response(413, f"The unpacked request is too large: bodies may have {MAX_BODY_BYTES} bytes.")
        except ValueError as error:
            message = text_response(400, f"The request body cannot be read: {error}.")
        self._reset()
        self._waiting.append((message, keep_alive))
        if self._task is None:
            self._answer_waiting()
        elif len(self._waiting) >= _MAX_WAITING and self._transport:
            self._transport.pause_reading()

    # answering

    def _answer_waiting(self) -> None:
        """Answer what has come in, until one answer has to wait."""
        while self._waiting and self._task is None and not self._closing:
            message, keep_alive = self._waiting.popleft()
            if isinstance(message, HttpResponse):
                self._send(message, None, keep_alive)
                continue
            try:
                outcome = self._handler(message, self)
            except Exception:
                logger.exception("%s %s could not be answered", message.method, message.path)
                outcome = text_response(500, "The emulator failed; its log says why.")
            if isinstance(outcome, HttpResponse | Disconnect | EventStream):
                self._send(outcome, message, keep_alive)
            else:
                self._task = asyncio.ensure_future(self._answer_later(outcome, message, keep_alive))

    async def _answer_later(self, outcome: Awaitable[Outcome], request: HttpRequest, keep_alive: bool) -> None:
        try:
            self._send(await outcome, request, keep_alive)
        except asyncio.CancelledError:
            self.abort()
            raise
        except Exception:
            logger.exception("%s %s could not be answered", request.method, request.path)
            self._send(text_response(500, "The emulator failed; its log says why."), request, keep_alive)
        finally:
            self._task = None
        if self._transport and not self._closing:
            with contextlib.suppress(RuntimeError):  # uvloop raises when reading was not paused
                self._transport.resume_reading()
            self._answer_waiting()

    def _send(self, outcome: Outcome, request: HttpRequest | None, keep_alive: bool) -> None:
        if self._transport is None:
            return
        if isinstance(outcome, Disconnect):
            self.abort()
        elif isinstance(outcome, EventStream):
            self._streaming = True
            self._transport.write(_STREAM_HEAD)
            outcome.start(self)
        else:
            keep_alive = keep_alive and not outcome.close and not self._closing
            gzip = request is not None and request.accepts_gzip
            head_only = request is not None and request.method == "HEAD"
            self._transport.write(outcome.encode(keep_alive=keep_alive, gzip=gzip, head_only=head_only))
            if not keep_alive:
                self._closing = True
                self._transport.close()

    def _refuse(self, response: HttpResponse) -> None:
        """Answer what cannot be parsed, after what came before it, and close."""
        response.close = True
        if self._task is None:
            self._send(response, None, keep_alive=False)
        else:
            self._waiting.append((response, False))

    # what handlers use

    @property
    def is_open(self) -> bool:
        """See Peer."""
        return self._transport is not None and not self._transport.is_closing()

    def send_event(self, data: bytes) -> bool:
        """See Peer."""
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() > _MAX_UNREAD_EVENT_BYTES:
            self.abort()
            return False
        self._transport.write(data)
        return True

    def abort(self) -> None:
        """See Peer."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    def close_when_idle(self) -> None:
        """Close now, or after the answer that is being worked on."""
        self._closing = True
        if self._transport is not None and (self._streaming or self._task is None):
            self._transport.close()
