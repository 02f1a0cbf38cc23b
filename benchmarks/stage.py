"""What a workload is played on: a virtual host of its own and a stand-in Exchange of its own, in its own process."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.events import DOMAIN
from benchmarks.journal import Journal
from deploy.sandbox.broker import Broker, vhost_of
from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import RunningEmulator, start_emulator

USER: Final = "callsheet"


@dataclass
class Stage:
    """A context manager; ``folder`` takes logs and files, ``arguments`` go to the stand-in Exchange."""

    broker: Broker
    folder: Path
    mailboxes: Iterable[str | Mapping[str, Any]]
    arguments: Sequence[str] = ()
    domains: Sequence[str] = (DOMAIN,)
    amqp_url: str = field(init=False, repr=False)
    emulator: RunningEmulator = field(init=False)
    journal: Journal = field(init=False)
    _open: ExitStack = field(init=False, default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        with ExitStack() as opening:
            self.amqp_url = self.broker.new_vhost()
            opening.callback(self.broker.delete_vhost, self.amqp_url)
            self.journal = Journal(self.folder / "journal")
            patterns = [f"*@{domain}" for domain in self.domains]
            house = organisation(self.mailboxes, user=USER, password=secrets.token_urlsafe(12), impersonate=patterns)
            arguments = ["--journal", str(self.journal.path), *self.arguments]
            self.emulator = opening.enter_context(start_emulator(house, self.folder / "emulator", arguments=arguments))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def slow_down(self, milliseconds: int) -> None:
        """From now on the server takes this long for each request, 0: as fast as it can."""
        self.emulator.clear_faults()
        if milliseconds:
            self.emulator.add_fault("latency", ms=milliseconds)

    def waiting(self) -> int:
        """Messages that somebody still has to take or to finish."""
        queues = self.broker.management.queues(vhost_of(self.amqp_url))
        return sum(count for name, count in queues.items() if name.startswith(("schedule.changes", "schedule.retry.")))
