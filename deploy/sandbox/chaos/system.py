"""The system that the run is made against: one broker, one stand-in Exchange, three replicas, and ways to hurt them."""

import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

from deploy.sandbox.broker import PrivateBroker
from deploy.sandbox.chaos.form import EWS_TIMEOUT_SECONDS
from deploy.sandbox.chaos.mailbox import Mailbox
from deploy.sandbox.chaos.plan import REPLICAS
from deploy.sandbox.children import CHECKOUT, Child, ChildError, wait_until
from deploy.sandbox.installation import clean_environment, script
from deploy.sandbox.management import ManagementError
from deploy.sandbox.metrics import is_ready
from deploy.sandbox.organisation import organisation
from deploy.sandbox.ports import free_ports
from deploy.sandbox.stand_in import RunningEmulator, start_emulator

TIMEZONE: Final = "Europe/Copenhagen"
RETRY_DELAYS: Final = "1s,2s,4s,8s"
QUEUES_SETTLE_SECONDS: Final = 5.0
"""A quorum queue that is younger when its broker is killed may come back without a leader (RabbitMQ 3.10)."""

_VHOST: Final = "callsheet"
_PARKED: Final = "schedule.parked"
_READY_SECONDS: Final = 60.0


@dataclass
class Replica:
    """One replica over all its lives."""

    number: int
    port: int
    child: Child
    lives: int = 1
    paused: bool = False


@dataclass
class System:
    """Everything that runs. A context manager; what was started is stopped in reverse order, whatever happens."""

    folder: Path
    mailboxes: Sequence[Mapping[str, Any]]
    seed: int
    days_after: int
    broker: PrivateBroker = field(init=False)
    emulator: RunningEmulator = field(init=False)
    replicas: list[Replica] = field(init=False, default_factory=list)
    done: Counter[str] = field(init=False, default_factory=Counter)
    """What was done to it: kills, pauses, and so on."""
    topology_since: float = field(init=False, default=0.0)
    _open: ExitStack = field(init=False, default_factory=ExitStack)
    _broker_works: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start(self) -> None:
        self.broker = self._open.enter_context(PrivateBroker(self.folder / "broker"))
        self._open.callback(self._end_broker)
        self.broker.management.create_vhost(_VHOST)
        domains = sorted({str(box["address"]).partition("@")[2] for box in self.mailboxes})
        house = organisation(
            self.mailboxes,
            user="callsheet",
            password=secrets.token_urlsafe(18),
            impersonate=[f"*@{domain}" for domain in domains],
        )
        arguments = ["--late-change-keys", "--seed", str(self.seed)]
        self.emulator = self._open.enter_context(start_emulator(house, self.folder / "emulator", arguments=arguments))
        password = self.folder / "ews-password"
        password.touch(mode=0o600)
        password.write_text(self.emulator.password)
        patterns = ", ".join(f'"*@{domain}"' for domain in domains)
        (self.folder / "enrolment.toml").write_text(f"[enrolment]\nmailboxes = [{patterns}]\n")
        topology = self._consumer("topology", "topology", {})
        if topology.wait(_READY_SECONDS):
            raise ChildError(f"callsheet-consumer topology failed:\n{topology.tail()}")
        self.topology_since = time.monotonic()
        for number, port in enumerate(free_ports(REPLICAS)):
            self.replicas.append(Replica(number, port, self._replica(number, 1, port)))
        self._open.callback(self._stop_replicas)
        for replica in self.replicas:
            self._until_ready(replica)

    def _end_broker(self) -> None:
        """At once: its data are not needed any more, only its log."""
        with suppress(ChildError):
            self.broker.kill()

    def _stop_replicas(self) -> None:
        for replica in self.replicas:
            replica.child.signal(signal.SIGCONT)
            replica.child.signal(signal.SIGTERM)
        for replica in self.replicas:
            replica.child.stop()

    def _replica(self, number: int, life: int, port: int) -> Child:
        own = {"CALLSHEET_HTTP_PORT": str(port), "CALLSHEET_REPLICA": f"replica-{number + 1}"}
        return self._consumer(f"replica-{number + 1}.{life}", "run", own)

    def _until_ready(self, replica: Replica) -> None:
        what = f"replica {replica.number + 1} is ready (/readyz)"
        child = replica.child
        wait_until(what, lambda: is_ready(replica.port), timeout_seconds=_READY_SECONDS, children=[child])

    def _consumer(self, name: str, command: str, own: Mapping[str, str]) -> Child:
        environment = {**self.environment(), **own}
        log = self.folder / f"{name}.log"
        return Child(
            name, [script("callsheet-consumer"), command], log=log, environment=environment, directory=CHECKOUT
        )

    def environment(self) -> dict[str, str]:
        """The settings of a consumer."""
        return {
            **clean_environment(),
            "CALLSHEET_AMQP_URL": self.amqp_url,
            "CALLSHEET_EWS_URL": self.emulator.ews_url,
            "CALLSHEET_EWS_USER": self.emulator.user,
            "CALLSHEET_EWS_PASSWORD_FILE": str(self.folder / "ews-password"),
            "CALLSHEET_EWS_AUTH": "basic",
            "CALLSHEET_EWS_TIMEOUT": f"{EWS_TIMEOUT_SECONDS:g}s",
            "CALLSHEET_RETRY_DELAYS": RETRY_DELAYS,
            "CALLSHEET_PREFETCH": "100",
            "CALLSHEET_TIMEZONE": TIMEZONE,
            "CALLSHEET_DAYS_AFTER": str(self.days_after),
            "CALLSHEET_ENROLMENT_FILE": str(self.folder / "enrolment.toml"),
            "CALLSHEET_LOG_LEVEL": "debug",
        }

    @property
    def amqp_url(self) -> str:
        """The AMQP URL of the virtual host, with the password."""
        return self.broker.amqp_url(_VHOST)

    def producer(self, pipe: Path) -> Child:
        """``callsheet-producer publish``, reading events from a pipe."""
        command: list[str | Path] = [
            "/bin/sh",
            "-c",
            'exec "$0" publish --wait 120 --json - <"$1"',
            script("callsheet-producer"),
            pipe,
        ]
        environment = {**clean_environment(), "CALLSHEET_AMQP_URL": self.amqp_url}
        log = self.folder / "producer.log"
        return Child("callsheet-producer", command, log=log, environment=environment, capture_stdout=True)

    def mailbox(self, address: str) -> Mailbox:
        """The calendar of somebody, as he sees it."""
        return Mailbox(self.emulator.ews_url, self.emulator.user, self.emulator.password, address)

    # What is done to it.

    def kill(self, number: int, away_seconds: float, stop: threading.Event) -> None:
        """SIGKILL for a replica; it is started again some seconds later."""
        replica = self.replicas[number]
        replica.child.kill()
        self.done["kills"] += 1
        stop.wait(away_seconds)
        replica.lives += 1
        replica.child = self._replica(number, replica.lives, replica.port)

    def pause(self, number: int, seconds: float, stop: threading.Event) -> None:
        """SIGSTOP for a replica, and SIGCONT after some seconds."""
        replica = self.replicas[number]
        replica.paused = True
        replica.child.signal(signal.SIGSTOP)
        try:
            stop.wait(seconds)
        finally:
            replica.child.signal(signal.SIGCONT)
            replica.paused = False
        self.done["pauses"] += 1

    def restart_broker(self, *, kill: bool) -> None:
        """SIGKILL or SIGTERM for the broker; returns when it takes connections again."""
        with self._broker_works:
            time.sleep(max(0.0, self.topology_since + QUEUES_SETTLE_SECONDS - time.monotonic()))
            if kill:
                self.broker.kill()
            else:
                self.broker.stop()
            self.broker.start()
        self.done["broker kills" if kill else "broker stops"] += 1

    def drop_connection(self, number: int, stop: threading.Event) -> None:
        """Close the connection of a replica through the management API."""
        name = f"callsheet-consumer replica-{number + 1}"
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not stop.is_set():
            with suppress(ManagementError):
                for connection in self.broker.management.call("GET", "connections"):
                    if connection.get("client_properties", {}).get("connection_name") == name:
                        self.broker.management.call("DELETE", f"connections/{quote(connection['name'], safe='')}")
                        self.done["dropped connections"] += 1
                        return
            stop.wait(0.3)

    def roll(self) -> None:
        """A planned restart of all replicas. Raises ChildError if one of them does not end cleanly."""
        for replica in self.replicas:
            replica.child.signal(signal.SIGTERM)
        for replica in self.replicas:
            code = replica.child.wait(timeout_seconds=30)
            if code:
                raise ChildError(f"{replica.child.name} ended with code {code} on SIGTERM:\n{replica.child.tail()}")
            replica.lives += 1
            replica.child = self._replica(replica.number, replica.lives, replica.port)
        for replica in self.replicas:
            self._until_ready(replica)

    def replay_refused(self) -> None:
        """What an operator does with events that Exchange had refused: put them back on their way.

        Raises ChildError if the command fails.
        """
        arguments = ("parked", "replay", "--reason", "rejected_by_exchange")
        child = Child(
            "callsheet-consumer parked replay",
            [script("callsheet-consumer"), *arguments],
            log=self.folder / "replay.log",
            environment=self.environment(),
            directory=CHECKOUT,
        )
        if code := child.wait(_READY_SECONDS):
            raise ChildError(f"{child.name} ended with code {code}:\n{child.tail()}")

    # What can be seen of it.

    def require_running(self) -> None:
        """Raise ChildError if a part has ended that nobody has ended."""
        self.emulator.child.require_running()
        for replica in self.replicas:
            code = replica.child.exit_code()
            if code is not None and code != -signal.SIGKILL:
                raise ChildError(f"{replica.child.name} has ended with code {code}:\n{replica.child.tail()}")

    def waiting(self) -> int | None:
        """Messages in partition and retry queues; None while the broker does not answer."""
        queues = self._queues()
        if queues is None:
            return None
        return sum(count for name, count in queues.items() if name.startswith(("schedule.changes.", "schedule.retry.")))

    def parked(self) -> int:
        """Messages that were put aside."""
        return (self._queues() or {}).get(_PARKED, 0)

    def until_drained(self, timeout_seconds: float, tick: Callable[[], None], quiet_seconds: float = 2.5) -> None:
        """Wait until no message waits, and this stays so: the broker's figures lag behind. Raises ChildError."""
        deadline = time.monotonic() + timeout_seconds
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < quiet_seconds:
            self.require_running()
            waiting = self.waiting()
            if waiting != 0:
                quiet_since = time.monotonic()
            if time.monotonic() > deadline:
                raise ChildError(f"{waiting} messages still wait after {timeout_seconds:g} s without any fault")
            tick()
            time.sleep(0.1)

    def _queues(self) -> dict[str, int] | None:
        try:
            return self.broker.management.queues(_VHOST)
        except ManagementError:
            return None
