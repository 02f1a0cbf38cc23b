"""Everything that can go wrong between us and Exchange: which error it becomes, and what is to be done about it."""

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.gateway import EwsGateway
from consumer.calendars.port import Result
from consumer.core.actions import Action, CreateItem, DeleteItem, UpdateItem
from consumer.core.mailbox import ItemRef, MailboxState
from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import EWS_PASSWORD
from tests.consumer.calendars.conftest import OpenGateway
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import SINCE, appointment, cancelled, change, errors, only_item, recorded
from tests.support import eventually, eventually_async


def creates(count: int) -> list[Action]:
    return [CreateItem(change(1, appointment(f"Shot {number}"), f"B-{number}")) for number in range(count)]


async def failure(awaitable: Awaitable[object]) -> CalendarError:
    with pytest.raises(CalendarError) as caught:
        await awaitable
    assert EWS_PASSWORD not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    return caught.value


def failed(results: Sequence[Result]) -> CalendarError:
    """The one error that every result is."""
    (error,) = {id(result): result for result in results}.values()
    assert isinstance(error, CalendarError)
    assert EWS_PASSWORD not in f"{error} {error!r} {error.__cause__!r}"
    return error


WHOLE_REQUEST: list[tuple[str, dict[str, Any], str, Remedy, float | None]] = [
    ("server_busy", {"back_off_ms": 1500, "policy_first": True}, "ServerBusy", Remedy.RETRY_SOON, 1.5),
    ("server_busy", {"back_off_ms": 250, "policy_first": False}, "ServerBusy", Remedy.RETRY_SOON, 0.25),
    ("server_busy", {"back_off_ms": None, "policy_first": True}, "ServerBusy", Remedy.RETRY_SOON, None),
    ("http_status", {"status": 429, "retry_after": 3}, "HTTP429", Remedy.RETRY_SOON, 3.0),
    ("http_status", {"status": 503, "retry_after": 7}, "HTTP503", Remedy.RETRY_SOON, 7.0),
    ("http_status", {"status": 503}, "HTTP503", Remedy.RETRY_SOON, None),
    ("http_status", {"status": 502}, "HTTP502", Remedy.LOOK_FIRST, None),
    ("http_status", {"status": 504}, "HTTP504", Remedy.LOOK_FIRST, None),
    ("http_status", {"status": 401}, "HTTP401", Remedy.OUTAGE, None),
    ("http_status", {"status": 403}, "HTTP403", Remedy.MAILBOX, None),
    ("http_status", {"status": 418}, "HTTP418", Remedy.UNKNOWN, None),
    (
        "soap_fault",
        {"code": "ErrorInternalServerTransientError"},
        "InternalServerTransientError",
        Remedy.RETRY_SOON,
        None,
    ),
    ("soap_fault", {"code": "ErrorImpersonationFailed"}, "ImpersonationFailed", Remedy.OUTAGE, None),
    ("soap_fault", {"code": "ErrorImpersonateUserDenied"}, "ImpersonateUserDenied", Remedy.MAILBOX, None),
    ("soap_fault", {"code": "ErrorPasswordExpired"}, "PasswordExpired", Remedy.OUTAGE, None),
    ("soap_fault", {"code": "ErrorNeverHeardOf"}, "NeverHeardOf", Remedy.UNKNOWN, None),
    ("item_error", {"code": "ErrorMailboxStoreUnavailable"}, "MailboxStoreUnavailable", Remedy.RETRY_SOON, None),
    ("drop", {}, "NoAnswer", Remedy.LOOK_FIRST, None),
    ("truncate", {}, "BadAnswer", Remedy.LOOK_FIRST, None),
]
NAMES = ["-".join(map(str, (kind, *fields.values()))) for kind, fields, *_ in WHOLE_REQUEST]


@pytest.mark.parametrize(("kind", "fields", "code", "remedy", "retry_after"), WHOLE_REQUEST, ids=NAMES)
async def test_reading_fails(
    calendars: EwsGateway,
    emulator: RunningEmulator,
    mailbox: str,
    kind: str,
    fields: dict[str, Any],
    code: str,
    remedy: Remedy,
    retry_after: float | None,
) -> None:
    emulator.add_fault(kind, operation="FindItem", **fields)
    error = await failure(calendars.load(mailbox, SINCE, None))
    assert (error.code, error.remedy, error.retry_after_seconds) == (code, remedy, retry_after)
    assert "\n" not in str(error)
    emulator.clear_faults()
    assert await calendars.load(mailbox, SINCE, None) == MailboxState(), "and the connection can be used again"


@pytest.mark.parametrize(("kind", "fields", "code", "remedy", "retry_after"), WHOLE_REQUEST, ids=NAMES)
async def test_writing_fails(
    calendars: EwsGateway,
    emulator: RunningEmulator,
    mailbox: str,
    kind: str,
    fields: dict[str, Any],
    code: str,
    remedy: Remedy,
    retry_after: float | None,
) -> None:
    emulator.add_fault(kind, operation="CreateItem", **fields)
    state = MailboxState()
    emulator.reset_counters()
    if code == "InternalServerTransientError":
        # Of the whole request: some of it may have been done before it failed.
        remedy = Remedy.LOOK_FIRST
    results = await calendars.write(mailbox, state, creates(3))
    if kind == "item_error":
        assert errors(results) == [code, "BatchProcessingStopped", "BatchProcessingStopped"]
        assert isinstance(results[0], CalendarError)
        error = results[0]
    else:
        error = failed(results)
    assert (error.code, error.remedy, error.retry_after_seconds) == (code, remedy, retry_after)
    assert state == MailboxState()
    emulator.clear_faults()
    # What was written although we have no answer is seen by the next look; nothing was sent twice.
    found = await calendars.load(mailbox, SINCE, None)
    assert len(found.items) == (3 if kind == "truncate" else 0)
    if code != "HTTP401":
        assert emulator.counters()["requests"]["CreateItem"] == 1


async def test_applied_but_the_answer_is_lost(calendars: EwsGateway, emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("commit_then_drop", operation="CreateItem", count=1)
    error = failed(await calendars.write(mailbox, MailboxState(), creates(3)))
    assert (error.code, error.remedy) == ("NoAnswer", Remedy.LOOK_FIRST)
    assert len((await calendars.load(mailbox, SINCE, None)).items) == 3
    assert emulator.counters()["items"] == {"CreateItem": 3}, "sent once"


async def test_a_batch_that_breaks_off(calendars: EwsGateway, emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("partial_commit", operation="CreateItem", items=2, count=1)
    error = failed(await calendars.write(mailbox, MailboxState(), creates(5)))
    assert (error.code, error.remedy) == ("NoAnswer", Remedy.LOOK_FIRST)
    assert len((await calendars.load(mailbox, SINCE, None)).items) == 2


async def test_applied_after_the_deadline(
    open_gateway: OpenGateway, calendars: EwsGateway, emulator: RunningEmulator, mailbox: str, owner: Owner
) -> None:
    hasty = open_gateway(timeout_seconds=0.3)
    await calendars.load(mailbox, SINCE, None)
    emulator.add_fault("commit_late", operation="CreateItem", ms=900, count=1)
    error = failed(await hasty.write(mailbox, MailboxState(), creates(1)))
    assert (error.code, error.remedy) == ("Deadline", Remedy.LOOK_FIRST)
    assert owner.calendar() == [], "not yet: whoever looks at once is deceived"
    await asyncio.to_thread(eventually, lambda: len(owner.calendar()) == 1)


async def test_no_answer_at_all(
    open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str, owner: Owner
) -> None:
    hasty = open_gateway(timeout_seconds=0.3, concurrency=2)
    emulator.add_fault("hang", operation="CreateItem")
    for _ in range(3):
        results = await asyncio.gather(*(hasty.write(mailbox, MailboxState(), creates(1)) for _ in range(2)))
        for one in results:
            error = failed(one)
            assert (error.code, error.remedy) == ("Deadline", Remedy.LOOK_FIRST)
    emulator.clear_faults()
    assert owner.calendar() == []
    assert errors(await hasty.write(mailbox, MailboxState(), creates(1))) == [""], "all workers are still there"


async def test_a_request_that_is_cancelled(open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str) -> None:
    alone = open_gateway(concurrency=1)
    emulator.add_fault("hang", operation="FindFolder")
    waiting = asyncio.create_task(alone.load(mailbox, SINCE, None))
    await eventually_async(lambda: emulator.counters()["requests"].get("FindFolder") == 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    emulator.clear_faults()
    assert await alone.load(mailbox, SINCE, None) == MailboxState(), "another worker has taken its place"


async def test_the_server_is_away(calendars: EwsGateway, emulator: RunningEmulator, mailbox: str) -> None:
    assert await calendars.load(mailbox, SINCE, None) == MailboxState()
    emulator.add_fault("refuse")
    first = failed(await calendars.write(mailbox, MailboxState(), creates(1)))
    # On the connection that was open the request may have gone out before it was cut.
    assert (first.code, first.remedy) in [
        ("ConnectionRefused", Remedy.OUTAGE),
        ("NoAnswer", Remedy.LOOK_FIRST),
    ]
    second = failed(await calendars.write(mailbox, MailboxState(), creates(1)))
    assert (second.code, second.remedy) == ("ConnectionRefused", Remedy.OUTAGE)
    assert str(second) == "ConnectionRefused: the server does not accept connections"
    emulator.clear_faults()
    assert await calendars.load(mailbox, SINCE, None) == MailboxState()


async def test_a_name_that_nobody_knows(open_gateway: OpenGateway, mailbox: str) -> None:
    lost = open_gateway(url="http://exchange.invalid/EWS/Exchange.asmx")
    error = await failure(lost.load(mailbox, SINCE, None))
    assert (error.code, error.remedy) == ("NameResolution", Remedy.OUTAGE)


@pytest.mark.parametrize(
    ("address", "code", "remedy"),
    [
        ("nobody@example.com", "NonExistentMailbox", Remedy.MAILBOX),
        ("locked@other.example", "ImpersonateUserDenied", Remedy.MAILBOX),
        ("a.andersson@example.com", "NonPrimarySmtpAddress", Remedy.REJECTED),
    ],
)
async def test_mailboxes_that_we_may_not_write_to(
    calendars: EwsGateway, address: str, code: str, remedy: Remedy
) -> None:
    error = await failure(calendars.load(address, SINCE, None))
    assert (error.code, error.remedy) == (code, remedy)
    assert failed(await calendars.write(address, MailboxState(), creates(1))).code == code


async def test_a_full_mailbox(calendars: EwsGateway, emulator: RunningEmulator) -> None:
    error = failed((await calendars.write("full@example.com", MailboxState(), creates(9)))[-2:-1])
    assert error.code in ("QuotaExceeded", "BatchProcessingStopped")
    results = await calendars.write("full@example.com", MailboxState(), creates(1))
    assert errors(results) == ["QuotaExceeded"]
    assert failed(results).remedy is Remedy.MAILBOX
    for item in Owner(emulator, "full@example.com").calendar():
        state = await calendars.load("full@example.com", SINCE, None)
        found = next(one for one in state.items.values() if one[0].ref.item_id == item.item_id)
        assert errors(await calendars.write("full@example.com", state, [DeleteItem(found[0])])) == [""]


async def test_one_item_of_a_batch_fails(calendars: EwsGateway, emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorItemSave", index=1, count=1)
    results = await calendars.write(mailbox, MailboxState(), creates(4))
    assert errors(results) == ["", "ItemSave", "", ""]
    assert results[1].remedy is Remedy.REJECTED_AGAIN if isinstance(results[1], CalendarError) else False
    found = await calendars.load(mailbox, SINCE, None)
    titles = {item.ref for items in found.items.values() for item in items}
    assert titles == {result for result in results if isinstance(result, ItemRef)}


async def test_the_batch_stops(calendars: EwsGateway, emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorMailboxMoveInProgress", index=2, count=1)
    results = await calendars.write(mailbox, MailboxState(), creates(5))
    assert errors(results) == ["", "", "MailboxMoveInProgress", "BatchProcessingStopped", "BatchProcessingStopped"]
    remedies = [result.remedy for result in results if isinstance(result, CalendarError)]
    assert remedies == [Remedy.RETRY_SOON, Remedy.SEND_AGAIN, Remedy.SEND_AGAIN]
    assert len((await calendars.load(mailbox, SINCE, None)).items) == 2


async def test_content_that_is_refused_is_found_alone(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    """Exchange refuses the whole request for one value that its schema does not allow."""
    actions = creates(4)
    broken = change(1, appointment("Shot 9", show_as="busy", hours=24 * 365 * 6), "B-9")
    actions.insert(2, CreateItem(broken))
    emulator.add_fault("soap_fault", operation="CreateItem", code="ErrorSchemaValidation", count=1)
    results = await calendars.write(mailbox, MailboxState(), actions)
    assert errors(results) == ["", "", "CalendarDurationIsTooLong", "", ""]
    assert isinstance(results[2], CalendarError)
    assert results[2].remedy is Remedy.REJECTED
    assert len((await calendars.load(mailbox, SINCE, None)).items) == 4
    assert emulator.counters()["requests"]["CreateItem"] == 6


async def test_the_ledger_cannot_be_made(calendars: EwsGateway, emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("soap_fault", operation="CreateFolder", code="ErrorAccessDenied")
    state = MailboxState()
    error = failed(await calendars.write(mailbox, state, [cancelled(1), cancelled(1, "B-2")]))
    assert (error.code, error.remedy) == ("AccessDenied", Remedy.MAILBOX)
    assert state.ledger_folder is None


async def test_the_making_of_the_ledger_has_no_answer(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    emulator.add_fault("commit_then_drop", operation="CreateFolder", count=1)
    state = MailboxState()
    error = failed(await calendars.write(mailbox, state, [cancelled(1)]))
    assert (error.code, state.ledger_folder) == ("NoAnswer", None)
    recorded(state, [cancelled(1)], await calendars.write(mailbox, state, [cancelled(1)]))
    assert await calendars.load(mailbox, SINCE, None) == state, "there is one folder, and it is found again"


async def test_a_folder_that_changes_while_it_is_read(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str, owner: Owner
) -> None:
    recorded(state := MailboxState(), many := creates(300), await calendars.write(mailbox, state, many))
    emulator.reset_counters()
    await _delete_between_pages(calendars, emulator, owner, mailbox, times=1)
    loaded = await calendars.load(mailbox, SINCE, None)
    assert len(loaded.items) == 299


async def _delete_between_pages(
    calendars: EwsGateway, emulator: RunningEmulator, owner: Owner, mailbox: str, times: int
) -> MailboxState:
    """Load while the owner deletes an item for good before the second page, so many times."""
    emulator.add_fault("latency", operation="FindItem", mailbox=mailbox, ms=150)
    victims = owner.calendar()[:times]
    emulator.reset_counters()
    loading = asyncio.create_task(calendars.load(mailbox, SINCE, None))
    try:
        for number, victim in enumerate(victims):
            second_page = 2 * number + 2
            await eventually_async(
                lambda expected=second_page: emulator.counters()["requests"].get("FindItem", 0) >= expected
            )
            owner.delete(victim, "HardDelete")
        return await loading
    finally:
        loading.cancel()
        emulator.clear_faults()


async def test_a_folder_that_keeps_changing(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str, owner: Owner
) -> None:
    recorded(state := MailboxState(), many := creates(300), await calendars.write(mailbox, state, many))
    error = await failure(_delete_between_pages(calendars, emulator, owner, mailbox, times=3))
    assert (error.code, error.remedy) == ("Unsteady", Remedy.RETRY_SOON)


async def test_change_keys_that_change_by_themselves(
    open_gateway: OpenGateway, mailbox: str, tmp_path: Any, start_emulator: Any
) -> None:
    """Exchange touches a new item once more, seconds later: the update is a conflict, and goes through after a look."""
    restless: RunningEmulator = start_emulator([mailbox], args=["--late-change-keys"])
    calendars = open_gateway(restless)
    state = MailboxState()
    recorded(state, one := creates(1), await calendars.write(mailbox, state, one))
    owner = Owner(restless, mailbox)
    await asyncio.to_thread(eventually, lambda: owner.only().change_key != only_item(state).ref.change_key)
    update = UpdateItem(only_item(state), change(2, appointment("Mix"), "B-0"))
    results = await calendars.write(mailbox, state, [update])
    assert errors(results) == ["IrresolvableConflict"]
    assert isinstance(results[0], CalendarError)
    assert results[0].remedy is Remedy.REREAD
    fresh = await calendars.load(mailbox, SINCE, None)
    again: list[Action] = [UpdateItem(only_item(fresh), change(2, appointment("Mix"), "B-0"))]
    recorded(fresh, again, await calendars.write(mailbox, fresh, again))
    assert owner.only()["Subject"] == "Mix"


def test_every_kind_of_fault_was_tried(emulator: RunningEmulator) -> None:
    """The emulator names its kinds when asked for one that it does not have; none may be missing here."""
    request = urllib.request.Request(f"{emulator.control_url}/faults", json.dumps({"kind": "?"}).encode())
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    said = caught.value.read().decode()
    known = "latency server_busy http_status soap_fault item_error commit_then_drop commit_late partial_commit drop"
    for kind in (*known.split(), "hang", "refuse", "truncate"):
        assert f"'{kind}'" in said
    assert said.count("'") == 2 * 12 + 2 * 2, said
