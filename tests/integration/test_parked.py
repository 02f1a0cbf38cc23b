"""What is replayed ends in the calendar, and revisions decide there."""

from consumer.calendars.ews import answers, elements, messages
from consumer.calendars.ews.connection import Connection
from contract.identity import source_mark
from contract.reasons import Reason
from tests.consumer.calendars.samples import endpoint
from tests.integration.conftest import StartSystem
from tests.integration.system import SOURCE, System, cancelled, changed
from tests.operator import call, put_aside

ANNA = "anna@example.com"


async def test_replayed_events_end_in_the_calendar_whatever_the_order(system: StartSystem) -> None:
    one = system([ANNA])
    await put_aside(one, changed(ANNA, "B-1", 5, title="Newest"), "conflict")
    await put_aside(one, changed(ANNA, "B-1", 4, title="Older"), "exchange_unavailable")
    await put_aside(one, changed(ANNA, "B-2", 1, title="Cancelled since"), "mailbox_unavailable")
    await one.start_replicas(1)
    await one.publish([cancelled(ANNA, "B-2", 2)])
    await one.settled(1)
    assert call(one, "parked", "replay", "--mailbox", ANNA).code == 0
    await one.settled(4)
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["Newest"]


def _raise_floor(system: System, revision: int) -> None:
    """A ledger as it stands when tombstones up to this revision were swept."""
    exchange = Connection(endpoint(system.emulator))
    (made,) = exchange.ask("CreateFolder", ANNA, messages.create_ledger(ANNA))
    folder = answers.first_folder_id(made)
    assert folder is not None
    entry = elements.floor(source_mark(SOURCE), revision)
    (written,) = exchange.ask("CreateItem", ANNA, messages.create_entries(folder, [entry]))
    assert answers.error_of(written) is None
    exchange.close()


async def test_too_old_is_parked_again_unless_it_is_forced(system: StartSystem) -> None:
    one = system([ANNA])
    _raise_floor(one, 100)
    await one.start_replicas(1)
    await one.publish([changed(ANNA, "B-1", 50, title="Older than the floor")])
    assert await one.settled(1) == {"parked": 1}
    assert [headers["x-reason"] for headers in one.parked()] == [Reason.TOO_OLD]
    assert call(one, "parked", "replay").code == 1
    assert one.calendars([ANNA])[ANNA] == []
    assert call(one, "parked", "replay", "--force").code == 0
    assert await one.settled(2) == {"parked": 1, "applied": 1}
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["Older than the floor"]
