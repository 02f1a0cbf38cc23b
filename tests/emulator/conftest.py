"""One emulator for the tests of a file, as new for each of them but for what is in the mailboxes."""

import itertools
from collections.abc import Iterator

import pytest

from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import RunningEmulator, start_emulator
from tests.conftest import EWS_PASSWORD, EWS_USER
from tests.emulator.soap import Client

MAILBOXES = 400
_numbers = itertools.count()


@pytest.fixture(scope="module")
def shared_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    boxes = [{"address": f"user-{n}@example.com", "owner_password": f"own-{n}"} for n in range(MAILBOXES)]
    boxes.append({"address": "locked@other.example"})
    served = organisation(boxes, user=EWS_USER, password=EWS_PASSWORD, impersonate=["*@example.com"])
    with start_emulator(served, tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def emulator(shared_emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    """Without faults and with counters at nothing."""
    shared_emulator.clear_faults()
    shared_emulator.reset_counters()
    yield shared_emulator
    shared_emulator.clear_faults()


@pytest.fixture
def client(emulator: RunningEmulator) -> Client:
    return Client(emulator)


@pytest.fixture
def mailbox() -> str:
    """A mailbox no other test of this run uses."""
    return f"user-{next(_numbers) % MAILBOXES}@example.com"
