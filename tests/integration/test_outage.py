"""Exchange as a whole is away: nothing is lost, nothing is parked, no attempt is counted, no account is locked."""

import pytest

from tests.integration.conftest import StartSystem
from tests.integration.system import System, changed
from tests.support import eventually_async

MAILBOXES = [f"p{number:02d}@example.com" for number in range(40)]


async def _everything_applied(system: System, events: int) -> None:
    outcomes = await system.settled(events, 60)
    assert outcomes.keys() <= {"applied", "superseded", "unchanged"}, outcomes
    assert system.parked() == []
    found = system.calendars(MAILBOXES)
    assert sum(len(items) for items in found.values()) == events


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("kind", "fields"),
    [("refuse", {}), ("http_status", {"status": 503}), ("soap_fault", {"code": "ErrorServerBusy"}), ("drop", {})],
    ids=["refused", "503", "busy", "dropped"],
)
async def test_an_outage_costs_no_attempts_and_parks_nothing(
    system: StartSystem, kind: str, fields: dict[str, object]
) -> None:
    one = system(MAILBOXES, CALLSHEET_RETRY_DELAYS="1s,2s,3s,4s")
    await one.start_replicas(2)
    await one.publish([changed(mailbox, "B-0", 1) for mailbox in MAILBOXES])
    await one.settled(len(MAILBOXES))
    fault = one.emulator.add_fault(kind, **fields)
    await one.publish([changed(mailbox, f"B-{n}", 1) for mailbox in MAILBOXES for n in range(1, 51)])

    def breakers() -> set[float]:
        return {replica.sample("callsheet_breaker_state") for replica in one.replicas}

    await eventually_async(lambda: breakers() == {1.0}, 30, what="both breakers open")
    assert [replica.get("/readyz")[0] for replica in one.replicas] == [503, 503]
    # Where the outcome was unknown a promise to look again waits there, too.
    await eventually_async(lambda: one.waiting() >= len(MAILBOXES) * 50, 10, what="all wait in the broker")
    before = one.emulator.counters()["items"].get("CreateItem", 0)
    one.emulator.remove_fault(fault)
    await eventually_async(
        lambda: one.emulator.counters()["items"].get("CreateItem", 0) > before, 5, what="the first write within 5 s"
    )
    await _everything_applied(one, len(MAILBOXES) * 51)
    assert one.outcomes()["retried"] == 0
    await eventually_async(lambda: breakers() == {0.0}, 10, what="both breakers closed")


@pytest.mark.timeout(120)
async def test_a_wrong_password_is_tried_rarely_and_mended_by_the_file(system: StartSystem) -> None:
    one = system(MAILBOXES)
    password = one.folder / "ews-password"
    password.write_text("wrong\n")
    del one.settings["CALLSHEET_EWS_PASSWORD"]
    one.settings["CALLSHEET_EWS_PASSWORD_FILE"] = str(password)
    await one.publish([changed(mailbox, f"B-{n}", 1) for mailbox in MAILBOXES for n in range(50)])
    replica = one.start_replica()
    await eventually_async(lambda: "HTTP401" in replica.get("/readyz")[1], 20, what="the refused log-in is said")
    await eventually_async(lambda: replica.sample("callsheet_partitions_active") == 0, 5)
    assert one.emulator.counters()["auth"]["refused"] == 1, "one attempt, and then a minute's pause"
    await eventually_async(lambda: one.waiting() == len(MAILBOXES) * 50, 10, what="all wait in the broker")
    password.write_text(one.emulator.password)
    await _everything_applied(one, len(MAILBOXES) * 50)
    assert one.emulator.counters()["auth"]["refused"] == 1


@pytest.mark.timeout(90)
async def test_the_password_changes_while_it_runs(system: StartSystem) -> None:
    one = system(MAILBOXES, CALLSHEET_EWS_CONCURRENCY="4")
    await one.start_replicas(1)
    await one.publish([changed(MAILBOXES[0], "B-0", 1)])
    await one.settled(1)
    one.emulator.add_fault("http_status", status=401)
    await one.publish([changed(mailbox, f"B-{n}", 1) for mailbox in MAILBOXES for n in range(1, 3)])
    await eventually_async(lambda: one.replicas[0].sample("callsheet_breaker_state") == 1, 20)
    # Those that were under way, and the probe that confirmed it; nothing after that.
    refused = one.replicas[0].sample("callsheet_ews_requests_total", result="HTTP401")
    assert 2 <= refused <= 5
    await eventually_async(lambda: one.waiting() == len(MAILBOXES) * 2, 10, what="all wait in the broker")
    assert one.parked() == []


async def test_one_mailbox_never_opens_the_breaker(system: StartSystem) -> None:
    one = system(MAILBOXES, CALLSHEET_RETRY_DELAYS="1s,1s,1s,1s")
    await one.start_replicas(1)
    bad, good = MAILBOXES[:2]
    await one.publish([changed(good, "B-0", 1)])
    await one.settled(1)
    one.emulator.add_fault("soap_fault", code="ErrorMailboxStoreUnavailable", mailbox=bad)
    await one.publish([changed(bad, "B-1", 1), changed(bad, "B-2", 1), changed(good, "B-3", 1)])
    await eventually_async(lambda: one.outcomes()["applied"] == 2, 10)
    await eventually_async(
        lambda: one.replicas[0].sample("callsheet_ews_requests_total", result="MailboxStoreUnavailable") >= 3, 20
    )
    assert one.replicas[0].sample("callsheet_breaker_state") == 0
    one.emulator.clear_faults()
    await one.drained(40)
    assert len(one.calendars([bad])[bad]) == 2
    assert one.parked() == []
