"""The HTTP/1.1 server: one port, one handler."""

import asyncio
import ssl

from emulator.http.connection import Connection
from emulator.http.message import Handler


class HttpServer:
    """Listens on one port and gives every request to one handler.

    `open` and `close` may be called again and again: the port stays the one of the first `open`.
    """

    def __init__(self, handler: Handler, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.host = host
        self.port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self.connections: set[Connection] = set()

    @property
    def is_listening(self) -> bool:
        """Whether new connections are taken."""
        return self._server is not None

    async def open(self) -> None:
        """Listen. With port 0 any free port is taken and remembered. Raises OSError if the port cannot be had."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                lambda: Connection(self.handler, self.connections),
                self.host,
                self.port,
                ssl=self._tls,
                backlog=1024,
                reuse_address=True,
            )
            self.port = self._server.sockets[0].getsockname()[1]

    def close(self, *, keep_connections: bool = False) -> None:
        """Stop listening; unless `keep_connections`, cut every connection as well."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if not keep_connections:
            for connection in tuple(self.connections):
                connection.abort()

    async def finish(self, seconds: float) -> None:
        """Stop listening, give requests in flight up to `seconds` to be answered, then cut what is left."""
        self.close(keep_connections=True)
        closing = [connection.closed for connection in self.connections]
        for connection in tuple(self.connections):
            connection.close_when_idle()
        if closing:
            await asyncio.wait(closing, timeout=seconds)
        self.close()
