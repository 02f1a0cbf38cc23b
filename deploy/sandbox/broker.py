"""A RabbitMQ of our own: private data, private ports, private epmd, and nothing left when we go.

Works as root and as an ordinary user, beside any other broker on the machine. Debian's wrapper scripts switch the user,
so the server's own start script is run; with ``RABBITMQ_ALLOW_INPUT`` it becomes the Erlang VM itself (``exec``), which
makes the child's process id the broker's.
"""

import asyncio
import os
import secrets
import shutil
import signal
from pathlib import Path
from typing import Final, Protocol, Self
from urllib.parse import quote, unquote, urlsplit

from deploy.sandbox.broker_configuration import USER, BrokerPorts, write_configuration
from deploy.sandbox.children import Child, ChildError, TemporaryFolder, wait_until
from deploy.sandbox.management import Management
from deploy.sandbox.ports import accepts_connections, free_ports

START_TIMEOUT_SECONDS: Final = 60.0
STOP_GRACE_SECONDS: Final = 20.0


class BrokerUnavailable(RuntimeError):
    """There is no RabbitMQ to start. The text says which command installs it."""


class Broker(Protocol):
    """A running broker on which virtual hosts can be made.

    ``queue_lengths_delay_seconds``: how old the queue lengths may be that it tells.
    """

    queue_lengths_delay_seconds: float

    @property
    def management(self) -> Management:
        """Its management API."""
        ...

    def new_vhost(self) -> str:
        """Create a fresh virtual host; its AMQP URL."""
        ...

    def delete_vhost(self, amqp_url: str) -> None:
        """Remove the virtual host of that URL with all that is in it."""
        ...

    def stop(self) -> None:
        """Give back what was taken."""
        ...


def broker_binary() -> Path:
    """RabbitMQ's own start script. Raises BrokerUnavailable with the command that installs it."""
    candidates = [Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/opt/rabbitmq/sbin/rabbitmq-server")]
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK) and shutil.which("erl"):
            return candidate
    raise BrokerUnavailable(
        "there is no RabbitMQ on this machine. Install it (as root): "
        "apt-get install --no-install-recommends rabbitmq-server"
    )


class PrivateBroker:
    """One RabbitMQ node as a child process, up after ``start()`` and gone after ``close()``.

    A context manager, plain or async. ``data_dir`` keeps its data for the next PrivateBroker on that folder; without it
    the data goes with ``close()``. Ports and data stay the same over ``stop()``/``kill()`` and ``start()``.
    ``start`` takes 5 to 10 s: in a running event loop call it through ``asyncio.to_thread``.
    """

    queue_lengths_delay_seconds: float = 0.5

    def __init__(self, data_dir: Path | None = None) -> None:
        self._binary = broker_binary()
        self._temporary = TemporaryFolder("broker") if data_dir is None else None
        self._folder = (self._temporary.path if self._temporary else data_dir or Path()).resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._ports = BrokerPorts(*free_ports(5))
        self._node: Child | None = None
        self._port_mapper: Child | None = None
        self._password = self._kept("password", secrets.token_urlsafe(18))
        # The name of the node is part of its data: it must stay when a data folder is used again.
        self._name = self._kept("node-name", f"callsheet{self._ports.amqp}@localhost")

    @property
    def pid(self) -> int:
        """Process id of the broker. Raises ChildError when it does not run."""
        return self._running().pid

    @property
    def log(self) -> Path:
        """Its log file."""
        return self._folder / "broker.log"

    def amqp_url(self, vhost: str = "/") -> str:
        """The AMQP URL of a virtual host, user and password included."""
        return f"amqp://{USER}:{self._password}@127.0.0.1:{self._ports.amqp}/{quote(vhost, safe='')}"

    @property
    def management_url(self) -> str:
        """The management API's URL, user and password included."""
        return f"http://{USER}:{self._password}@127.0.0.1:{self._ports.management}/"

    @property
    def prometheus_url(self) -> str:
        """Where Prometheus scrapes the broker."""
        return f"http://127.0.0.1:{self._ports.prometheus}/metrics"

    @property
    def management(self) -> Management:
        """The management API."""
        return Management(self.management_url)

    def new_vhost(self) -> str:
        """Create a fresh virtual host; its AMQP URL."""
        name = f"v{secrets.token_hex(6)}"
        self.management.create_vhost(name)
        return self.amqp_url(name)

    def delete_vhost(self, amqp_url: str) -> None:
        """Remove the virtual host of that URL with all that is in it."""
        self.management.delete_vhost(vhost_of(amqp_url))

    def start(self) -> None:
        """Start, on the same data and ports as before if it ran before; returns when it takes connections.

        Raises ChildError with the end of the broker's log when it does not come up within a minute.
        """
        if self._node is not None and self._node.exit_code() is None:
            return
        environment = write_configuration(self._folder, self._name, self._password, self._ports)
        if self._port_mapper is None or self._port_mapper.exit_code() is not None:
            command = ["epmd", "-port", str(self._ports.epmd), "-address", "127.0.0.1"]
            self._port_mapper = Child("epmd", command, log=self._folder / "epmd.log", environment=environment)
            wait_until(
                "the Erlang port mapper",
                lambda: accepts_connections(self._ports.epmd),
                timeout_seconds=10,
                children=[self._port_mapper],
            )
        self._node = Child("RabbitMQ", [self._binary], log=self.log, environment=environment)
        try:
            wait_until(
                "RabbitMQ takes connections",
                self._is_ready,
                timeout_seconds=START_TIMEOUT_SECONDS,
                children=[self._node],
            )
        except ChildError:
            self._node.kill()
            raise

    def kill(self) -> None:
        """SIGKILL: the power goes off. Data and ports stay, for ``start()``."""
        self._running().kill()

    def pause(self) -> None:
        """SIGSTOP: it takes connections still, and answers nothing."""
        self._running().signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after ``pause``."""
        self._running().signal(signal.SIGCONT)

    def stop(self) -> None:
        """A clean stop. Data and ports stay, for ``start()``; a temporary data folder goes with ``close()``."""
        if self._node is not None:
            self._node.stop(STOP_GRACE_SECONDS)
        if self._port_mapper is not None:
            self._port_mapper.stop()
            self._port_mapper = None

    def close(self) -> None:
        """The end of it: ``stop()`` where data are kept, else at once, and the temporary data folder goes."""
        if self._temporary is not None and self._node is not None:
            self._node.kill()
        self.stop()
        if self._temporary is not None:
            self._temporary.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def _running(self) -> Child:
        if self._node is None:
            raise ChildError("RabbitMQ has not been started")
        self._node.require_running()
        return self._node

    def _is_ready(self) -> bool:
        return accepts_connections(self._ports.amqp) and self.management.answers()

    def _kept(self, name: str, value: str) -> str:
        """The value that stands in the data folder, or this one, which stands there from now on."""
        file = self._folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(value)
        return file.read_text()


def vhost_of(amqp_url: str) -> str:
    """Name of the virtual host that an AMQP URL names; ``/`` when it names none."""
    return unquote(urlsplit(amqp_url).path[1:]) or "/"
