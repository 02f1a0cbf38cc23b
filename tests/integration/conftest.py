"""The whole system for a test: `system(mailboxes)` gives emulator, declared queues, and replicas to start."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.sandbox.broker import Broker
from deploy.sandbox.organisation import organisation
from tests.conftest import EWS_PASSWORD, EWS_USER, StartEmulator
from tests.integration.system import System


class StartSystem(Protocol):
    """Starts the emulator and declares the queues."""

    def __call__(
        self,
        mailboxes: Sequence[str | Mapping[str, Any]],
        *,
        emulator_args: Sequence[str] = (),
        more_accounts: Sequence[str] = (),
        **settings: str,
    ) -> System:
        """``settings`` are environment variables of the replicas; ``more_accounts`` have the first one's password."""


@pytest.fixture
def system(broker: Broker, amqp_url: str, start_emulator: StartEmulator, tmp_path: Path) -> Iterator[StartSystem]:
    started: list[System] = []

    def start(
        mailboxes: Sequence[str | Mapping[str, Any]],
        *,
        emulator_args: Sequence[str] = (),
        more_accounts: Sequence[str] = (),
        **settings: str,
    ) -> System:
        served = organisation(mailboxes, user=EWS_USER, password=EWS_PASSWORD, impersonate=["*"])
        served["account"] += [{**served["account"][0], "user": user} for user in more_accounts]
        emulator = start_emulator(organisation=served, args=emulator_args)
        one = System(emulator, amqp_url, broker.management, tmp_path, settings)
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()
