"""The three replicas of the consumer over all their lives: started, killed, paused, and restarted as planned."""

import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.sandbox.children import CHECKOUT, Child, ChildError, wait_until
from deploy.sandbox.installation import script
from deploy.sandbox.metrics import is_ready
from deploy.sandbox.ports import free_ports

_SECONDS: Final = 60.0
"""How long a command, a start or a planned end may take."""


@dataclass
class Replica:
    """One replica over all its lives."""

    number: int
    port: int
    child: Child
    lives: int = 1
    away: bool = False
    """Killed, and not started again yet."""


@dataclass
class Replicas:
    """The replicas, with the settings that they share. ``done`` counts what was done to them."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    done: Counter[str]
    _all: list[Replica] = field(init=False, default_factory=list)

    def start(self, count: int) -> None:
        """Start so many; returns when all of them are ready."""
        for number, port in enumerate(free_ports(count)):
            self._all.append(Replica(number, port, self._born(number, 1, port)))
        for replica in self._all:
            self._until_ready(replica)

    def stop(self) -> None:
        """Stop all of them, whatever state they are in."""
        for replica in self._all:
            replica.child.signal(signal.SIGCONT)
            replica.child.signal(signal.SIGTERM)
        for replica in self._all:
            replica.child.stop()

    def kill(self, number: int, away_seconds: float, stop: threading.Event) -> None:
        """SIGKILL for one; it is started again some seconds later, or as soon as ``stop`` is set."""
        replica = self._all[number]
        replica.away = True
        replica.child.kill()
        self.done["kills"] += 1
        stop.wait(away_seconds)
        self._again(replica)
        replica.away = False

    def pause(self, number: int, seconds: float, stop: threading.Event) -> None:
        """SIGSTOP for one, and SIGCONT some seconds later, or as soon as ``stop`` is set."""
        child = self._all[number].child
        child.signal(signal.SIGSTOP)
        try:
            stop.wait(seconds)
        finally:
            child.signal(signal.SIGCONT)
        self.done["pauses"] += 1

    def roll(self) -> None:
        """A planned restart of all. Raises ChildError if one does not end cleanly."""
        for replica in self._all:
            replica.child.signal(signal.SIGTERM)
        for replica in self._all:
            if code := replica.child.wait(_SECONDS):
                raise ChildError(f"{replica.child.name} ended with code {code} on SIGTERM:\n{replica.child.tail()}")
            self._again(replica)
        for replica in self._all:
            self._until_ready(replica)

    def command(self, name: str, *arguments: str) -> None:
        """Run a command of the consumer. Raises ChildError if it fails."""
        child = self._consumer(name, arguments, {})
        if code := child.wait(_SECONDS):
            raise ChildError(f"callsheet-consumer {' '.join(arguments)} ended with code {code}:\n{child.tail()}")

    def require_running(self) -> None:
        """Raise ChildError if one has ended that nobody has ended."""
        for replica in self._all:
            if not replica.away:
                replica.child.require_running()

    def _again(self, replica: Replica) -> None:
        replica.lives += 1
        replica.child = self._born(replica.number, replica.lives, replica.port)

    def _born(self, number: int, life: int, port: int) -> Child:
        own = {"CALLSHEET_HTTP_PORT": str(port), "CALLSHEET_REPLICA": name_of(number)}
        return self._consumer(f"{name_of(number)}.{life}", ("run",), own)

    def _until_ready(self, replica: Replica) -> None:
        what, child = f"{replica.child.name} is ready (/readyz)", replica.child
        wait_until(what, lambda: is_ready(replica.port), timeout_seconds=_SECONDS, children=[child])

    def _consumer(self, name: str, arguments: tuple[str, ...], own: Mapping[str, str]) -> Child:
        command: list[str | Path] = [script("callsheet-consumer"), *arguments]
        environment = {**self.environment, **own}
        log = self.folder / f"{name}.log"
        return Child(name, command, log=log, environment=environment, directory=CHECKOUT)


def name_of(number: int) -> str:
    """What a replica calls itself; the first has number 0."""
    return f"replica-{number + 1}"
