"""One connection, with the bounds that the server does not have: the size of a request's head, and its time."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from producers.serve.limits import Limits

_GRACE_SECONDS: Final = 1.0
"""A body that is too slow is answered before the connection ends."""
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def bounded_connection(limits: Limits) -> type[asyncio.Protocol]:
    """A connection class that ends a client which sends too large a head, or takes too long for a whole request.

    Also one that opens a connection and says nothing, or goes on sending after it was answered. A body that is being
    read has the same time limit, with an answer.
    """

    class BoundedConnection(HttpToolsProtocol):
        _deadline: asyncio.TimerHandle | None = None
        _head_bytes = 0
        _in_head = True

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._expect_whole_request()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget_deadline()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._in_head:
                self._head_bytes += len(data)
            super().data_received(data)
            if self._in_head and self._head_bytes > limits.head_bytes and not self.transport.is_closing():
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()

        def on_message_begin(self) -> None:
            self._in_head = True
            self._expect_whole_request()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head = False
            self._head_bytes = 0
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._forget_deadline()
            self._in_head = True
            super().on_message_complete()

        def _expect_whole_request(self) -> None:
            self._forget_deadline()
            self._deadline = self.loop.call_later(limits.request_seconds + _GRACE_SECONDS, self._end)

        def _forget_deadline(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _end(self) -> None:
            self.transport.close()

    return BoundedConnection
