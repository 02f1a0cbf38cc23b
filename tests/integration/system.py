"""The system under test: broker, emulator and consumer replicas as processes; events go in as a producer's would."""

import signal
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from prometheus_client.parser import text_string_to_metric_families

from contract.event import BookingCancelled, BookingChanged, CancelledEvent, ChangedEvent, Event
from deploy.sandbox.broker import vhost_of
from deploy.sandbox.calendars import read_calendars
from deploy.sandbox.children import CHECKOUT, Child
from deploy.sandbox.comparison import Item
from deploy.sandbox.installation import clean_environment
from deploy.sandbox.management import Management
from deploy.sandbox.ports import free_ports
from deploy.sandbox.stand_in import RunningEmulator
from producers.publisher import Publisher
from tests.support import eventually_async

SOURCE: Final = "test://schedule"
ZONE: Final = "Europe/Copenhagen"


def changed(mailbox: str, booking: str, revision: int, **data: Any) -> ChangedEvent:
    """A booking tomorrow of eight hours, unless ``data`` says otherwise."""
    start = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
    fields: dict[str, Any] = {"title": f"Mix {booking}", "start": start, "end": start + timedelta(hours=8), **data}
    return ChangedEvent(
        id=uuid4().hex,
        source=SOURCE,
        subject=mailbox,
        time=datetime.now(UTC),
        data=BookingChanged(booking=booking, revision=revision, **fields),
    )


def cancelled(mailbox: str, booking: str, revision: int) -> CancelledEvent:
    """The cancellation of a booking."""
    return CancelledEvent(
        id=uuid4().hex,
        source=SOURCE,
        subject=mailbox,
        time=datetime.now(UTC),
        data=BookingCancelled(booking=booking, revision=revision),
    )


@dataclass
class Replica:
    """One ``callsheet-consumer run``."""

    child: Child
    port: int

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a path of its HTTP port; status 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> bool:
        """True when it says so."""
        self.child.require_running()
        return self.get("/readyz")[0] == 200

    def sample(self, name: str, **labels: str) -> float:
        """A sample of its metrics, 0 where there is none."""
        return sum(value for found, value in self.samples(name) if labels.items() <= found.items())

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of every sample of this name."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        return [(one.labels, one.value) for family in families for one in family.samples if one.name == name]


@dataclass
class System:
    """Emulator, queues and replicas of one test."""

    emulator: RunningEmulator
    amqp_url: str
    management: Management
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    replicas: list[Replica] = field(default_factory=list)

    def __post_init__(self) -> None:
        enrolment = self.folder / "enrolment.toml"
        enrolment.write_text('[enrolment]\nmailboxes = ["*@example.com"]\ndeny = ["ceo@example.com"]\n')
        self.settings = {
            **clean_environment(),
            "CALLSHEET_AMQP_URL": self.amqp_url,
            "CALLSHEET_EWS_URL": self.emulator.ews_url,
            "CALLSHEET_EWS_USER": self.emulator.user,
            "CALLSHEET_EWS_PASSWORD": self.emulator.password,
            "CALLSHEET_EWS_AUTH": "basic",
            "CALLSHEET_EWS_TIMEOUT": "10s",
            "CALLSHEET_RETRY_DELAYS": "1s,2s,3s,4s",
            "CALLSHEET_TIMEZONE": ZONE,
            "CALLSHEET_ENROLMENT_FILE": str(enrolment),
            **self.settings,
        }
        topology = self.start("topology")
        assert topology.wait(30) == 0, topology.tail()

    def start(self, *command: str, **settings: str) -> Child:
        """Start ``callsheet-consumer`` with these settings on top of the test's."""
        log = self.folder / f"consumer-{'-'.join(command)}-{len(self.replicas)}.log"
        arguments = [sys.executable, "-W", "error::RuntimeWarning", "-m", "consumer", *command]
        return Child(log.stem, arguments, log=log, environment={**self.settings, **settings}, directory=CHECKOUT)

    def start_replica(self, **settings: str) -> Replica:
        """Start one more replica; it may take some seconds until it is ready."""
        (port,) = free_ports(1)
        name = f"replica-{len(self.replicas) + 1}"
        own = {"CALLSHEET_HTTP_PORT": str(port), "CALLSHEET_REPLICA": name, **settings}
        replica = Replica(self.start("run", **own), port)
        self.replicas.append(replica)
        return replica

    async def start_replicas(self, count: int) -> None:
        """Start replicas and wait until all are ready and hold every partition between them."""
        new = [self.start_replica() for _ in range(count)]
        await eventually_async(lambda: all(replica.ready() for replica in new), 30, what="ready")
        # A broker that is busy with other tests may give up on a connection; the next try comes after a pause.
        await eventually_async(lambda: sum(self.partitions()) == 16, 50, what="16 partitions held")

    def partitions(self) -> list[int]:
        """How many partitions each replica holds that still runs."""
        running = (one for one in self.replicas if one.child.exit_code() is None)
        return [int(one.sample("callsheet_partitions_active")) for one in running]

    def consumers(self) -> dict[int, str]:
        """The replica to which the broker gives the messages of each partition, by its name."""
        vhost = vhost_of(self.amqp_url).replace("/", "%2F")
        active: dict[int, str] = {}
        for one in self.management.call("GET", f"consumers/{vhost}"):
            if one["queue"]["name"].startswith("schedule.changes.") and one["active"]:
                replica, _, partition = one["consumer_tag"].rpartition(".p")
                active[int(partition)] = replica
        return active

    async def publish(self, events: Iterable[Event]) -> None:
        """Publish in this order, confirmed one after the other where the mailbox is the same."""
        async with Publisher(self.amqp_url) as publisher:
            for event in events:
                await publisher.publish(event)

    def waiting(self) -> int:
        """Messages in the partition and retry queues, ready or not yet acknowledged."""
        queues = self.management.queues(vhost_of(self.amqp_url))
        return sum(count for name, count in queues.items() if name.startswith(("schedule.changes.", "schedule.retry.")))

    def outcomes(self) -> Counter[str]:
        """Events settled by the replicas that still run, by outcome."""
        counts: Counter[str] = Counter()
        for replica in self.replicas:
            for labels, value in replica.samples("callsheet_events_total"):
                counts[labels["outcome"]] += int(value)
        return +counts

    async def settled(self, events: int, deadline_seconds: float = 30) -> Counter[str]:
        """Wait until so many events were settled since the replicas started, and nothing waits; the outcomes."""
        await eventually_async(
            lambda: self.outcomes().total() >= events and self.waiting() == 0,
            deadline_seconds,
            what=f"{events} events settled",
        )
        return self.outcomes()

    async def drained(self, deadline_seconds: float = 60) -> None:
        """Wait until no message waits any more, twice in a row: the broker's figures lag behind."""
        quiet = 0

        def is_quiet() -> bool:
            nonlocal quiet
            quiet = quiet + 1 if self.waiting() == 0 else 0
            return quiet > 25

        await eventually_async(is_quiet, deadline_seconds, what="queues empty")

    def calendars(self, mailboxes: Sequence[str]) -> dict[str, list[Item]]:
        """The calendars as another client reads them over EWS."""
        return read_calendars(self.emulator, mailboxes, self.folder / "readback")

    def parked(self) -> list[dict[str, Any]]:
        """Headers of the parked messages."""
        vhost = vhost_of(self.amqp_url).replace("/", "%2F")
        order = {"count": 10_000, "ackmode": "ack_requeue_true", "encoding": "base64"}
        messages = self.management.call("POST", f"queues/{vhost}/schedule.parked/get", order)
        return [message["properties"].get("headers", {}) for message in messages]

    def stop(self) -> None:
        """Stop every replica that still runs."""
        for replica in self.replicas:
            if replica.child.exit_code() is None:
                replica.child.signal(signal.SIGCONT)  # a paused one could not stop
                replica.child.stop()
