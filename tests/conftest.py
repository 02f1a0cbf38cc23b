"""What every test may use: a real broker and a real stand-in Exchange, each on ports of its own."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.sandbox.borrowed_broker import ExistingBroker
from deploy.sandbox.broker import Broker, BrokerUnavailable, PrivateBroker, broker_binary
from deploy.sandbox.organisation import organisation as organisation_of
from deploy.sandbox.postgres import PrivatePostgres
from deploy.sandbox.stand_in import RunningEmulator
from deploy.sandbox.stand_in import start_emulator as start_emulator_in

EWS_USER = "callsheet"
EWS_PASSWORD = "Only-for-tests-1"


class StartEmulator(Protocol):
    """Starts a stand-in Exchange that ends with the test."""

    def __call__(
        self,
        mailboxes: Sequence[str | Mapping[str, Any]] = (),
        *,
        organisation: Mapping[str, Any] | None = None,
        args: Sequence[str] = (),
    ) -> RunningEmulator:
        """With these mailboxes, which the account EWS_USER may impersonate, or with a whole organisation."""


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """One real RabbitMQ for the whole run. Tests that stop or kill a broker start a PrivateBroker of their own.

    ``CALLSHEET_TEST_AMQP_URL`` names one that runs already (its management API is needed too), and on a machine without
    a broker of its own ``CALLSHEET_AMQP_URL`` does.
    """
    existing = os.environ.get("CALLSHEET_TEST_AMQP_URL")
    try:
        broker_binary()
    except BrokerUnavailable:
        existing = existing or os.environ.get("CALLSHEET_AMQP_URL")
    if existing:
        shared = ExistingBroker(existing, os.environ.get("CALLSHEET_MANAGEMENT_URL"))
        try:
            yield shared
        finally:
            shared.stop()
    else:
        with PrivateBroker() as private:
            yield private


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """One real PostgreSQL for the whole run."""
    with PrivatePostgres() as private:
        yield private


@pytest.fixture
def amqp_url(broker: Broker) -> Iterator[str]:
    """URL of a virtual host that is new and empty."""
    url = broker.new_vhost()
    yield url
    broker.delete_vhost(url)


@pytest.fixture
def start_emulator(tmp_path: Path) -> Iterator[StartEmulator]:
    """A factory of stand-in Exchanges, all stopped when the test ends."""
    running: list[RunningEmulator] = []

    def start(
        mailboxes: Sequence[str | Mapping[str, Any]] = (),
        *,
        organisation: Mapping[str, Any] | None = None,
        args: Sequence[str] = (),
    ) -> RunningEmulator:
        if organisation is None:
            organisation = organisation_of(mailboxes, user=EWS_USER, password=EWS_PASSWORD, impersonate=["*"])
        folder = tmp_path / f"emulator-{len(running) + 1}"
        emulator = start_emulator_in(organisation, folder, arguments=args)
        running.append(emulator)
        return emulator

    yield start
    for emulator in running:
        emulator.stop()
