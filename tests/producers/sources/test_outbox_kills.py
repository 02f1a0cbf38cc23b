"""The outbox loses nothing and invents nothing, whenever its producer dies."""

import asyncio
from pathlib import Path

import pytest

from deploy.sandbox.postgres import PrivatePostgres
from tests.producers.sources.outbox_kills import run
from tests.producers.topology import declare_topology


@pytest.mark.timeout(180)
def test_every_committed_change_arrives_and_none_that_was_rolled_back(
    postgres: PrivatePostgres, amqp_url: str, tmp_path: Path
) -> None:
    asyncio.run(declare_topology(amqp_url))
    verdict, truth = run(8, 800, 1, postgres, amqp_url, tmp_path)
    assert verdict.changes == 800
    assert verdict.rolled_back > 50
    assert truth.deleted > 20
    wrong = (verdict.missing, verdict.from_nowhere, verdict.out_of_order, verdict.wrong_at_the_end)
    assert wrong == (0, 0, 0, 0), str(verdict)
