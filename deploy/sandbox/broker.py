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
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from deploy.sandbox.children import Child, ChildError, TemporaryFolder, wait_until
from deploy.sandbox.management import Management
from deploy.sandbox.ports import accepts_connections, free_ports

START_TIMEOUT_SECONDS: Final = 60.0
STOP_GRACE_SECONDS: Final = 20.0

_USER: Final = "callsheet"
_PLUGINS: Final = "[rabbitmq_management,rabbitmq_prometheus].\n"


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
        self._amqp, self._web, self._metrics, self._distribution, self._epmd = free_ports(5)
        self._node: Child | None = None
        self._port_mapper: Child | None = None
        self._password = self._kept("password", secrets.token_urlsafe(18))
        # The name of the node is part of its data: it must stay when a data folder is used again.
        self._name = self._kept("node-name", f"callsheet{self._amqp}@localhost")

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
        return f"amqp://{_USER}:{self._password}@127.0.0.1:{self._amqp}/{quote(vhost, safe='')}"

    @property
    def management_url(self) -> str:
        """The management API's URL, user and password included."""
        return f"http://{_USER}:{self._password}@127.0.0.1:{self._web}/"

    @property
    def prometheus_url(self) -> str:
        """Where Prometheus scrapes the broker."""
        return f"http://127.0.0.1:{self._metrics}/metrics"

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
        environment = self._write_configuration()
        if self._port_mapper is None or self._port_mapper.exit_code() is not None:
            command = ["epmd", "-port", str(self._epmd), "-address", "127.0.0.1"]
            self._port_mapper = Child("epmd", command, log=self._folder / "epmd.log", environment=environment)
            wait_until(
                "the Erlang port mapper",
                lambda: accepts_connections(self._epmd),
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
        return accepts_connections(self._amqp) and self.management.answers()

    def _kept(self, name: str, value: str) -> str:
        """The value that stands in the data folder, or this one, which stands there from now on."""
        file = self._folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(value)
        return file.read_text()

    def _write_configuration(self) -> dict[str, str]:
        folder = self._folder
        cookie = folder / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(mode=0o600)
            cookie.write_text(secrets.token_hex(20))
            cookie.chmod(0o400)
        (folder / "enabled_plugins").write_text(_PLUGINS)
        settings = folder / "rabbitmq.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._amqp}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self._web}\n"
            f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {self._metrics}\n"
            f"default_user = {_USER}\ndefault_pass = {self._password}\n"
            "loopback_users = none\nlog.console = true\n"
            "disk_free_limit.absolute = 200MB\nvm_memory_high_watermark.absolute = 1GB\n"
        )
        # Fresh queue lengths, so that nobody waits for them: classic queues tell theirs with the statistics, quorum
        # queues at every tick, and the management plugin looks at its own statistics as often as its finest retention
        # policy says. All of these are 5 s unless told otherwise.
        (folder / "advanced.config").write_text(
            "[{rabbit, [{collect_statistics_interval, 200}, {quorum_tick_interval, 200}]},\n"
            " {rabbitmq_management, [{sample_retention_policies,\n"
            "   [{global, [{60, 1}]}, {basic, [{60, 1}]}, {detailed, [{10, 1}]}]}]}].\n"
        )
        return {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_CONFIG_FILE": str(settings),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput +B i",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
        }


class ExistingBroker:
    """A broker that runs elsewhere: we take a virtual host of our own on it and give it back.

    ``management_url`` left out: port 15672 of the same host, same user. Raises BrokerUnavailable if nobody answers.
    """

    queue_lengths_delay_seconds: float = 6.0

    def __init__(self, amqp_url: str, management_url: str | None = None) -> None:
        self._parts = urlsplit(amqp_url)
        if self._parts.scheme not in ("amqp", "amqps") or not self._parts.hostname:
            raise BrokerUnavailable("the address of the broker must look like amqp://user:password@host:5672/")
        if management_url is None:
            user = self._parts.netloc.rpartition("@")[0] or "guest:guest"
            management_url = f"http://{user}@{self._parts.hostname}:15672/"
        self.management = Management(management_url)
        if not self.management.answers():
            raise BrokerUnavailable(
                f"the management API of the broker on {self._parts.hostname} does not answer at {self.management.url}. "
                "Enable it (rabbitmq-plugins enable rabbitmq_management), or name it in CALLSHEET_MANAGEMENT_URL"
            )
        self._taken: list[str] = []

    def new_vhost(self) -> str:
        """Create a fresh virtual host; its AMQP URL."""
        name = f"callsheet-{secrets.token_hex(6)}"
        self.management.create_vhost(name)
        self._taken.append(name)
        return urlunsplit((self._parts.scheme, self._parts.netloc, "/" + name, "", ""))

    def delete_vhost(self, amqp_url: str) -> None:
        """Remove the virtual host of that URL with all that is in it."""
        name = vhost_of(amqp_url)
        self.management.delete_vhost(name)
        self._taken.remove(name)

    def stop(self) -> None:
        """Remove the virtual hosts that are still there. The broker itself goes on."""
        for name in self._taken[:]:
            self.management.delete_vhost(name)
            self._taken.remove(name)


def vhost_of(amqp_url: str) -> str:
    """Name of the virtual host that an AMQP URL names; ``/`` when it names none."""
    return unquote(urlsplit(amqp_url).path[1:]) or "/"
