"""The HTTP port: ``/metrics``, ``/healthz``, ``/readyz`` and nothing else."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from consumer.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_ALIVE_SECONDS = 15.0


class Health:
    """What the probes are told. The event loop calls :meth:`beat`; the port reads from threads of its own."""

    def __init__(self) -> None:
        self._last_beat = time.monotonic()
        self.broker = "not connected yet"
        self.exchange = "not reached yet"

    def beat(self) -> None:
        """The event loop is alive."""
        self._last_beat = time.monotonic()

    @property
    def alive(self) -> bool:
        """False when the event loop has stood still for too long: the process should be restarted."""
        return time.monotonic() - self._last_beat < _ALIVE_SECONDS

    @property
    def ready(self) -> bool:
        """True when both the broker and Exchange can be used."""
        return self.broker == self.exchange == "ok"


class HttpPort:
    """Serves the three paths in daemon threads until :meth:`close`."""

    def __init__(self, host: str, port: int, metrics: Metrics, health: Health) -> None:
        """Raises OSError when the port cannot be had."""
        self._server = make_server(host, port, application(metrics, health), _Server, _Handler)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def application(metrics: Metrics, health: Health) -> "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]":
    """The WSGI application behind the port."""
    exposition = make_wsgi_app(metrics.registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _json(start_response, "405 Method Not Allowed", {"error": "only GET"}, ("Allow", "GET, HEAD"))
        if path == "/metrics":
            body: Iterable[bytes] = exposition(environ, start_response)
            return body
        if path == "/healthz":
            status = "200 OK" if health.alive else "503 Service Unavailable"
            return _json(start_response, status, {"alive": health.alive})
        if path == "/readyz":
            status = "200 OK" if health.ready else "503 Service Unavailable"
            return _json(
                start_response,
                status,
                {"ready": health.ready, "broker": health.broker, "exchange": health.exchange},
            )
        return _json(start_response, "404 Not Found", {"error": "there is /metrics, /healthz and /readyz"})

    return answer


def _json(
    start_response: "StartResponse", status: str, document: dict[str, Any], *headers: tuple[str, str]
) -> Iterable[bytes]:
    body = json.dumps(document).encode() + b"\n"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers])
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Probes every few seconds are no news."""
