"""`purge` takes away what is ours, by its marks alone, and nothing else."""

from datetime import datetime, timedelta

import pytest

from contract.event import ChangedEvent
from tests.consumer.calendars.owner import Owner
from tests.integration.conftest import StartSystem
from tests.integration.system import SOURCE, cancelled, changed
from tests.operator import call, call_each

ANNA, BERIT, CEO = "anna@example.com", "berit@example.com", "ceo@example.com"
OWN = (
    "<t:Subject>My own</t:Subject><t:Start>2026-12-01T08:00:00Z</t:Start><t:End>2026-12-01T09:00:00Z</t:End>"
    "<t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:Location>Home</t:Location>"
)


def _of_source(event: ChangedEvent, source: str) -> ChangedEvent:
    return event.model_copy(update={"source": source})


def _on_day(booking: str, day: int) -> ChangedEvent:
    start = changed(ANNA, booking, 1).data.start
    assert isinstance(start, datetime)
    start += timedelta(days=day)
    return changed(ANNA, booking, 1, start=start, end=start + timedelta(hours=1))


async def test_more_items_than_a_page_go_and_what_is_the_users_stays(system: StartSystem) -> None:
    one = system([ANNA, BERIT])
    owner, other = Owner(one.emulator, ANNA), Owner(one.emulator, BERIT)
    owner.create(OWN)
    await one.start_replicas(1)
    events = [_on_day(f"B-{number}", number % 120 - 5) for number in range(300)]
    await one.publish([*events, cancelled(ANNA, "B-0", 2), changed(BERIT, "B-1", 1)])
    await one.settled(302, 60)
    thrown_away = owner.calendar()[3]
    owner.delete(thrown_away)

    planned = call(one, "purge", ANNA, "--plan", "--ledger", "--json").json()["mailboxes"]
    assert planned[0]["would_be_removed"] == {"items": 299, "ledger_entries": 1}
    assert len(one.calendars([ANNA])[ANNA]) == 299

    called = call(one, "purge", ANNA, "--yes", "--json")
    assert called.code == 0, called.err
    assert called.json()["mailboxes"][0]["removed"] == {"items": 299, "ledger_entries": 0}
    assert f"{ANNA} is still enrolled" in called.err
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["My own"]
    assert len(owner.ledger()) == 1
    assert len(other.calendar()) == 1

    assert call(one, "purge", ANNA, "--yes", "--ledger").code == 0
    assert owner.folder("Callsheet") is None
    again = call(one, "purge", ANNA, "--yes", "--ledger", "--json").json()["mailboxes"][0]
    assert (again["removed"], again["error"]) == ({"items": 0, "ledger_entries": 0}, None)


async def test_one_source_goes_and_the_others_stay_copies_without_marks_too(system: StartSystem) -> None:
    one = system([ANNA])
    owner = Owner(one.emulator, ANNA)
    await one.start_replicas(1)
    await one.publish(
        [
            changed(ANNA, "B-1", 1, title="Mine"),
            _of_source(changed(ANNA, "B-1", 1, title="Another's"), "other://source"),
            cancelled(ANNA, "B-2", 1),
        ]
    )
    await one.settled(3)
    (mine,) = [item for item in owner.calendar() if item["Subject"] == "Mine"]
    owner.create(OWN.replace("My own", mine["Subject"]))
    called = call(one, "purge", ANNA, "--yes", "--source", SOURCE, "--ledger", "--json")
    assert called.json()["mailboxes"][0]["removed"] == {"items": 1, "ledger_entries": 1}
    assert sorted(item["Subject"] for item in owner.calendar()) == ["Another's", "Mine"]
    assert all(item.marks == {} for item in owner.calendar() if item["Subject"] == "Mine")
    assert owner.folder("Callsheet") is not None


async def test_denied_means_the_addresses_in_the_enrolment_and_names_the_patterns(system: StartSystem) -> None:
    one = system([ANNA, CEO])
    await one.start_replicas(1)
    await one.publish([changed(ANNA, "B-1", 1)])
    await one.settled(1)
    (one.folder / "enrolment.toml").write_text(
        f'[enrolment]\nmailboxes = ["*@example.com"]\ndeny = ["{CEO}", "{ANNA}", "*@board.example.com"]\n'
    )
    called = call(one, "purge", "--denied", "--yes", "--json")
    assert called.code == 0, called.err
    assert [(box["mailbox"], box["removed"]["items"]) for box in called.json()["mailboxes"]] == [(CEO, 0), (ANNA, 1)]
    assert "*@board.example.com is a pattern" in called.err
    assert "still enrolled" not in called.err
    assert one.calendars([ANNA])[ANNA] == []


async def test_nothing_goes_where_nobody_can_be_asked(system: StartSystem) -> None:
    one = system([ANNA])
    before = one.emulator.requests()
    refused, nobody, pattern = call_each(one, ["purge", ANNA], ["purge", "--yes"], ["purge", "*@example.com", "--yes"])
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert (nobody.code, pattern.code) == (2, 2)
    assert call(one, "purge", "--denied", "--yes", CALLSHEET_ENROLMENT_FILE="").code == 2
    assert one.emulator.requests() == before


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "server_busy", "operation": "DeleteItem", "back_off_ms": 200, "count": 1},
        {"kind": "commit_then_drop", "operation": "DeleteItem", "count": 1},
        {
            "kind": "item_error",
            "operation": "DeleteItem",
            "code": "ErrorMailboxStoreUnavailable",
            "index": 3,
            "count": 1,
        },
    ],
    ids=lambda fault: fault["kind"],
)
async def test_a_purge_gets_through_passing_faults(system: StartSystem, fault: dict[str, object]) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    await one.publish([changed(ANNA, f"B-{number}", 1) for number in range(20)])
    await one.settled(20)
    kind = str(fault["kind"])
    one.emulator.add_fault(kind, **{name: value for name, value in fault.items() if name != "kind"})
    called = call(one, "purge", ANNA, "--yes", "--json")
    assert called.code == 0, called.err
    assert one.emulator.counters()["faults"] == {kind: 1}
    assert one.calendars([ANNA])[ANNA] == []


async def test_one_mailbox_that_refuses_keeps_nobody_else(system: StartSystem) -> None:
    one = system([ANNA, BERIT])
    await one.start_replicas(1)
    await one.publish([changed(ANNA, "B-1", 1), changed(BERIT, "B-1", 1)])
    await one.settled(2)
    called = call(one, "purge", "nobody@example.com", ANNA, BERIT, "--yes", "--json")
    assert called.code == 1
    nobody, *others = called.json()["mailboxes"]
    assert nobody["error"]
    assert [(box["removed"]["items"], box["error"]) for box in others] == [(1, None), (1, None)]


async def test_a_wrong_password_is_tried_once(system: StartSystem) -> None:
    one = system([ANNA, BERIT])
    one.emulator.reset_counters()
    called = call(one, "purge", ANNA, BERIT, "--yes", CALLSHEET_EWS_PASSWORD="Not-the-one-9")
    assert (called.code, "HTTP401" in called.err) == (1, True)
    assert "Not-the-one-9" not in called.err + called.out
    assert one.emulator.counters()["auth"]["refused"] == 1
