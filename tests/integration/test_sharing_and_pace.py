"""Replicas share evenly and never work on one mailbox together; how much they ask of Exchange follows what it takes."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count, pairwise
from typing import Any

import pytest

from contract.event import ChangedEvent
from contract.partition import partition_of
from tests.integration.conftest import StartSystem
from tests.integration.system import System, changed
from tests.support import eventually_async

PARTITIONS = 16
DEADLINE_SECONDS = 10.0


def mailboxes_of_every_partition(each: int) -> list[str]:
    """So many mailboxes on each partition."""
    found: dict[int, list[str]] = defaultdict(list)
    for number in count():
        mailbox = f"user-{number}@example.com"
        found[partition_of(mailbox)].append(mailbox)
        if len(found) == PARTITIONS and min(map(len, found.values())) >= each:
            return sorted(mailbox for some in found.values() for mailbox in some[:each])
    raise AssertionError


async def join(one: System) -> None:
    """Start one more replica, with an account of its own, by which the emulator's journal tells them apart."""
    replica = one.start_replica(CALLSHEET_EWS_USER=f"replica-{len(one.replicas) + 1}")
    await eventually_async(replica.ready, 30, what="ready")


async def shared_evenly(one: System, since: float) -> dict[int, str]:
    """Wait until each replica holds its share, as it says itself and as the broker sees it; who has which partition."""

    def is_even() -> bool:
        held = one.partitions()
        smallest, more = divmod(PARTITIONS, len(held))
        shares = sorted([smallest] * (len(held) - more) + [smallest + 1] * more)
        if sorted(held) != shares:
            return False
        active = list(one.consumers().values())
        return sorted(active.count(name) for name in set(active)) == shares

    left = since + DEADLINE_SECONDS - time.monotonic()
    await eventually_async(is_even, left, what=f"even: {one.partitions()}, {one.consumers()}")
    print(f"even after {time.monotonic() - since:.1f} s: {one.partitions()}")
    return one.consumers()


def moved(before: dict[int, str], after: dict[int, str]) -> set[int]:
    return {partition for partition in before if before[partition] != after[partition]}


@asynccontextmanager
async def steady_changes(one: System, mailboxes: Sequence[str]) -> AsyncIterator[None]:
    """Change a booking in every mailbox again and again."""

    async def publish() -> None:
        for revision in count(1):
            await one.publish([changed(mailbox, "B-1", revision) for mailbox in mailboxes])

    publishing = asyncio.create_task(publish())
    try:
        yield
    finally:
        publishing.cancel()
        await asyncio.wait([publishing])


def requests_by_mailbox(one: System) -> dict[str, list[dict[str, Any]]]:
    entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in sorted(one.emulator.journal(), key=lambda entry: entry["began"]):
        if entry["mailbox"]:
            entries[entry["mailbox"]].append(entry)
    return entries


def check_that_nobody_overlapped(one: System) -> int:
    """No two replicas in a mailbox at once; how many mailboxes changed hands."""
    changed_hands = 0
    for mailbox, requests in requests_by_mailbox(one).items():
        for earlier, later in pairwise(requests):
            same = earlier["account"] == later["account"]
            assert same or earlier["ended"] <= later["began"], (mailbox, earlier, later)
        changed_hands += len({entry["account"] for entry in requests}) > 1
    return changed_hands


@pytest.mark.timeout(120)
async def test_partitions_are_shared_evenly_and_change_hands_one_at_a_time(system: StartSystem) -> None:
    mailboxes = mailboxes_of_every_partition(2)
    one = system(mailboxes, more_accounts=[f"replica-{number}" for number in range(1, 5)])
    one.emulator.add_fault("latency", ms=100)
    await join(one)
    owners = await shared_evenly(one, time.monotonic())
    async with steady_changes(one, mailboxes):
        for size in (2, 3, 4):
            await join(one)
            before, owners = owners, await shared_evenly(one, time.monotonic())
            newcomer = f"replica-{size}"
            assert {owners[partition] for partition in moved(before, owners)} == {newcomer}
            assert len(moved(before, owners)) == PARTITIONS // size, "no more than it needs"
        half = PARTITIONS // 2
        await eventually_async(lambda: check_that_nobody_overlapped(one) >= half, what="mailboxes change hands")

        one.replicas[1].child.kill()
        before, owners = owners, await shared_evenly(one, time.monotonic())
        assert {before[partition] for partition in moved(before, owners)} == {"replica-2"}

        one.emulator.reset_journal()
        worked_on = {mailbox for mailbox in mailboxes if owners[partition_of(mailbox)] == "replica-1"}
        await eventually_async(lambda: worked_on <= set(requests_by_mailbox(one)), what="the leaver is at work")
        stopped_at = time.monotonic()
        assert await asyncio.to_thread(one.replicas[0].child.stop) == 0
        before, owners = owners, await shared_evenly(one, stopped_at)
        assert {before[partition] for partition in moved(before, owners)} == {"replica-1"}
        left = len(worked_on)
        await eventually_async(lambda: check_that_nobody_overlapped(one) == left, what="others go on with them")
    await eventually_async(lambda: one.waiting() == 0, 20, what="queues empty")
    assert one.emulator.counters()["items"]["CreateItem"] == len(mailboxes), "nothing was written twice"


def bookings(mailbox: str, number: int, revision: int) -> list[ChangedEvent]:
    return [changed(mailbox, f"B-{booking}", revision) for booking in range(number)]


async def test_requests_shrink_under_pressure_and_grow_again(system: StartSystem) -> None:
    busy, *others = [f"user-{number}@example.com" for number in range(7)]
    one = system([busy, *others], CALLSHEET_EWS_TIMEOUT="2s", CALLSHEET_EWS_BATCH="20")
    await one.start_replicas(1)
    (replica,) = one.replicas

    def limits() -> tuple[float, float]:
        return replica.sample("callsheet_ews_batch_limit"), replica.sample("callsheet_ews_concurrency_limit")

    assert limits() == (20, 8)
    one.emulator.add_fault("server_busy", mailbox=busy, back_off_ms=50, count=5)
    await one.publish([changed(busy, "B-1", 1)])
    await one.settled(1)
    assert one.emulator.counters()["faults"] == {"server_busy": 5}
    assert limits() == (20, 8), "one busy mailbox is its own matter"

    # Twenty items take 2.4 seconds, and a request has two.
    one.emulator.add_fault("latency", ms=0, per_item_ms=120, operation="CreateItem")
    await one.publish(event for mailbox in others for event in bookings(mailbox, 40, 1))
    await eventually_async(lambda: limits()[0] <= 10 and limits()[1] <= 4, 15, what="less is asked")
    one.emulator.clear_faults()
    await one.settled(1 + 40 * len(others))
    assert one.emulator.counters()["items"]["CreateItem"] == 1 + 40 * len(others), "nothing lost, nothing twice"

    one.emulator.add_fault("latency", ms=50)
    for revision in count(2):
        if limits() == (20, 8):
            break
        await one.publish(event for mailbox in others for event in bookings(mailbox, 40, revision))
        await one.settled(one.outcomes().total() + 1)

    one.emulator.add_fault("server_busy", mailbox="user-[1-4]@*", back_off_ms=100, count=8)
    await one.publish(changed(mailbox, "B-1", 1_000) for mailbox in others)
    await eventually_async(lambda: limits()[1] < 8, 10, what="several are throttled")
    assert limits()[0] == 20, "requests of one item were not too large"
    await eventually_async(lambda: one.waiting() == 0, 20, what="all are written nevertheless")
