"""The implementations of the port, each on a real server over a socket. Another one is added to ``calendars``."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from consumer.calendars.ews.gateway import EwsGateway
from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import RunningEmulator, start_emulator
from tests.conftest import EWS_PASSWORD, EWS_USER
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import endpoint, steady_pace

MAILBOXES = 400
_numbers = itertools.count()

OpenGateway = Callable[..., EwsGateway]
"""Opens a gateway that is closed with the test; keywords replace fields of the endpoint.

``concurrency`` is 2, ``items``, the most in one request, 50.
"""


@pytest.fixture(scope="session")
def shared_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    boxes: list[dict[str, Any]] = [{"address": f"user-{number}@example.com"} for number in range(MAILBOXES)]
    boxes.append({"address": "full@example.com", "quota_kib": 1})
    boxes.append({"address": "anna@example.com", "aliases": ["a.andersson@example.com"]})
    boxes.append({"address": "locked@other.example"})
    served = organisation(boxes, user=EWS_USER, password=EWS_PASSWORD, impersonate=["*@example.com"])
    with start_emulator(served, tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture
def emulator(shared_exchange: RunningEmulator) -> Iterator[RunningEmulator]:
    """Without faults and with counters at nothing."""
    shared_exchange.reset_counters()
    yield shared_exchange
    shared_exchange.clear_faults()


@pytest.fixture
def mailbox() -> str:
    """A mailbox no other test of this run uses."""
    number = next(_numbers)
    assert number < MAILBOXES, "give the emulator more mailboxes"
    return f"user-{number}@example.com"


@pytest.fixture
def owner(emulator: RunningEmulator, mailbox: str) -> Owner:
    return Owner(emulator, mailbox)


@pytest.fixture
async def open_gateway(emulator: RunningEmulator) -> AsyncIterator[OpenGateway]:
    closing: list[Callable[[], Awaitable[None]]] = []

    def open_one(at: RunningEmulator = emulator, concurrency: int = 2, items: int = 50, **instead: Any) -> EwsGateway:
        gateway = EwsGateway(endpoint(at, **instead), steady_pace(concurrency, items), lambda *_: None)
        closing.append(gateway.close)
        return gateway

    yield open_one
    for close in closing:
        await close()


@pytest.fixture
def calendars(open_gateway: OpenGateway) -> EwsGateway:
    """The port, by Exchange Web Services."""
    return open_gateway()
