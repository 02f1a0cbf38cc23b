"""The description for machines: committed as it is made, served as it is, and the service keeps to it."""

import asyncio
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from contract.names import DEFAULT_PARTITIONS, partition_queue
from deploy.sandbox.broker import Broker, vhost_of
from producers.serve.generate import FILE, generated
from tests.producers.serve.client import ask
from tests.producers.serve.conftest import EVERYTHING, Service
from tests.support import eventually_async


def test_the_committed_description_is_the_one_of_the_code() -> None:
    assert FILE.read_text(encoding="utf-8") == generated(), "run python -m producers.serve.generate"


async def test_the_service_describes_itself(service: Service) -> None:
    answer = await ask(service.port, "/v1/openapi.json")
    assert answer.json == yaml.safe_load(generated())


@pytest.mark.timeout(240)
async def test_schemathesis_finds_no_fault(service: Service, amqp_url: str, broker: Broker, tmp_path: Path) -> None:
    """Requests made up from the description, right and wrong ones, on the real broker.

    Every check of schemathesis counts but two: JSON Schema has no words for what is refused all the same (an end before
    its start, an unknown zone), and a ``ce-`` header is ignored where the event is not in binary mode.
    """
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        *(program, "run", f"http://127.0.0.1:{service.port}/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {EVERYTHING}"),
        *("--exclude-checks", "positive_data_acceptance,negative_data_rejection"),
        *("--max-examples", "20", "--seed", "8460", "--no-color", "--suppress-health-check", "all"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-8000:]
    answered = Counter(record["status"] for record in service.records("request"))
    print(f"\nschemathesis: {answered.total()} requests, answered {dict(sorted(answered.items()))}")
    assert max(answered) < 500
    assert answered.total() > 100
    assert answered[202] > 0
    metrics = (await ask(service.port, "/metrics")).body.decode()
    published = int(float(metrics.partition('callsheet_ingress_events_total{outcome="published"} ')[2].split()[0]))
    assert published > 0

    def in_queues() -> int:
        queues = broker.management.queues(vhost_of(amqp_url))
        return sum(queues[partition_queue(number)] for number in range(DEFAULT_PARTITIONS))

    await eventually_async(lambda: in_queues() == published, 20, what=f"{published} events in the queues")
