"""The consumers that are measured: Callsheet with any number of replicas, and the plain consumer."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import aio_pika

from benchmarks.events import TIMEZONE
from benchmarks.histogram import Histogram
from benchmarks.scrape import freshness_of, outcomes_of, partitions_of
from benchmarks.stage import Stage
from benchmarks.usage import cpu_seconds, peak_rss_mib
from consumer.amqp.topology import declare
from consumer.broker_settings import BrokerSettings, seconds
from contract import names
from deploy.sandbox.children import CHECKOUT, Child, wait_until
from deploy.sandbox.installation import clean_environment, script
from deploy.sandbox.metrics import is_ready
from deploy.sandbox.ports import free_ports

_START_SECONDS: Final = 60.0
PLAIN_QUEUE: Final = "schedule.changes.plain"


class Exchange(Protocol):
    """Where the consumers find Exchange, and the account they use."""

    @property
    def ews_url(self) -> str:
        """Address of EWS."""
        ...

    @property
    def user(self) -> str:
        """Log-in name."""
        ...

    @property
    def password(self) -> str:
        """Its password."""
        ...


@dataclass
class Subject:
    """One or more processes that consume. A context manager: up when entered, gone after."""

    amqp_url: str = field(repr=False)
    exchange: Exchange = field(repr=False)
    folder: Path
    domains: tuple[str, ...] = ()
    children: list[Child] = field(init=False, default_factory=list)

    @classmethod
    def on(cls, stage: Stage, **more: object) -> Self:
        """A subject that consumes what is published on a stage."""
        return cls(stage.amqp_url, stage.emulator, stage.folder, tuple(stage.domains), **more)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; returns when it consumes. Raises ChildError."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop all of its processes."""
        for child in self.children:
            child.signal(signal.SIGCONT)
            child.signal(signal.SIGTERM)
        for child in self.children:
            child.stop()
        self.children.clear()

    def hold(self) -> None:
        """Let it do nothing until ``release``: so the whole burst waits at the broker when the clock starts."""
        for child in self.children:
            child.signal(signal.SIGSTOP)

    def release(self) -> None:
        """Go on after ``hold``."""
        for child in self.children:
            child.signal(signal.SIGCONT)

    def require_running(self) -> None:
        """Raise ChildError if a process has ended."""
        for child in self.children:
            child.require_running()

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        return sum(cpu_seconds(child.pid) for child in self.children)

    def peak_rss_mib(self) -> float:
        """Memory of its largest process at its peak."""
        return max(peak_rss_mib(child.pid) for child in self.children)

    def outcomes(self) -> Counter[str] | None:
        """Events by what became of them; None where the subject does not tell."""
        return None

    def freshness(self) -> Histogram | None:
        """Seconds from the events' own time to the item in the calendar; None where the subject does not tell."""
        return None


@dataclass
class Callsheet(Subject):
    """``callsheet-consumer run``, as it is installed, so many times."""

    replicas: int = 1
    auth: str = "basic"
    settings: dict[str, str] = field(default_factory=dict)
    _ports: list[int] = field(init=False, default_factory=list)

    def start(self) -> None:
        """Declare the topology and start the replicas."""
        environment = {**clean_environment(), **self._environment(), **self.settings}
        rungs = BrokerSettings.model_fields["retry_delays"].default
        asyncio.run(declare(self.amqp_url, names.DEFAULT_PARTITIONS, [(name, seconds(name)) for name in rungs]))
        self._ports = free_ports(self.replicas)
        for number, port in enumerate(self._ports, start=1):
            own = {"CALLSHEET_HTTP_PORT": str(port), "CALLSHEET_REPLICA": f"replica-{number}"}
            self.children.append(self._child("run", {**environment, **own}))
        for child, port in zip(self.children, self._ports, strict=True):
            self._wait_for(f"{child.name} is ready", child, partial(is_ready, port))
        for child, port in zip(self.children, self._ports, strict=True):
            self._wait_for(f"{child.name} has its share", child, partial(self._is_fair, port))

    def outcomes(self) -> Counter[str]:
        """All replicas together."""
        counts: Counter[str] = Counter()
        for port in self._ports:
            counts.update(outcomes_of(port))
        return counts

    def freshness(self) -> Histogram:
        """All replicas together."""
        found = [freshness_of(port) for port in self._ports]
        return sum(found[1:], start=found[0])

    def _wait_for(self, what: str, child: Child, ready: Callable[[], bool]) -> None:
        wait_until(what, ready, timeout_seconds=_START_SECONDS, children=[child])

    def _is_fair(self, port: int) -> bool:
        fewest, more = divmod(names.DEFAULT_PARTITIONS, self.replicas)
        return fewest <= partitions_of(port) <= fewest + bool(more)

    def _environment(self) -> dict[str, str]:
        enrolment = self.folder / "enrolment.toml"
        patterns = ", ".join(f'"*@{domain}"' for domain in self.domains)
        enrolment.write_text(f"[enrolment]\nmailboxes = [{patterns}]\n")
        return {
            "CALLSHEET_AMQP_URL": self.amqp_url,
            "CALLSHEET_EWS_URL": self.exchange.ews_url,
            "CALLSHEET_EWS_USER": self.exchange.user,
            "CALLSHEET_EWS_PASSWORD": self.exchange.password,
            "CALLSHEET_EWS_AUTH": self.auth,
            "CALLSHEET_TIMEZONE": TIMEZONE,
            "CALLSHEET_ENROLMENT_FILE": str(enrolment),
        }

    def _child(self, command: str, environment: dict[str, str]) -> Child:
        name = f"callsheet {command} {len(self.children) + 1}"
        log = self.folder / f"{name.replace(' ', '-')}.log"
        return Child(
            name, [script("callsheet-consumer"), command], log=log, environment=environment, directory=CHECKOUT
        )


@dataclass
class Plain(Subject):
    """The plain consumer, on one queue that gets all changes."""

    def start(self) -> None:
        """Declare exchange and queue, start it, and wait until the broker knows it as a consumer."""
        asyncio.run(_declare_plain(self.amqp_url))
        environment = {
            **clean_environment(),
            "PLAIN_AMQP_URL": self.amqp_url,
            "PLAIN_QUEUE": PLAIN_QUEUE,
            "PLAIN_EWS_URL": self.exchange.ews_url,
            "PLAIN_EWS_USER": self.exchange.user,
            "PLAIN_EWS_PASSWORD": self.exchange.password,
        }
        command = [sys.executable, "-m", "benchmarks.plain_consumer"]
        log = self.folder / "plain.log"
        child = Child("the plain consumer", command, log=log, environment=environment, directory=CHECKOUT)
        self.children.append(child)

        def consumes() -> bool:
            return asyncio.run(_consumers_of_plain(self.amqp_url)) > 0

        wait_until("the plain consumer consumes", consumes, timeout_seconds=_START_SECONDS, children=[child])


async def _declare_plain(amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(names.EXCHANGE, aio_pika.ExchangeType.DIRECT, durable=True)
        queue = await channel.declare_queue(PLAIN_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        for partition in range(names.DEFAULT_PARTITIONS):
            await queue.bind(exchange, names.routing_key(partition))


async def _consumers_of_plain(amqp_url: str) -> int:
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(PLAIN_QUEUE, passive=True)
        return queue.declaration_result.consumer_count or 0
