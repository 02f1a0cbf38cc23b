"""A copy that the broker cannot take: the message itself stays, until its copy was confirmed or it was applied."""

from urllib.parse import quote

import pytest

from contract import names
from deploy.sandbox.broker import vhost_of
from tests.integration.conftest import StartSystem
from tests.integration.system import changed
from tests.support import eventually_async

ANNA = "anna@example.com"


@pytest.mark.timeout(90)
async def test_a_message_is_acknowledged_only_after_its_copy_was_confirmed(system: StartSystem) -> None:
    one = system([ANNA], CALLSHEET_RETRY_DELAYS="1s,2s,3s,4s")
    await one.start_replicas(1)
    replica = one.replicas[0]
    rung = names.retry_queue("3s")
    one.management.call("DELETE", f"queues/{quote(vhost_of(one.amqp_url), safe='')}/{rung}")
    one.emulator.add_fault("item_error", operation="CreateItem", code="ErrorQuotaExceeded")
    await one.publish([changed(ANNA, "B-1", 1)])
    await eventually_async(lambda: one.emulator.counters()["faults"].get("item_error") == 1, 20, what="it was refused")
    await eventually_async(
        lambda: f"{rung} is not there" in replica.get("/readyz")[1], 20, what="it says what is absent"
    )
    assert one.calendars([ANNA])[ANNA] == []
    one.emulator.clear_faults()
    topology = one.start("topology")
    assert topology.wait(30) == 0, topology.tail()
    await eventually_async(lambda: len(one.calendars([ANNA])[ANNA]) == 1, 30, what="it is applied after all")
    await one.drained()
    assert one.parked() == []
