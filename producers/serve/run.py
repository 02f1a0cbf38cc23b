"""Puts the service together, and takes it down in order when it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from producers.publisher import Publisher
from producers.serve.app import application
from producers.serve.authority import Authority
from producers.serve.broker import Broker
from producers.serve.connection import bounded_connection
from producers.serve.limits import Limits
from producers.serve.metrics import Metrics
from producers.serve.token_file import TokenFile
from producers.serve.update import SyncTrigger
from producers.settings import Settings

_KEEP_ALIVE_SECONDS: Final = 30
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_log = structlog.get_logger("callsheet")


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that the service is told.

    ``tls`` is a certificate with its chain, and its key, both PEM. ``confirm_seconds`` is how long one request may wait
    for the broker.
    """

    settings: Settings
    tokens: TokenFile
    host: str
    port: int
    tls: tuple[Path, Path] | None
    sync_url: str | None
    confirm_seconds: float
    limits: Limits


class _Server(uvicorn.Server):
    """Leaves signals to :func:`run`: the server's own way ends the process by the signal, not with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(service: Service) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is under way.

    Raises OSError when the address cannot be had, and for a certificate or key that cannot be used.
    """
    limits, settings, metrics = service.limits, service.settings, Metrics()
    publisher = Publisher(settings.amqp_url, partitions=settings.partitions, deadline_seconds=service.confirm_seconds)
    broker = Broker(publisher, limits.in_flight_events, metrics)
    authority = Authority(service.tokens, limits.events_per_second, metrics)
    trigger = SyncTrigger(service.sync_url) if service.sync_url else None
    config = _configuration(service, application(authority, broker, limits, trigger, metrics))
    config.load()  # reads certificate and key

    async def serve() -> None:
        with _listening(service.host, service.port) as listening:
            try:
                async with asyncio.TaskGroup() as group:
                    watches = [group.create_task(broker.watch()), group.create_task(authority.watch())]
                    await _until_told_to_stop(_Server(config), service, listening)
                    for watch in watches:
                        watch.cancel()
            finally:
                await publisher.close()

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())
    _log.info("stopped")


def _configuration(service: Service, app: ASGIApp) -> uvicorn.Config:
    limits = service.limits
    certificate, key = map(str, service.tls) if service.tls else (None, None)
    return uvicorn.Config(
        app,
        http=bounded_connection(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        # A request may take so long by our own bounds. After that it is cut off.
        timeout_graceful_shutdown=int(limits.request_seconds + service.confirm_seconds) + 5,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


async def _until_told_to_stop(server: uvicorn.Server, service: Service, listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, server, number)
    port = listening.getsockname()[1]
    host = f"[{service.host}]" if ":" in service.host else service.host
    url = f"{'https' if service.tls else 'http'}://{host}:{port}"
    _log.info("listening", url=url, tokens=len(service.tokens.tokens))
    if service.tls is None and service.host not in _LOOPBACK:
        what = "tokens travel in the clear: give --tls-certificate and --tls-key, or let a proxy in front do TLS"
        _log.warning("no_tls", warning=what)
    await server.serve(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(f"--host {host} --port {port}: {error.strerror or error}; give another address") from None


def _stop(server: uvicorn.Server, number: signal.Signals) -> None:
    """The second signal does not wait for what is under way."""
    server.force_exit = server.should_exit
    _log.info("stopping", signal=number.name)
    server.should_exit = True
