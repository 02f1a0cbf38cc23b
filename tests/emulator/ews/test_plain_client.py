"""exchangelib as a plain client over a real socket: list, create, change, conflict, delete, page."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from exchangelib import (
    IMPERSONATION,
    Account,
    CalendarItem,
    Configuration,
    Credentials,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    Message,
    Version,
)
from exchangelib.errors import (
    ErrorFolderExists,
    ErrorImpersonateUserDenied,
    ErrorIrresolvableConflict,
    ErrorItemNotFound,
    ErrorNonExistentMailbox,
)
from exchangelib.folders import Calendar, Folder, Messages
from exchangelib.items import MOVE_TO_DELETED_ITEMS, NEVER_OVERWRITE, SEND_TO_NONE
from exchangelib.properties import Attendee, Mailbox
from exchangelib.version import EXCHANGE_2016

from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import RunningEmulator, start_emulator
from tests.conftest import EWS_PASSWORD, EWS_USER
from tests.emulator.ews.soap import PROPERTY_SET

ZONE = EWSTimeZone("Europe/Copenhagen")
NASTY = "Håkan – Ærø 🎬 <b>&amp; \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"


class Key(ExtendedProperty):
    """A named string property, as a consumer of schedules would use."""

    property_set_id = PROPERTY_SET
    property_name = "PlainClientKey"
    property_type = "String"


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    CalendarItem.register("plain_key", Key)
    yield
    CalendarItem.deregister("plain_key")


def login(ews_url: str, address: str) -> Account:
    config = Configuration(
        service_endpoint=ews_url,
        credentials=Credentials(EWS_USER, EWS_PASSWORD),
        auth_type="basic",
        version=Version(build=EXCHANGE_2016),
        max_connections=1,
    )
    return Account(address, config=config, autodiscover=False, access_type=IMPERSONATION, default_timezone=ZONE)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One server for all tests of this file; each has a mailbox of its own."""
    people = [f"anna{n}@example.com" for n in range(20)]
    served = organisation(
        [*people, {"address": "bo@elsewhere.example", "name": "Bo Berg"}],
        user=EWS_USER,
        password=EWS_PASSWORD,
        impersonate=["*@example.com"],
    )
    with start_emulator(served, tmp_path_factory.mktemp("emulator"), arguments=["--auth", "basic"]) as running:
        yield running


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    return (f"anna{n}@example.com" for n in range(20))


@pytest.fixture
def account(emulator: RunningEmulator, addresses: Iterator[str]) -> Iterator[Account]:
    opened = login(emulator.ews_url, next(addresses))
    yield opened
    opened.protocol.close()


def booking(account: Account, subject: str, day: int, **more: Any) -> CalendarItem:
    return CalendarItem(
        account=account,
        folder=account.calendar,
        subject=subject,
        start=EWSDateTime(2026, 12, day, 8, tzinfo=ZONE),
        end=EWSDateTime(2026, 12, day, 17, tzinfo=ZONE),
        **more,
    )


def test_create_list_change_conflict_and_delete(account: Account) -> None:
    item = booking(
        account, NASTY, 1, body="Client: …", categories=["Grading"], location="Suite 4", plain_key="k1",
        reminder_is_set=False, sensitivity="Private", legacy_free_busy_status="Tentative",
        required_attendees=[Attendee(mailbox=Mailbox(email_address="bo@elsewhere.example"))],
    )  # fmt: skip
    item.save(send_meeting_invitations=SEND_TO_NONE)
    found = account.calendar.get(plain_key="k1")
    assert (found.subject, found.location, found.categories) == (NASTY, "Suite 4", ["Grading"])
    assert (found.sensitivity, found.legacy_free_busy_status, found.reminder_is_set) == ("Private", "Tentative", False)
    assert (found.start, found.end) == (item.start, item.end)
    assert found.body == "Client: …"
    assert found.required_attendees[0].mailbox.email_address == "bo@elsewhere.example"
    assert found._start_timezone == ZONE

    stale = account.calendar.get(plain_key="k1")
    found.subject = "Changed"
    found.save(update_fields=["subject"], conflict_resolution=NEVER_OVERWRITE, send_meeting_invitations=SEND_TO_NONE)
    stale.subject = "Too late"
    with pytest.raises(ErrorIrresolvableConflict):
        stale.save(
            update_fields=["subject"], conflict_resolution=NEVER_OVERWRITE, send_meeting_invitations=SEND_TO_NONE
        )
    assert account.calendar.get(plain_key="k1").subject == "Changed"

    # "stale" still holds the old change key: a delete does not look at it
    stale.delete(send_meeting_cancellations=SEND_TO_NONE)
    with pytest.raises(ErrorItemNotFound):
        found.refresh()
    assert account.calendar.all().count() == 0


def test_all_day_bookings(account: Account) -> None:
    """An all-day item is three days long here: exchangelib takes the end as inclusive."""
    first, last = EWSDate(2026, 10, 24), EWSDate(2026, 10, 26)
    CalendarItem(
        account=account, folder=account.calendar, subject="over the change of clocks", start=first, end=last,
        is_all_day=True,
    ).save(send_meeting_invitations=SEND_TO_NONE)  # fmt: skip
    found = account.calendar.get(subject="over the change of clocks")
    assert (found.is_all_day, found.start, found.end) == (True, first, last)


def test_calendar_view_and_filters(account: Account) -> None:
    account.bulk_create(
        account.calendar, [booking(account, f"day {day}", day, plain_key=str(day % 2)) for day in range(1, 11)],
        send_meeting_invitations=SEND_TO_NONE,
    )  # fmt: skip
    start, end = EWSDateTime(2026, 12, 3, tzinfo=ZONE), EWSDateTime(2026, 12, 6, tzinfo=ZONE)
    assert [item.subject for item in account.calendar.view(start=start, end=end)] == ["day 3", "day 4", "day 5"]
    chosen = account.calendar.filter(start__gte=start, end__lt=end).exclude(plain_key="0").order_by("-start")
    assert [item.subject for item in chosen] == ["day 5", "day 3"]
    assert account.calendar.filter(subject__icontains="DAY 1").count() == 2
    assert account.calendar.filter(subject__startswith="day", plain_key__exists=True).count() == 10


def test_pages(account: Account) -> None:
    account.bulk_create(
        account.calendar, [booking(account, f"{n:03}", 1 + n % 28, plain_key="x") for n in range(320)],
        send_meeting_invitations=SEND_TO_NONE, chunk_size=80,
    )  # fmt: skip
    found = account.calendar.filter(plain_key="x").order_by("subject").only("subject")
    found.page_size = 1000
    assert [item.subject for item in found] == [f"{n:03}" for n in range(320)]
    assert len(list(account.calendar.all().only("subject")[100:150])) == 50


def test_folders_messages_and_deleted_items(account: Account) -> None:
    ledger = Messages(parent=account.msg_folder_root, name="Ledger")
    ledger.save()
    with pytest.raises(ErrorFolderExists):
        Folder(parent=account.msg_folder_root, name="ledger").save()
    Message(account=account, folder=ledger, subject="t").save()
    assert ledger.all().get().subject == "t"
    ledger.refresh()
    assert ledger.total_count == 1
    item = booking(account, "thrown away", 1, plain_key="gone")
    item.save(send_meeting_invitations=SEND_TO_NONE)
    account.bulk_delete([item], delete_type=MOVE_TO_DELETED_ITEMS, send_meeting_cancellations=SEND_TO_NONE)
    assert account.trash.get(subject="thrown away").id != item.id
    ledger.delete()
    assert not [folder for folder in account.msg_folder_root.children if folder.name == "Ledger"]


def test_synchronisation(account: Account) -> None:
    calendar: Calendar = account.calendar
    booking(account, "one", 1).save(send_meeting_invitations=SEND_TO_NONE)
    assert [kind for kind, _ in calendar.sync_items()] == ["create"]
    state = calendar.item_sync_state
    item = calendar.get(subject="one")
    item.subject = "two"
    item.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    assert [(kind, changed.subject) for kind, changed in calendar.sync_items(sync_state=state)] == [("update", "two")]


def test_names_zones_and_versions(account: Account) -> None:
    (found,) = account.protocol.resolve_names(["bo"])
    assert found.email_address == "bo@elsewhere.example"
    zones = {one.id: one.name for one in account.protocol.get_timezones()}
    assert zones["Romance Standard Time"] == "(UTC+01:00) Paris"
    with_rules = account.protocol.get_timezones(timezones=[ZONE], return_full_timezone_data=True)
    assert [len(one.transitions) for one in with_rules] == [1]


def test_refusals_reach_the_client(emulator: RunningEmulator) -> None:
    with pytest.raises(ErrorImpersonateUserDenied):
        login(emulator.ews_url, "bo@elsewhere.example").calendar.all().count()
    with pytest.raises(ErrorNonExistentMailbox):
        login(emulator.ews_url, "who@example.com").calendar.all().count()


def test_the_server_runs_with_another_clock_zone_than_its_clients(account: Account) -> None:
    item = booking(account, "zone", 1)
    item.save(send_meeting_invitations=SEND_TO_NONE)
    item.refresh()
    assert item.start.timestamp() == datetime.datetime(2026, 12, 1, 7, tzinfo=datetime.UTC).timestamp()
