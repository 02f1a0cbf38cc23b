"""What stands in the calendar is what was meant, to the character and the second; and the user keeps what is his."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from exchangelib import (
    BASIC,
    IMPERSONATION,
    Account,
    Build,
    CalendarItem,
    Configuration,
    Credentials,
    EWSTimeZone,
    Version,
)

from contract.event import ShowAs, Status
from deploy.sandbox.stand_in import RunningEmulator
from tests.integration.conftest import StartSystem
from tests.integration.system import cancelled, changed

ANNA = "anna@example.com"
COPENHAGEN, NEW_YORK = ZoneInfo("Europe/Copenhagen"), ZoneInfo("America/New_York")

TITLES = {
    "markup": ("Håkan – Ærø 🎬 <b>&amp;", "Håkan – Ærø 🎬 <b>&amp;"),
    "control": ("Reel\x00 3\x0b\x1b[31m", "Reel 3[31m"),
    "long": ("x" * 300, "x" * 254 + "…"),
    "long emoji": ("🎬" * 200, "🎬" * 127 + "…"),
    "right to left": ("מיקס \u202b סופי\u202c ٣", "מיקס \u202b סופי\u202c ٣"),
    "lines": ("one\r\ntwo\tthree", "one two three"),
    "cdata": ("]]><!--&#0;{%s}", "]]><!--&#0;{%s}"),
    "combining": ("Cafe\u0301 Ame\u0301lie", "Cafe\u0301 Ame\u0301lie"),
}


def account(emulator: RunningEmulator, mailbox: str = ANNA) -> Account:
    """The mailbox as a user's own client sees it: plain exchangelib."""
    return Account(
        primary_smtp_address=mailbox,
        config=Configuration(
            service_endpoint=emulator.ews_url,
            credentials=Credentials(emulator.user, emulator.password),
            auth_type=BASIC,
            version=Version(Build(15, 1), api_version="Exchange2016"),
        ),
        autodiscover=False,
        access_type=IMPERSONATION,
        default_timezone=EWSTimeZone("UTC"),
    )


def _next_changes(zone: ZoneInfo) -> list[date]:
    """The days of the next two changes between summer and winter time."""
    today = datetime.now(UTC).date()
    days = (today + timedelta(days=number) for number in range(2, 366))
    return [
        day
        for day in days
        if datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()
        != (datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)).utcoffset()
    ]


def _across_clock_changes() -> Iterator[tuple[str, dict[str, Any]]]:
    """A night shift over every change, a timed hour on each side of it, an all-day booking on that day and over it."""
    for zone in (COPENHAGEN, NEW_YORK):
        for day in _next_changes(zone):
            name = f"{zone.key} {day}"
            evening = datetime(day.year, day.month, day.day, 22, 30, tzinfo=zone) - timedelta(days=1)
            morning = datetime(day.year, day.month, day.day, 9, 0, tzinfo=zone)
            yield f"{name} night", {"start": evening, "end": morning}
            yield f"{name} day", {"start": morning, "end": morning + timedelta(hours=8)}
            yield f"{name} all-day", {"all_day": True, "start": day, "end": day + timedelta(days=1)}
            yield (
                f"{name} all-days",
                {"all_day": True, "start": day - timedelta(days=1), "end": day + timedelta(days=2)},
            )


async def test_titles_and_texts_come_back_as_intended(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    await one.publish(
        [
            changed(
                ANNA,
                name,
                1,
                title=title,
                location=title,
                notes=title,
                categories=(name,),
                url="https://x.example/?a&b",
            )
            for name, (title, _) in TITLES.items()
        ]
    )
    await one.settled(len(TITLES))
    found = {item.categories[0]: item for item in account(one.emulator).calendar.all()}
    for name, (title, wanted) in TITLES.items():
        assert found[name].subject == wanted, name
        assert found[name].location == wanted, name
        assert str(found[name].text_body).endswith("https://x.example/?a&b"), name
        if name == "markup":
            assert str(found[name].text_body).startswith(title)


@pytest.mark.parametrize("version", ["2016", "2010"])
async def test_bookings_across_clock_changes(system: StartSystem, version: str) -> None:
    one = system([ANNA], CALLSHEET_DAYS_AFTER="380", CALLSHEET_EWS_VERSION=version)
    await one.start_replicas(1)
    bookings = dict(_across_clock_changes())
    assert len(bookings) >= 16
    zones = {name: name.split()[0] for name in bookings}
    await one.publish(
        [changed(ANNA, name, 1, title=name, timezone=zones[name], **times) for name, times in bookings.items()]
    )
    await one.settled(len(bookings))
    calendar = account(one.emulator).calendar
    zones_found = {item.subject: (item._start_timezone, item.is_all_day) for item in calendar.all()}
    # Without is_all_day exchangelib leaves the instants as they are; with it, it is a day off where a day has 23 hours.
    instants = {item.subject: (item.start, item.end) for item in calendar.all().only("subject", "start", "end")}
    assert instants.keys() == bookings.keys()
    for name, times in bookings.items():
        assert zones_found[name] == (EWSTimeZone(zones[name]), times.get("all_day", False)), name
        zone = ZoneInfo(zones[name])
        if times.get("all_day"):
            wanted = tuple(datetime.combine(times[edge], time(), zone) for edge in ("start", "end"))
        else:
            wanted = (times["start"], times["end"])
        assert instants[name] == tuple(edge.astimezone(UTC) for edge in wanted), name


async def test_every_field_that_we_own_and_every_one_that_is_the_users(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    await one.publish(
        [
            changed(ANNA, "plain", 1),
            changed(
                ANNA, "full", 1, show_as=ShowAs.OOF, private=True, reminder_minutes=45, categories=("Grading", "Reel")
            ),
            changed(ANNA, "tentative", 1, status=Status.TENTATIVE),
        ]
    )
    await one.settled(3)
    mailbox = account(one.emulator)

    def item(subject: str) -> CalendarItem:
        return next(found for found in mailbox.calendar.all() if found.subject.endswith(subject))

    assert not item("plain").reminder_is_set
    assert item("tentative").legacy_free_busy_status == "Tentative"
    full = item("full")
    assert (full.legacy_free_busy_status, full.sensitivity, full.categories) == ("OOF", "Private", ["Grading", "Reel"])
    assert (full.reminder_is_set, full.reminder_minutes_before_start) == (True, 45)

    # The user sets a reminder, adds a category, takes one of ours off, and moves the item away.
    full.reminder_minutes_before_start, full.categories = 5, ["Mine", "Grading"]
    full.start += timedelta(hours=3)
    full.end += timedelta(hours=3)
    full.save(
        update_fields=["reminder_minutes_before_start", "categories", "start", "end"],
        send_meeting_invitations="SendToNone",
    )
    plain = item("plain")
    plain.reminder_is_set, plain.reminder_minutes_before_start = True, 10
    plain.save(
        update_fields=["reminder_is_set", "reminder_minutes_before_start"], send_meeting_invitations="SendToNone"
    )

    await one.publish(
        [
            changed(ANNA, "full", 2, categories=("Mix",), reminder_minutes=45, title="again full"),
            changed(ANNA, "plain", 2, reminder_minutes=None),
        ]
    )
    await one.settled(5)
    full, plain = item("full"), item("plain")
    assert set(full.categories) == {"Mine", "Mix"}
    assert full.reminder_minutes_before_start == 5, "the event asks for the same reminder as before"
    assert full.start.hour == 8
    assert (full.legacy_free_busy_status, full.sensitivity) == ("Busy", "Normal")
    assert (plain.reminder_is_set, plain.reminder_minutes_before_start) == (True, 10)

    await one.publish([changed(ANNA, "full", 3, reminder_minutes=120, title="third full")])
    await one.settled(6)
    assert item("full").reminder_minutes_before_start == 120, "now the event asks for another one"


async def test_what_the_user_does_to_items(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    names = ("thrown away", "deleted for good", "copied", "kept")
    await one.publish([changed(ANNA, name, 2, title=name) for name in names])
    await one.settled(4)
    mailbox = account(one.emulator)
    items = {found.subject: found for found in mailbox.calendar.all()}
    items["thrown away"].move_to_trash(send_meeting_cancellations="SendToNone")
    items["deleted for good"].delete(send_meeting_cancellations="SendToNone")

    # An older change does not bring back what was thrown away; a newer one does, as a new item.
    await one.publish([changed(ANNA, "thrown away", 1, title="older")])
    await one.settled(5)
    assert "older" not in {found.subject for found in mailbox.calendar.all()}
    await one.publish([changed(ANNA, name, 3, title=f"{name}, again") for name in names[:2]])
    await one.settled(7)
    assert {"thrown away, again", "deleted for good, again"} <= {found.subject for found in mailbox.calendar.all()}
    await one.publish([cancelled(ANNA, name, 4) for name in names])
    await one.settled(11)
    assert list(mailbox.calendar.all()) == []


async def test_the_ledger_is_hidden_and_nobody_is_invited(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    await one.publish([changed(ANNA, "B-1", 1), cancelled(ANNA, "B-1", 2)])
    await one.settled(2)
    mailbox = account(one.emulator)
    (ledger,) = [folder for folder in mailbox.msg_folder_root.children if folder.name == "Callsheet"]
    assert ledger.total_count == 1
    assert list(mailbox.calendar.all()) == []
    assert list(mailbox.sent.all()) == []
