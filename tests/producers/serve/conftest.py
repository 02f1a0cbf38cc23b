"""``callsheet-producer serve`` as a process, with tokens that the tests know."""

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.sandbox.children import CHECKOUT, Child
from deploy.sandbox.installation import clean_environment
from deploy.sandbox.ports import free_ports
from producers.serve.tokens import Token, entry, hash_of, new_token
from tests.producers.serve.client import Connection
from tests.producers.topology import declare_topology
from tests.support import eventually_async

EVERYTHING = new_token()
"""May do everything."""
STUDIO = new_token()
"""May publish ``test://producers`` and ``rota://…`` for ``*@studio.example.com`` and ``anna@example.com``."""


def tokens_toml() -> str:
    everything = Token("everything", hash_of(EVERYTHING), ("*",), ("*@*",), 1_000_000, sync=True)
    studio = Token(
        "studio", hash_of(STUDIO), ("test://producers", "rota://*"), ("*@studio.example.com", "anna@example.com")
    )
    return entry(everything) + "\n" + entry(studio)


@dataclass
class Service:
    """One running service."""

    child: Child
    port: int
    tokens: Path

    def connect(self, token: str | None = EVERYTHING) -> Connection:
        return Connection(self.port, token)

    def records(self, action: str) -> list[dict[str, Any]]:
        """What the log says of an action; every line of it must be JSON."""
        found = [json.loads(line) for line in self.child.log.read_text().splitlines()]
        return [one for one in found if one["action"] == action]

    def said(self, action: str) -> bool:
        self.child.require_running()
        return bool(self.records(action))


class StartService(Protocol):
    """Starts a service that ends with the test."""

    async def __call__(self, amqp_url: str, *options: str, ready: bool = True) -> Service:
        """``ready``: wait until it has found the broker."""


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    started: list[Service] = []

    async def start(amqp_url: str, *options: str, ready: bool = True) -> Service:
        (port,) = free_ports(1)
        number = len(started) + 1
        tokens = tmp_path / f"tokens-{number}.toml"
        tokens.write_text(tokens_toml())
        command = [sys.executable, "-W", "error::RuntimeWarning", "-m", "producers", "serve"]
        service = Service(
            Child(
                f"serve-{number}",
                [*command, "--tokens", tokens, "--port", str(port), *options],
                log=tmp_path / f"serve-{number}.log",
                environment={**clean_environment(), "CALLSHEET_AMQP_URL": amqp_url},
                directory=CHECKOUT,
            ),
            port,
            tokens,
        )
        started.append(service)
        await eventually_async(lambda: service.said("listening"), 20, what="the service listens")
        if ready:
            await eventually_async(lambda: any(one["state"] == "ok" for one in service.records("broker")), 20)
        return service

    yield start
    for service in started:
        if service.child.exit_code() is None:
            service.child.signal(signal.SIGTERM)
            assert service.child.wait(20) == 0, service.child.tail()


@pytest.fixture
async def service(amqp_url: str, start_service: StartService) -> Service:
    """One with default options on a broker with queues."""
    await declare_topology(amqp_url)
    return await start_service(amqp_url)
