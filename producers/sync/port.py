"""The HTTP port of a running sync: ``/metrics``, ``/healthz``, ``/status``, and ``POST /trigger`` for "update now"."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from prometheus_client import make_wsgi_app
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from producers.sync.daemon import Daemon
from producers.sync.request import Kind, Request, read_name

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_MAX_BODY_BYTES: Final = 1024 * 1024
_EXPECTED: Final = 'expected {"mailboxes": ["anna@example.com"], "objects": ["person:123"]}, or nothing for everybody'


class Trigger(BaseModel):
    """The body of ``POST /trigger``: whose calendars are updated now. Nobody named: everybody's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    mailboxes: list[str] = Field(default=[], max_length=10_000)
    objects: list[str] = Field(default=[], max_length=10_000)

    def request(self) -> Request:
        """Raises ValueError with what is wrong."""
        return Request(Kind.NOW, frozenset(map(read_name, [*self.mailboxes, *self.objects])))


class SyncPort:
    """Serves in daemon threads until :meth:`close`. Made in the event loop of the daemon."""

    def __init__(self, host: str, port: int, daemon: Daemon) -> None:
        """Raises OSError when the port cannot be had."""
        loop = asyncio.get_running_loop()

        def ask(request: Request) -> None:
            loop.call_soon_threadsafe(daemon.ask, request)

        self._server = make_server(host, port, application(daemon, ask), _Server, _Handler)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def application(
    daemon: Daemon, ask: Callable[[Request], None]
) -> "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]":
    """The WSGI application behind the port; ``ask`` hands a request to the daemon in its own thread."""
    exposition = make_wsgi_app(daemon.metrics.registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def reply(status: str, document: bytes) -> Iterable[bytes]:
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(document)))]
            start_response(status, headers)
            return [document]

        asked = (environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
        if asked == ("GET", "/metrics"):
            body: Iterable[bytes] = exposition(environ, start_response)
            return body
        if asked == ("GET", "/healthz"):
            alive = daemon.alive
            return reply("200 OK" if alive else "503 Service Unavailable", orjson.dumps({"alive": alive}))
        if asked == ("GET", "/status"):
            return reply("200 OK", daemon.status.document())
        if asked == ("POST", "/trigger"):
            try:
                ask(_request(environ))
            except ValueError as error:
                return reply("400 Bad Request", orjson.dumps({"error": str(error)}))
            return reply("202 Accepted", orjson.dumps({"accepted": True}))
        there = "there is GET /metrics, /healthz and /status, and POST /trigger"
        return reply("404 Not Found", orjson.dumps({"error": there}))

    return answer


def _request(environ: "WSGIEnvironment") -> Request:
    """What the body asks for. Raises ValueError with what is wrong."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > _MAX_BODY_BYTES:
        raise ValueError(f"Content-Length: expected at most {_MAX_BODY_BYTES}")
    body = environ["wsgi.input"].read(int(length)) or b"{}"
    try:
        return Trigger.model_validate_json(body).request()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise ValueError(f"{place}: {first['msg']}; {_EXPECTED}") from None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Probes every few seconds are no news."""
