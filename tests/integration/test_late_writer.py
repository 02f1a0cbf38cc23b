"""A replica is paused in mid-write, another takes over, and the first one wakes up: it does no harm."""

import asyncio
import json
import signal

import pytest

from deploy.sandbox.broker import vhost_of
from deploy.sandbox.management import Management
from tests.integration.conftest import StartSystem
from tests.integration.system import Replica, System, cancelled, changed
from tests.support import eventually_async

ANNA = "anna@example.com"


def _connection_of(management: Management, vhost: str, replica: str) -> str | None:
    """The broker's name of the connection of a replica."""
    for one in management.call("GET", f"vhosts/{vhost.replace('/', '%2F')}/connections"):
        if one.get("client_properties", {}).get("connection_name") == f"callsheet-consumer {replica}":
            return str(one["name"])
    return None


async def _cut_off(system: System, replica: str) -> None:
    """Close its connection, as the broker does when heartbeats fail for long enough."""
    vhost = vhost_of(system.amqp_url)
    found: list[str] = []

    def known() -> bool:
        name = _connection_of(system.management, vhost, replica)
        found.extend([name] if name else [])
        return bool(found)

    await eventually_async(known, 20, what=f"the broker shows the connection of {replica}")
    system.management.call("DELETE", f"connections/{found[0].replace(' ', '%20').replace('>', '%3E')}")


async def _busy_one(system: System) -> Replica:
    """The replica that works on the one event there is."""
    await eventually_async(
        lambda: system.emulator.counters()["faults"].get("commit_late") == 1, 20, what="it is written"
    )
    (one,) = [replica for replica in system.replicas if replica.sample("callsheet_lanes_active") == 1]
    return one


def _logged(replica: Replica, action: str) -> list[dict[str, object]]:
    lines = (json.loads(line) for line in replica.child.tail(10_000).splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("action") == action]


@pytest.mark.timeout(90)
async def test_a_replica_that_was_paused_in_mid_write_does_no_harm(system: StartSystem) -> None:
    """Its item arrives after the cancellation, and after the second look. It says so itself when it wakes up."""
    one = system([ANNA], CALLSHEET_RETRY_DELAYS="1s,2s", CALLSHEET_EWS_TIMEOUT="20s")
    await one.start_replicas(2)
    one.emulator.add_fault("commit_late", operation="CreateItem", ms=12_000, count=1)
    await one.publish([changed(ANNA, "B-1", 1)])
    paused = await _busy_one(one)
    (other,) = [replica for replica in one.replicas if replica is not paused]
    paused.child.signal(signal.SIGSTOP)
    try:
        await _cut_off(one, f"replica-{one.replicas.index(paused) + 1}")
        await eventually_async(lambda: _written(other) == 1, 10, what="the other one has made it")
        await one.publish([cancelled(ANNA, "B-1", 2)])
        await eventually_async(lambda: _written(other) == 2, 10, what="and deleted it")
        await eventually_async(lambda: one.waiting() == 0, 10, what="the second look is over")
        assert len(one.calendars([ANNA])[ANNA]) == 0
        await eventually_async(lambda: len(one.calendars([ANNA])[ANNA]) == 1, 15, what="the late item has arrived")
    finally:
        paused.child.signal(signal.SIGCONT)
    await eventually_async(lambda: len(one.calendars([ANNA])[ANNA]) == 0, 20, what="what came late is gone")
    await eventually_async(lambda: bool(_logged(paused, "written_late")), 20, what="it says that it wrote late")
    await one.drained(20)
    assert one.parked() == []
    assert other.child.exit_code() is paused.child.exit_code() is None, "both still run"


@pytest.mark.timeout(90)
async def test_a_late_item_is_found_by_the_second_look_of_the_one_that_took_over(system: StartSystem) -> None:
    """The paused replica never wakes up, so it cannot say anything."""
    one = system([ANNA], CALLSHEET_RETRY_DELAYS="1s,8s", CALLSHEET_EWS_TIMEOUT="20s")
    await one.start_replicas(2)
    one.emulator.add_fault("commit_late", operation="CreateItem", ms=5000, count=1)
    await one.publish([changed(ANNA, "B-1", 1)])
    paused = await _busy_one(one)
    (other,) = [replica for replica in one.replicas if replica is not paused]
    paused.child.signal(signal.SIGSTOP)
    await _cut_off(one, f"replica-{one.replicas.index(paused) + 1}")
    await eventually_async(lambda: _written(other) == 1, 10, what="the other one has made it")
    paused.child.signal(signal.SIGKILL)
    await eventually_async(lambda: len(one.calendars([ANNA])[ANNA]) == 2, 15, what="both items are there")
    await eventually_async(lambda: len(one.calendars([ANNA])[ANNA]) == 1, 20, what="one of them was put away")
    await asyncio.to_thread(paused.child.wait, 5)
    assert other.sample("callsheet_writes_total", action="delete") == 1
    assert one.parked() == []


def _written(replica: Replica) -> float:
    return sum(value for _, value in replica.samples("callsheet_writes_total"))
