"""A server of its own for each test."""

import pytest

from tests.emulator.ews.soap import Server


@pytest.fixture
def server() -> Server:
    """An empty server that answers as Anna's."""
    return Server()
