"""The journal: when was which mailbox written."""

import time
from pathlib import Path

from tests.conftest import StartEmulator
from tests.emulator.soap import Client


def test_each_request_that_wrote_has_a_line(start_emulator: StartEmulator, tmp_path: Path) -> None:
    file = tmp_path / "journal"
    emulator = start_emulator(["anna@example.com", "bo@example.com"], args=["--journal", str(file)])
    client = Client(emulator)
    before = time.time()
    client.create("a", "b", mailbox="anna@example.com")
    client.subjects("anna@example.com")
    client.create("c", mailbox="bo@example.com")
    lines = [line.split() for line in file.read_text().splitlines()]
    assert [address for _, address in lines] == ["anna@example.com", "bo@example.com"]
    first, second = (float(at) for at, _ in lines)
    assert before <= first <= second <= time.time()
