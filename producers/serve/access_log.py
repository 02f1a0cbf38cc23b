"""One record for each request: in the log as JSON, and in the metrics. Never a header, a query or a body."""

import time
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.reasons import excerpt
from producers.serve.metrics import Metrics

_NOTES: Final = "callsheet_notes"
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Probes every few seconds are no news."""
_log = structlog.get_logger("callsheet")


def note(request: Request, **facts: str | int) -> None:
    """Adds to the record of this request. Never a secret: it stands in the log."""
    request.scope[_NOTES] |= facts


class AccessLog:
    """Wraps the application, as an ASGI application itself. ``paths`` are those that metrics may name."""

    def __init__(self, application: ASGIApp, paths: frozenset[str], metrics: Metrics) -> None:
        self._application = application
        self._paths = paths
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and writes its record when it has ended."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        started = time.perf_counter()
        scope[_NOTES] = {}
        status = 0  # stays so when nobody was there for the answer

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, sent)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        label = path if path in self._paths else "other"
        self._metrics.requests.labels(label, str(status)).inc()
        self._metrics.seconds.labels(label).observe(seconds)
        if path in _QUIET and status < 400:
            return
        facts: dict[str, Any] = {
            "method": scope["method"],
            "path": path if label == path else excerpt(path),
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "client": scope["client"][0] if scope.get("client") else "",
        }
        _log.info("request", **facts, **scope[_NOTES])
