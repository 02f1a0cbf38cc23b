"""From the confirmed publish to the calendar, and what it costs Exchange."""

import pytest

from contract.event import Event
from tests.integration.conftest import StartSystem
from tests.integration.system import System, cancelled, changed

ANNA, BEN = "anna@example.com", "ben@example.com"


async def _requests_for(system: System, *events: Event, settled: int) -> int:
    """EWS requests that these events cost, published and settled."""
    before = system.emulator.requests()
    await system.publish(events)
    await system.settled(settled)
    return system.emulator.requests() - before


async def test_create_edit_and_cancel_cost_one_one_and_two_requests(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    first_contact = await _requests_for(one, changed(ANNA, "B-0", 1), settled=1)
    assert first_contact <= 1 + 3
    assert await _requests_for(one, changed(ANNA, "B-1", 2), settled=2) == 1
    assert await _requests_for(one, changed(ANNA, "B-1", 3, title="edited"), settled=3) == 1
    assert await _requests_for(one, cancelled(ANNA, "B-0", 4), settled=4) <= 2 + 1, "the ledger folder is made once"
    assert await _requests_for(one, cancelled(ANNA, "B-1", 5), settled=5) == 2
    assert await _requests_for(one, changed(ANNA, "B-1", 6), settled=6) == 1, "a revival is a new item"
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["Mix B-1"]


async def test_a_backfill_of_a_hundred_into_a_new_mailbox_costs_at_most_six_requests(system: StartSystem) -> None:
    one = system([ANNA, BEN])
    events = [changed(BEN, f"B-{number}", 1) for number in range(100)]
    # All are there before the replica is, as after an import, and arrive while a server of usual pace is asked first.
    one.emulator.add_fault("latency", ms=200)
    await one.publish(events)
    await one.start_replicas(1)
    await one.settled(100)
    counters = one.emulator.counters()
    assert sum(counters["by_mailbox"][BEN].values()) <= 6
    assert len(one.calendars([BEN])[BEN]) == 100


async def test_a_replay_of_what_stands_writes_nothing(system: StartSystem) -> None:
    one = system([ANNA])
    events: list[Event] = [*(changed(ANNA, f"B-{number}", 1) for number in range(20)), cancelled(ANNA, "B-3", 2)]
    await one.start_replicas(1)
    await one.publish(events)
    await one.settled(21)
    one.emulator.reset_counters()
    await one.publish(events)
    outcomes = await one.settled(42)
    assert outcomes["unchanged"] + outcomes["stale"] >= 20
    assert one.emulator.counters()["requests"] == {}


async def test_rooms_get_their_bookings_like_people(system: StartSystem) -> None:
    one = system([{"address": "suite4@example.com", "name": "Suite 4", "kind": "room"}])
    await one.start_replicas(1)
    await one.publish([changed("suite4@example.com", "B-1", 1, title="Feature X / Grading")])
    await one.settled(1)
    (item,) = one.calendars(["suite4@example.com"])["suite4@example.com"]
    assert (item.title, item.show_as, item.reminder) == ("Feature X / Grading", "Busy", False)


async def test_who_is_not_enrolled_is_never_asked_for(system: StartSystem) -> None:
    one = system([ANNA, "ceo@example.com", "guest@elsewhere.com"])
    await one.start_replicas(1)
    await one.publish([changed("CEO@example.com", "B-1", 1), changed("guest@elsewhere.com", "B-2", 1)])
    outcomes = await one.settled(2)
    assert outcomes == {"not_enrolled": 2}
    assert one.emulator.counters()["by_mailbox"] == {}


@pytest.mark.parametrize("auth", ["ntlm", "basic"])
async def test_the_service_account_logs_in(system: StartSystem, auth: str) -> None:
    one = system([ANNA], CALLSHEET_EWS_AUTH=auth)
    await one.start_replicas(1)
    await one.publish([changed(ANNA, f"B-{number}", 1) for number in range(3)])
    await one.settled(3)
    handshakes = one.emulator.counters()["auth"]["ntlm_handshakes"]
    assert handshakes == 0 if auth == "basic" else handshakes >= 1
    assert len(one.calendars([ANNA])[ANNA]) == 3


async def test_what_is_remembered_stays_below_its_limit(system: StartSystem) -> None:
    """The mailboxes used last are known, and cost one request; the others are loaded again."""
    limit, mailboxes = 64 * 1024, [f"user-{number}@example.com" for number in range(24)]
    one = system(mailboxes, CALLSHEET_MEMORY_LIMIT="64KiB")
    await one.start_replicas(1)
    (replica,) = one.replicas
    settled = 0
    for mailbox in mailboxes:
        await one.publish([changed(mailbox, f"B-{number}", 1) for number in range(20)])
        await one.settled(settled := settled + 20)
    known = int(replica.sample("callsheet_memory_mailboxes"))
    assert 1 < known < len(mailboxes)
    assert 0 < replica.sample("callsheet_memory_bytes") <= limit
    hits, misses = (replica.sample("callsheet_mailbox_recalls_total", result=result) for result in ("hit", "miss"))
    last = mailboxes[-known + 1 :]
    assert await _requests_for(one, *(changed(to, "B-1", 2) for to in last), settled=settled + len(last)) == len(last)
    assert await _requests_for(one, changed(mailboxes[0], "B-1", 2), settled=settled + len(last) + 1) == 3
    assert replica.sample("callsheet_mailbox_recalls_total", result="hit") == hits + len(last)
    assert replica.sample("callsheet_mailbox_recalls_total", result="miss") == misses + 1
