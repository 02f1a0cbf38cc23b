"""What is replayed ends in the calendar, and revisions decide there."""

from tests.integration.conftest import StartSystem
from tests.integration.system import cancelled, changed
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
