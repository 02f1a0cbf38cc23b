"""What people read comes back as it was meant: text of every kind, days, ways to show time."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from consumer.calendars.port import Calendars
from consumer.core.actions import (
    CreateItem,
)
from consumer.core.mailbox import MailboxState
from tests.consumer.calendars.owner import Owner
from tests.consumer.calendars.samples import (
    appointment,
    change,
    load,
    only_item,
    written,
)

HOSTILE = [
    "Håkan – Ærø 🎬 <b>&amp;",
    "a & b < c > d \"e\" 'f' ]]>",
    "{curly} %s %(x)s \\n \\u0000",
    "שלום עולם \u202eabc\u202c العربية",
    "e\u0301 and é, ﬁ, \u212b",
    "🎬" * 127,
    "x" * 255,
    "",
]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_comes_back_as_it_was(calendars: Calendars, mailbox: str, owner: Owner, title: str) -> None:
    state = MailboxState()
    category = title[:60] or "c"
    wanted = appointment(title, location=title, notes=title + "\n\r\n<&>\tend", categories=(category,))
    await written(calendars, mailbox, state, CreateItem(change(1, wanted, booking=title[:100] or "b")))
    loaded = await load(calendars, mailbox)
    assert loaded == state
    assert only_item(loaded).as_written
    shown = owner.only()
    assert (shown["Subject"], shown.fields.get("Location", ""), shown.categories) == (title, title, (category,))
    assert re.sub(r"\r\n?", "\n", owner.body(shown)).rstrip() == title + "\n\n<&>\tend"
    assert shown.marks["Booking"] == (title[:100] or "b")


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/Copenhagen", "2026-03-28T23:00:00", "2026-03-29T22:00:00"),
        ("Europe/Copenhagen", "2026-10-24T22:00:00", "2026-10-25T23:00:00"),
        ("America/New_York", "2026-03-08T05:00:00", "2026-03-09T04:00:00"),
        ("America/New_York", "2026-11-01T04:00:00", "2026-11-02T05:00:00"),
        ("Asia/Kolkata", "2026-11-30T18:30:00", "2026-12-01T18:30:00"),
    ],
)
async def test_an_all_day_booking_keeps_its_day(
    calendars: Calendars, mailbox: str, owner: Owner, zone: str, start: str, end: str
) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    hours = (datetime.fromisoformat(end).replace(tzinfo=UTC) - begins).total_seconds() / 3600
    state = MailboxState()
    wanted = appointment(start=begins, hours=hours, all_day=True, zone=zone, show_as="free")
    await written(calendars, mailbox, state, CreateItem(change(1, wanted)))
    shown = owner.only()
    assert (shown["Start"], shown["End"], shown["IsAllDayEvent"]) == (start + "Z", end + "Z", "true")
    loaded = await calendars.load(mailbox, begins - timedelta(days=1), None)
    assert loaded == state
    assert only_item(loaded).as_written


@pytest.mark.parametrize("show_as", ["busy", "free", "tentative", "oof", "working_elsewhere"])
async def test_every_way_to_show_time(calendars: Calendars, mailbox: str, show_as: str) -> None:
    state = MailboxState()
    await written(calendars, mailbox, state, CreateItem(change(1, appointment(show_as=show_as))))
    assert await load(calendars, mailbox) == state
