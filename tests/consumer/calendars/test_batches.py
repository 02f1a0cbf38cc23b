"""Batches on a real server: when one ends early, what is sent then, and how much of it at a time."""

from consumer.calendars.ews.gateway import EwsGateway
from consumer.core.actions import Action, CreateItem
from consumer.core.mailbox import MailboxState
from deploy.sandbox.stand_in import RunningEmulator
from tests.consumer.calendars.conftest import OpenGateway
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.replica import Replica
from tests.consumer.calendars.samples import SINCE, appointment, change, errors


def creates(count: int) -> list[Action]:
    return [CreateItem(change(1, appointment(f"Shot {number}"), f"B-{number}")) for number in range(count)]


async def test_a_busy_mailbox_is_sent_nothing_more_now_and_less_at_a_time_then(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    emulator.add_fault("server_busy", operation="CreateItem", back_off_ms=20, count=1)
    results = await calendars.write(mailbox, MailboxState(), creates(120))
    assert errors(results) == ["ServerBusy"] * 120
    assert emulator.counters()["requests"] == {"CreateItem": 1}
    assert errors(await calendars.write(mailbox, MailboxState(), creates(120))) == [""] * 120
    assert emulator.counters()["requests"]["CreateItem"] > 1 + 3, "more than three requests of 50 would be"
    assert len((await calendars.load(mailbox, SINCE, None)).items) == 120


async def test_a_batch_that_the_server_gives_up_half_way(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorMailboxStoreUnavailable", index=3, count=1)
    results = await calendars.write(mailbox, MailboxState(), creates(60))
    assert errors(results) == [""] * 3 + ["MailboxStoreUnavailable"] + ["BatchProcessingStopped"] * 56
    assert emulator.counters()["requests"] == {"CreateItem": 1}, "the ten of the second request were not sent"


async def test_an_error_of_the_last_item_of_a_request_stops_no_other_request(
    open_gateway: OpenGateway, emulator: RunningEmulator, mailbox: str
) -> None:
    gateway = open_gateway(items=1)
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorItemSave", count=1)
    assert errors(await gateway.write(mailbox, MailboxState(), creates(3))) == ["ItemSave", "", ""]
    emulator.add_fault("soap_fault", operation="CreateItem", code="ErrorSchemaValidation", count=1)
    assert errors(await gateway.write(mailbox, MailboxState(), creates(3))) == ["SchemaValidation", "", ""]


async def test_what_a_stopped_batch_left_is_sent_in_smaller_ones_without_looking(
    calendars: EwsGateway, emulator: RunningEmulator, mailbox: str, owner: Owner
) -> None:
    replica = Replica(calendars, mailbox)
    emulator.add_fault("item_error", operation="CreateItem", code="ErrorMailboxStoreUnavailable", index=3, count=1)
    replica.accept(*(change(1, appointment(f"Shot {number}"), f"B-{number}") for number in range(40)))
    await replica.until_idle()
    assert emulator.counters()["requests"] == {"FindFolder": 1, "FindItem": 1, "CreateItem": 1 + 2}, "25 and 12"
    assert emulator.counters()["items"] == {"CreateItem": 40}
    assert len(owner.calendar()) == 40
