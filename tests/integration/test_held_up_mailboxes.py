"""One mailbox is busy, full or gone: it waits on its own, and nobody else is held up."""

import asyncio
import statistics
import time
from datetime import UTC, datetime

import pytest

from contract.event import ChangedEvent
from contract.partition import partition_of
from contract.reasons import Reason
from tests.integration.conftest import StartSystem
from tests.integration.system import System, cancelled, changed
from tests.support import eventually_async

BUSY = "busy@example.com"
PREFETCH = 100


def _neighbours(count: int) -> list[str]:
    """Mailboxes on the same partition as the busy one."""
    wanted = partition_of(BUSY)
    candidates = (f"n{number}@example.com" for number in range(10_000))
    return [mailbox for mailbox in candidates if partition_of(mailbox) == wanted][:count]


async def _freshness(system: System, mailboxes: list[str], booking: str) -> list[float]:
    """Seconds from the confirmed publish to the item that can be read, one mailbox after the other."""
    measured = []
    for mailbox in mailboxes:
        before = system.emulator.counters()["by_mailbox"][mailbox]["CreateItem"]
        await system.publish([changed(mailbox, booking, 1)])
        started = time.monotonic()
        while system.emulator.counters()["by_mailbox"][mailbox]["CreateItem"] == before:
            assert time.monotonic() - started < 20, f"{mailbox} was not written"
            await asyncio.sleep(0.005)
        measured.append(time.monotonic() - started)
    return measured


@pytest.mark.timeout(150)
async def test_a_mailbox_that_is_busy_for_long_holds_up_nobody_on_its_partition(system: StartSystem) -> None:
    neighbours = _neighbours(20)
    one = system([BUSY, *neighbours], CALLSHEET_PREFETCH=str(PREFETCH), CALLSHEET_RETRY_DELAYS="5s,5s,5s,5s")
    one.emulator.add_fault("latency", ms=50)
    await one.start_replicas(1)
    # They are known, so that both series measure the same: one request.
    await one.publish([changed(mailbox, "B-first", 1) for mailbox in neighbours])
    await one.settled(len(neighbours))
    alone = await _freshness(one, neighbours, "B-alone")
    one.emulator.add_fault("server_busy", mailbox=BUSY, back_off_ms=20_000)
    await one.publish([changed(BUSY, f"B-{number}", 1) for number in range(3 * PREFETCH)])
    await eventually_async(lambda: one.outcomes()["retried"] >= PREFETCH, 20, what="the excess is put off")
    beside = await _freshness(one, neighbours, "B-beside")
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"freshness beside a busy mailbox: {ratio:.2f} times that without it (medians of {len(neighbours)})")
    assert one.emulator.counters()["faults"]["server_busy"] >= 1
    assert one.parked() == []
    one.emulator.clear_faults()
    await one.drained(60)
    assert len(one.calendars([BUSY])[BUSY]) == 3 * PREFETCH


async def test_a_full_mailbox_is_emptied_by_its_cancellations(system: StartSystem) -> None:
    one = system([{"address": BUSY, "quota_kib": 40}], CALLSHEET_RETRY_DELAYS="1s,1s,1s,1s")
    await one.start_replicas(1)
    await one.publish([changed(BUSY, f"B-{number}", 1, notes="x" * 6000) for number in range(8)])
    await eventually_async(lambda: one.outcomes()["retried"] >= 1, 20, what="some do not fit")
    assert one.parked() == []
    written = {item.booking for item in one.calendars([BUSY])[BUSY]}
    assert 1 < len(written) < 8
    # No room even for a tombstone: what is cancelled goes all the same, and makes room for what waits.
    waiting = sorted({f"B-{number}" for number in range(8)} - written)
    fitting = waiting[: len(written) - 1]
    await one.publish([cancelled(BUSY, booking, 2) for booking in [*sorted(written), *waiting[len(fitting) :]]])
    await one.drained(40)
    assert {item.booking for item in one.calendars([BUSY])[BUSY]} == set(fitting)
    assert one.parked() == []


async def test_a_mailbox_that_is_gone_waits_with_one_probe_at_a_time(system: StartSystem) -> None:
    one = system(["there@example.com"], CALLSHEET_RETRY_DELAYS="1s,2s,4s,8s")
    await one.start_replicas(1)
    events: list[ChangedEvent] = [changed("gone@example.com", f"B-{number}", 1) for number in range(30)]
    await one.publish([changed("there@example.com", "B-0", 1)])
    await one.settled(1)
    await one.publish(events[:1])
    await eventually_async(lambda: one.outcomes()["retried"] == 1, 10)
    asked = one.replicas[0].sample("callsheet_ews_requests_total", result="NonExistentMailbox")
    await one.publish(events[1:])
    await eventually_async(lambda: one.outcomes()["retried"] >= 30, 10, what="the others follow")
    assert one.replicas[0].sample("callsheet_ews_requests_total", result="NonExistentMailbox") == asked
    assert one.replicas[0].sample("callsheet_breaker_state") == 0
    assert one.parked() == []


async def test_what_is_unknown_climbs_the_ladder_and_is_parked_at_its_end(system: StartSystem) -> None:
    one = system(["anna@example.com"], CALLSHEET_RETRY_DELAYS="200ms,300ms")
    await one.start_replicas(1)
    await one.publish([changed("anna@example.com", "B-0", 1)])
    await one.settled(1)
    one.emulator.add_fault("item_error", operation="CreateItem", code="ErrorNobodyHasHeardOf")
    started = datetime.now(UTC)
    await one.publish([changed("anna@example.com", "B-1", 1)])
    await eventually_async(lambda: one.outcomes()["parked"] == 1, 55, what="parked at the end of the ladder")
    (headers,) = one.parked()
    assert headers["x-reason"] == Reason.UNKNOWN_ERROR
    assert headers["x-attempts"] == 2
    assert (datetime.fromisoformat(headers["x-first-failure"]) - started).total_seconds() > -1
    assert "NobodyHasHeardOf" in headers["x-error"]
