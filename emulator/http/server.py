"""The HTTP/1.1 server: one port, one handler."""

import asyncio
import socket
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
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[asyncio.Server] | None = None
        self.connections: set[Connection] = set()

    def open(self) -> None:
        """Listen: clients can connect when this returns. With port 0 any free port is taken and remembered.

        Raises OSError if the port cannot be had.
        """
        if self._socket is not None:
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.create_server((self.host, self.port), family=family, backlog=1024)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self._serving = asyncio.get_running_loop().create_task(self._serve(self._socket))

    async def _serve(self, listening: socket.socket) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: Connection(self.handler, self.connections), sock=listening, ssl=self._tls
        )

    def close(self, *, keep_connections: bool = False) -> None:
        """Stop listening: clients are refused when this returns. Unless `keep_connections`, cut every connection."""
        if self._socket is not None and self._serving is not None:
            if self._serving.done():
                self._serving.result().close()
            else:
                self._serving.cancel()
            self._socket.close()
            self._socket = self._serving = None
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
