"""A broker that the producers' tests may kill, pause and starve."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.broker import PrivateBroker
from tests.producers.topology import declare_topology
from tests.support import eventually

_RABBITMQCTL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")
# A quorum queue younger than this may come back without its leader after a kill.
_QUEUES_SETTLE_SECONDS = 6


class FragileBroker:
    """A private broker with the topology in a virtual host, for tests that do bad things to it."""

    def __init__(self, node: PrivateBroker) -> None:
        self.node = node
        self.amqp_url = node.new_vhost()
        asyncio.run(declare_topology(self.amqp_url))
        self._declared_at = time.monotonic()

    def settle(self) -> None:
        """Returns when the queues are old enough for a kill of the broker."""
        settled_at = self._declared_at + _QUEUES_SETTLE_SECONDS
        eventually(lambda: time.monotonic() > settled_at, 2 * _QUEUES_SETTLE_SECONDS, what="the queues are settled")

    def control(self, *arguments: str) -> None:
        """Runs rabbitmqctl against the node, with the environment that the node itself has."""
        written = Path(f"/proc/{self.node.pid}/environ").read_bytes().decode()
        environment = dict(entry.split("=", 1) for entry in written.split("\0") if "=" in entry)
        kept = {
            key: environment[key] for key in ("HOME", "RABBITMQ_NODENAME", "RABBITMQ_CONF_ENV_FILE", "ERL_EPMD_PORT")
        }
        subprocess.run(
            [_RABBITMQCTL, *arguments],
            env={**kept, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            check=True,
            capture_output=True,
            timeout=30,
        )


@pytest.fixture(scope="package")
def fragile() -> Iterator[FragileBroker]:
    """One for all tests here; each leaves it running."""
    with PrivateBroker() as node:
        yield FragileBroker(node)
