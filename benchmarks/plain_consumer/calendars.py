"""The plain consumer's way to Exchange: exchangelib as its documentation shows it, all cached that can be."""

import threading
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from exchangelib import (
    BASIC,
    IMPERSONATION,
    Account,
    Body,
    Build,
    CalendarItem,
    Configuration,
    Credentials,
    EWSDate,
    EWSDateTime,
    ExtendedProperty,
    FaultTolerance,
    Version,
)
from exchangelib.items import ALWAYS_OVERWRITE, SEND_TO_NONE

_RETRY_SECONDS: Final = 60
_FIELDS: Final = (
    "subject",
    "start",
    "end",
    "is_all_day",
    "location",
    "legacy_free_busy_status",
    "sensitivity",
    "categories",
    "body",
    "reminder_is_set",
    "booking_revision",
)


class BookingKey(ExtendedProperty):
    """Which booking an item shows."""

    property_set_id = "3d8b0a52-9f0f-4f0b-8f68-6d5a3ad0f3a1"
    property_name = "BookingKey"
    property_type = "String"


class BookingRevision(ExtendedProperty):
    """The revision it shows."""

    property_set_id = "3d8b0a52-9f0f-4f0b-8f68-6d5a3ad0f3a1"
    property_name = "BookingRevision"
    property_type = "Integer"


class Calendars:
    """All calendars of one Exchange, for up to ``threads`` threads."""

    def __init__(self, url: str, user: str, password: str, threads: int) -> None:
        CalendarItem.register("booking_key", BookingKey)
        CalendarItem.register("booking_revision", BookingRevision)
        self._configuration = Configuration(
            service_endpoint=url,
            credentials=Credentials(user, password),
            auth_type=BASIC,
            version=Version(Build(15, 1), api_version="Exchange2016"),
            retry_policy=FaultTolerance(max_wait=_RETRY_SECONDS),
            max_connections=threads,
        )
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def apply(self, mailbox: str, booking: dict[str, Any]) -> None:
        """Create the booking, or make it so if it is there in an older revision."""
        account = self._account(mailbox)
        item = self._find(account, booking["booking"])
        if item is None:
            new = CalendarItem(account=account, folder=account.calendar, booking_key=booking["booking"])
            _fill(new, booking)
            new.save(send_meeting_invitations=SEND_TO_NONE)
        elif item.booking_revision < booking["revision"]:
            _fill(item, booking)
            item.save(
                update_fields=_FIELDS,
                conflict_resolution=ALWAYS_OVERWRITE,
                send_meeting_invitations=SEND_TO_NONE,
            )

    def apply_cancelled(self, mailbox: str, booking: dict[str, Any]) -> None:
        """Delete the booking, if it is there in an older revision."""
        item = self._find(self._account(mailbox), booking["booking"])
        if item is not None and item.booking_revision < booking["revision"]:
            item.delete(send_meeting_cancellations=SEND_TO_NONE)

    def _account(self, mailbox: str) -> Account:
        with self._lock:
            account = self._accounts.get(mailbox)
            if account is None:
                account = self._accounts[mailbox] = Account(
                    mailbox, config=self._configuration, autodiscover=False, access_type=IMPERSONATION
                )
        return account

    def _find(self, account: Account, booking: str) -> Any:
        return next(iter(account.calendar.filter(booking_key=booking).only("booking_revision")), None)


def _fill(item: CalendarItem, booking: dict[str, Any]) -> None:
    zone = ZoneInfo(booking.get("timezone") or "Europe/Copenhagen")
    item.subject = booking["title"][:255]
    item.is_all_day = booking.get("all_day", False)
    if item.is_all_day:
        item.start = EWSDate.from_date(date.fromisoformat(booking["start"]))
        item.end = EWSDate.from_date(date.fromisoformat(booking["end"]) - timedelta(days=1))
    else:
        item.start, item.end = (
            EWSDateTime.from_datetime(datetime.fromisoformat(booking[name]).astimezone(zone))
            for name in ("start", "end")
        )
    item.location = booking.get("location", "")[:255]
    item.legacy_free_busy_status = "Tentative" if booking.get("status") == "tentative" else "Busy"
    item.sensitivity = "Private" if booking.get("private") else "Normal"
    item.categories = booking.get("categories") or []
    item.body = Body(booking.get("notes", ""))
    item.reminder_is_set = booking.get("reminder_minutes") is not None
    item.booking_revision = booking["revision"]
