"""Starting, waiting, stopping, sharing."""

import json
import signal

from deploy.sandbox.ports import free_ports
from tests.integration.conftest import StartSystem
from tests.integration.system import changed
from tests.support import eventually_async

ANNA = "anna@example.com"


async def test_sigterm_finishes_what_is_under_way_and_leaves_the_rest_to_the_next(system: StartSystem) -> None:
    mailboxes = [f"p{number}@example.com" for number in range(60)]
    one = system(mailboxes, CALLSHEET_EWS_CONCURRENCY="2")
    one.emulator.add_fault("latency", ms=200)
    await one.start_replicas(1)
    await one.publish([changed(mailbox, "B-1", 1) for mailbox in mailboxes])
    first = one.replicas[0]
    await eventually_async(lambda: first.sample("callsheet_events_total", outcome="applied") >= 3, 20)
    assert first.child.stop() == 0, first.child.tail()
    written = one.emulator.counters()["items"]["CreateItem"]
    waiting_after = len(mailboxes) - written
    assert waiting_after > 0, "it was stopped in mid-work"
    await eventually_async(lambda: one.waiting() == waiting_after, 15, what="settled what was written, left the rest")
    one.emulator.clear_faults()
    await one.start_replicas(1)
    await one.drained()
    counters = one.emulator.counters()["items"]
    assert counters["CreateItem"] == len(mailboxes), "nothing was written twice"
    assert all(len(items) == 1 for items in one.calendars(mailboxes).values())


async def test_exchange_away_at_the_start_is_said_and_waited_for(system: StartSystem) -> None:
    one = system([ANNA])
    one.emulator.add_fault("refuse")
    await one.publish([changed(ANNA, "B-1", 1)])
    replica = one.start_replica()
    await eventually_async(lambda: replica.get("/healthz")[0] == 200, 20)
    await eventually_async(lambda: "ConnectionRefused" in replica.child.tail(), 10)
    status, body = replica.get("/readyz")
    assert (status, json.loads(body)["exchange"].startswith("ConnectionRefused")) == (503, True)
    assert one.waiting() == 1, "nothing was taken from the broker"
    one.emulator.clear_faults()
    await one.settled(1)
    assert replica.ready()


async def test_a_missing_topology_is_named_and_waited_for(system: StartSystem) -> None:
    one = system([ANNA])
    replica = one.start_replica(CALLSHEET_RETRY_DELAYS="7s")
    await eventually_async(lambda: "run callsheet-consumer topology" in replica.get("/readyz")[1], 20)
    assert "schedule.retry.7s" in replica.get("/readyz")[1]
    assert one.start("topology", CALLSHEET_RETRY_DELAYS="7s").wait(20) == 0
    await eventually_async(replica.ready, 20, what="ready once it is there")


async def test_switched_off_it_runs_and_consumes_nothing(system: StartSystem) -> None:
    one = system([ANNA], CALLSHEET_ENABLED="false")
    replica = one.start_replica()
    await one.publish([changed(ANNA, "B-1", 1)])
    await eventually_async(lambda: replica.get("/healthz")[0] == 200, 20)
    assert one.waiting() == 1
    assert replica.child.stop() == 0


async def test_a_wrong_setting_ends_it_before_anything_is_opened(system: StartSystem) -> None:
    one = system([ANNA])
    (port,) = free_ports(1)
    child = one.start("run", CALLSHEET_TIMEZONE="Mars/Olympus", CALLSHEET_EWS_URL="", CALLSHEET_HTTP_PORT=str(port))
    assert child.wait(20) == 2
    assert "CALLSHEET_TIMEZONE" in child.tail()
    assert "CALLSHEET_EWS_URL is not set" in child.tail()
    taken = one.start("run", CALLSHEET_HTTP_PORT=one.amqp_url.rpartition(":")[2].partition("/")[0])
    assert taken.wait(20) == 2
    assert "CALLSHEET_HTTP_PORT" in taken.tail()


async def test_the_secret_never_shows(system: StartSystem) -> None:
    one = system([ANNA], CALLSHEET_LOG_LEVEL="debug")
    await one.start_replicas(1)
    one.emulator.add_fault("http_status", status=503, count=2)
    one.emulator.add_fault("item_error", code="ErrorInvalidPropertyRequest", operation="CreateItem", count=1)
    await one.publish([changed(ANNA, "B-1", 1)])
    await one.drained()
    replica = one.replicas[0]
    seen = replica.get("/metrics")[1] + replica.get("/readyz")[1] + str(one.parked())
    replica.child.signal(signal.SIGTERM)
    assert replica.child.wait(20) == 0
    seen += replica.child.tail(10_000)
    broker_password = one.amqp_url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    assert one.emulator.password not in seen
    assert broker_password not in seen


async def test_enrolment_is_read_again_when_it_changes(system: StartSystem) -> None:
    one = system([ANNA, "new@example.com"])
    enrolment = one.folder / "enrolment.toml"
    enrolment.write_text('[enrolment]\nmailboxes = ["anna@example.com"]\n')
    await one.start_replicas(1)
    await one.publish([changed("new@example.com", "B-1", 1)])
    assert await one.settled(1) == {"not_enrolled": 1}
    enrolment.write_text('[enrolment]\nmailboxes = ["*@example.com"]\n')
    await eventually_async(lambda: "enrolment_changed" in one.replicas[0].child.tail(), 10)
    await one.publish([changed("new@example.com", "B-1", 1)])
    assert await one.settled(2) == {"not_enrolled": 1, "applied": 1}
