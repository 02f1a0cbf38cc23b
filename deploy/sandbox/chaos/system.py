"""The system that the run is made against: one broker, one stand-in Exchange, three replicas, and ways to hurt them."""

import secrets
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
from deploy.sandbox.chaos.replicas import Replicas, name_of
from deploy.sandbox.children import Child, ChildError
from deploy.sandbox.installation import clean_environment, script
from deploy.sandbox.management import ManagementError
from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import RunningEmulator, start_emulator

TIMEZONE: Final = "Europe/Copenhagen"
RETRY_DELAYS: Final = "1s,2s,4s,8s"
SECOND_LOOK_MARGIN: Final = "5s"
"""Takes the last rung: 8 s after the deadline of 2 s, later than any late commit of the plan with its latency."""
LOGIN_PAUSE: Final = "1s"
QUEUES_SETTLE_SECONDS: Final = 5.0
"""A quorum queue that is younger when its broker is killed may come back without a leader (RabbitMQ 3.10)."""

_VHOST: Final = "callsheet"
_PARKED: Final = "schedule.parked"
_DROP_WITHIN_SECONDS: Final = 10.0


@dataclass
class System:
    """Everything that runs. A context manager; what was started is stopped in reverse order, whatever happens."""

    folder: Path
    mailboxes: Sequence[Mapping[str, Any]]
    seed: int
    days_after: int
    broker: PrivateBroker = field(init=False)
    emulator: RunningEmulator = field(init=False)
    replicas: Replicas = field(init=False)
    done: Counter[str] = field(init=False, default_factory=Counter)
    """What was done to it: kills, pauses, and so on."""
    _declared_at: float = field(init=False, default=0.0)
    _open: ExitStack = field(init=False, default_factory=ExitStack)

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
        self.replicas = Replicas(self.folder, self._settings(domains), self.done)
        self.replicas.command("topology", "topology")
        self._declared_at = time.monotonic()
        self._open.callback(self.replicas.stop)
        self.replicas.start(REPLICAS)

    def _settings(self, domains: Sequence[str]) -> dict[str, str]:
        password, enrolment = self.folder / "ews-password", self.folder / "enrolment.toml"
        password.touch(mode=0o600)
        password.write_text(self.emulator.password)
        patterns = ", ".join(f'"*@{domain}"' for domain in domains)
        enrolment.write_text(f"[enrolment]\nmailboxes = [{patterns}]\n")
        return {
            **clean_environment(),
            "CALLSHEET_AMQP_URL": self.amqp_url,
            "CALLSHEET_EWS_URL": self.emulator.ews_url,
            "CALLSHEET_EWS_USER": self.emulator.user,
            "CALLSHEET_EWS_PASSWORD_FILE": str(password),
            "CALLSHEET_EWS_AUTH": "basic",
            "CALLSHEET_EWS_TIMEOUT": f"{EWS_TIMEOUT_SECONDS:g}s",
            "CALLSHEET_RETRY_DELAYS": RETRY_DELAYS,
            "CALLSHEET_SECOND_LOOK_MARGIN": SECOND_LOOK_MARGIN,
            "CALLSHEET_LOGIN_PAUSE": LOGIN_PAUSE,
            "CALLSHEET_PREFETCH": "100",
            "CALLSHEET_TIMEZONE": TIMEZONE,
            "CALLSHEET_DAYS_AFTER": str(self.days_after),
            "CALLSHEET_ENROLMENT_FILE": str(enrolment),
            "CALLSHEET_LOG_LEVEL": "debug",
        }

    def _end_broker(self) -> None:
        """At once: its data are not needed any more, only its log."""
        with suppress(ChildError):
            self.broker.kill()

    @property
    def amqp_url(self) -> str:
        """The AMQP URL of the virtual host, with the password."""
        return self.broker.amqp_url(_VHOST)

    def producer(self, pipe: Path) -> Child:
        """``callsheet-producer publish``, reading events from a pipe."""
        shell = 'exec "$0" publish --wait 120 --json - <"$1"'
        command: list[str | Path] = ["/bin/sh", "-c", shell, script("callsheet-producer"), pipe]
        environment = {**clean_environment(), "CALLSHEET_AMQP_URL": self.amqp_url}
        log = self.folder / "producer.log"
        return Child("callsheet-producer", command, log=log, environment=environment, capture_stdout=True)

    def mailbox(self, address: str) -> Mailbox:
        """The calendar of somebody, as its owner sees it."""
        return Mailbox(self.emulator.ews_url, self.emulator.user, self.emulator.password, address)

    def restart_broker(self, *, kill: bool) -> None:
        """SIGKILL or SIGTERM for the broker; returns when it takes connections again."""
        time.sleep(max(0.0, self._declared_at + QUEUES_SETTLE_SECONDS - time.monotonic()))
        if kill:
            self.broker.kill()
        else:
            self.broker.stop()
        self.broker.start()
        self.done["broker kills" if kill else "broker stops"] += 1

    def drop_connection(self, replica: int, stop: threading.Event) -> None:
        """Close the connection of a replica through the management API, as soon as there is one."""
        name = f"callsheet-consumer {name_of(replica)}"
        deadline = time.monotonic() + _DROP_WITHIN_SECONDS
        while time.monotonic() < deadline and not stop.is_set():
            with suppress(ManagementError):
                for connection in self.broker.management.call("GET", "connections"):
                    if connection.get("client_properties", {}).get("connection_name") == name:
                        self.broker.management.call("DELETE", f"connections/{quote(connection['name'], safe='')}")
                        self.done["dropped connections"] += 1
                        return
            stop.wait(0.3)

    def require_running(self) -> None:
        """Raise ChildError if a part has ended that nobody has ended."""
        self.emulator.child.require_running()
        self.replicas.require_running()

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
