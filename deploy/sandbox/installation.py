"""The whole installation on one machine: broker, stand-in Exchange and consumer replicas, up and down in order."""

import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Self

from deploy.sandbox.borrowed_broker import ExistingBroker
from deploy.sandbox.broker import Broker, BrokerUnavailable, PrivateBroker, vhost_of
from deploy.sandbox.children import CHECKOUT, Child, ChildError, wait_until
from deploy.sandbox.directory import Entry, domains, mailboxes
from deploy.sandbox.metrics import events_by_outcome, is_ready
from deploy.sandbox.organisation import organisation
from deploy.sandbox.ports import free_ports
from deploy.sandbox.stand_in import RunningEmulator, start_emulator

SOURCE: Final = "sandbox://schedule"
REPLICAS: Final = 2
READY_TIMEOUT_SECONDS: Final = 60.0

_VHOST: Final = "callsheet"
_PARKED: Final = "schedule.parked"
# Events with one of these outcomes are done with; a forwarded or retried one comes again.
_SETTLED: Final = frozenset(
    {"applied", "unchanged", "superseded", "stale", "outside_window", "not_enrolled", "parked", "held"}
)


@dataclass
class Installation:
    """Everything that runs. A context manager: what was started is stopped in reverse order, whatever happens.

    ``folder`` takes logs, passwords and, when ``keep_state``, the data of broker and Exchange. ``say`` hears a line for
    each part that is up.
    """

    folder: Path
    directory: Sequence[Entry]
    timezone: str
    last_day: date
    keep_state: bool
    say: Callable[[str], None]
    broker: Broker = field(init=False)
    emulator: RunningEmulator = field(init=False)
    amqp_url: str = field(init=False, repr=False)
    replicas: list[Child] = field(init=False, default_factory=list)
    _ports: list[int] = field(init=False, default_factory=list)
    _open: ExitStack = field(init=False, default_factory=ExitStack)
    _broker_child: PrivateBroker | None = field(init=False, default=None)

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
        self._start_broker()
        self._start_emulator()
        self._start_consumers()

    def _start_broker(self) -> None:
        elsewhere = os.environ.get("CALLSHEET_AMQP_URL")
        try:
            private = PrivateBroker(self.folder / "broker" if self.keep_state else None)
        except BrokerUnavailable:
            if not elsewhere:
                raise
            existing = ExistingBroker(elsewhere, os.environ.get("CALLSHEET_MANAGEMENT_URL"))
            self._open.callback(existing.stop)
            self.broker, self.amqp_url = existing, existing.new_vhost()
            self.say(f"RabbitMQ          yours, virtual host {vhost_of(self.amqp_url)}")
            return
        self._open.enter_context(private)
        private.management.create_vhost(_VHOST)
        self.broker, self.amqp_url, self._broker_child = private, private.amqp_url(_VHOST), private
        self.say(f"RabbitMQ          up, pid {private.pid}, {self.amqp_url.rpartition('@')[2]}")

    def _start_emulator(self) -> None:
        house = organisation(
            mailboxes(self.directory),
            user=r"STUDIO\callsheet",
            password=secrets.token_urlsafe(18),
            impersonate=[f"*@{domain}" for domain in domains(self.directory)],
        )
        store = ["--store", str(self.folder / "exchange.sqlite")] if self.keep_state else []
        self.emulator = self._open.enter_context(start_emulator(house, self.folder / "emulator", arguments=store))
        count = len(house["mailbox"])
        self.say(f"Exchange stand-in up, pid {self.emulator.child.pid}, {count} mailboxes, {self.emulator.page_url}")

    def _start_consumers(self) -> None:
        password = self.folder / "ews-password"
        password.touch(mode=0o600)
        password.write_text(self.emulator.password)
        enrolment = self.folder / "enrolment.toml"
        patterns = ", ".join(f'"*@{domain}"' for domain in domains(self.directory))
        enrolment.write_text(f"[enrolment]\nmailboxes = [{patterns}]\n")
        self._ports = free_ports(REPLICAS)
        topology = self._consumer("topology", "topology", {})
        code = topology.wait(READY_TIMEOUT_SECONDS)
        if code:
            raise ChildError(f"callsheet-consumer topology ended with code {code}:\n{topology.tail()}")
        for number, port in enumerate(self._ports, start=1):
            own = {"CALLSHEET_HTTP_PORT": str(port), "CALLSHEET_REPLICA": f"replica-{number}"}
            replica = self._consumer(f"consumer {number}", "run", own)
            self._open.callback(replica.stop)
            self.replicas.append(replica)
        for replica, port in zip(self.replicas, self._ports, strict=True):
            self._until_ready(replica, port)
            self.say(f"{replica.name}        up, pid {replica.pid}, http://127.0.0.1:{port}/metrics")

    def _until_ready(self, replica: Child, port: int) -> None:
        what = f"{replica.name} is ready (/readyz)"
        wait_until(what, lambda: is_ready(port), timeout_seconds=READY_TIMEOUT_SECONDS, children=[replica])

    def _consumer(self, name: str, command: str, own: Mapping[str, str]) -> Child:
        days_ahead = (self.last_day - date.today()).days  # noqa: DTZ011 - the machine's day, give or take one
        environment = {
            **clean_environment(),
            "CALLSHEET_AMQP_URL": self.amqp_url,
            "CALLSHEET_EWS_URL": self.emulator.ews_url,
            "CALLSHEET_EWS_USER": self.emulator.user,
            "CALLSHEET_EWS_PASSWORD_FILE": str(self.folder / "ews-password"),
            "CALLSHEET_EWS_AUTH": "basic",
            "CALLSHEET_TIMEZONE": self.timezone,
            "CALLSHEET_DAYS_AFTER": str(max(180, days_ahead + 14)),
            "CALLSHEET_ENROLMENT_FILE": str(self.folder / "enrolment.toml"),
            **own,
        }
        log = self.folder / f"{name.replace(' ', '-')}.log"
        return Child(
            name, [script("callsheet-consumer"), command], log=log, environment=environment, directory=CHECKOUT
        )

    def producer(self, *arguments: str | Path) -> Child:
        """Start ``callsheet-producer`` with this broker; its summary is on ``stdout``."""
        environment = {**clean_environment(), "CALLSHEET_AMQP_URL": self.amqp_url}
        command = [script("callsheet-producer"), *arguments]
        log = self.folder / "producer.log"
        return Child(
            "callsheet-producer", command, log=log, environment=environment, capture_stdout=True, directory=CHECKOUT
        )

    def outcomes(self) -> Counter[str]:
        """Events by outcome, both replicas together, since they were started."""
        counts: Counter[str] = Counter()
        for port in self._ports:
            counts.update(events_by_outcome(port))
        return counts

    def settled(self) -> int:
        """Events that are done with, since the replicas were started."""
        return sum(count for outcome, count in self.outcomes().items() if outcome in _SETTLED)

    def waiting(self) -> int:
        """Messages that somebody still has to take or to finish; parked and held ones are not among them."""
        queues = self.broker.management.queues(vhost_of(self.amqp_url))
        return sum(count for name, count in queues.items() if name.startswith(("schedule.changes.", "schedule.retry.")))

    def parked(self) -> int:
        """Messages that were parked."""
        return self.broker.management.queues(vhost_of(self.amqp_url)).get(_PARKED, 0)

    def parked_reasons(self, limit: int = 20) -> list[str]:
        """Why the first of the parked messages were parked."""
        vhost = vhost_of(self.amqp_url).replace("/", "%2F")
        order = {"count": limit, "ackmode": "ack_requeue_true", "encoding": "auto"}
        messages = self.broker.management.call("POST", f"queues/{vhost}/{_PARKED}/get", order)
        headers = [message["properties"].get("headers", {}) for message in messages]
        return [f"{header.get('x-reason')}: {header.get('x-error')}" for header in headers]

    def require_running(self) -> None:
        """Raise ChildError with the tail of its log if any part has ended."""
        for child in [self.emulator.child, *self.replicas]:
            child.require_running()
        if self._broker_child is not None:
            _ = self._broker_child.pid


def script(name: str) -> Path:
    """An installed command of this project. Raises ChildError if the project is not installed."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise ChildError(f"{path} is not there: run `make setup` first")
    return path


def clean_environment() -> dict[str, str]:
    """Our environment without Callsheet's settings: what somebody has set for a real installation stays out of it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CALLSHEET_")}
