"""The floor: exchangelib's own bulk_create of the same calendar items in the same batches, and nothing else.

``python -m benchmarks.floor ITEMS BATCH`` with FLOOR_EWS_URL, FLOOR_EWS_USER, FLOOR_EWS_PASSWORD and FLOOR_MAILBOX
prints the milliseconds of CPU for each item. The items are made before the clock starts.
"""

import json
import os
import sys
import time
from datetime import datetime
from typing import Any
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
    EWSDateTime,
    ExtendedProperty,
    Version,
)
from exchangelib.folders import Calendar, Root
from exchangelib.items import SEND_TO_NONE
from exchangelib.properties import DistinguishedFolderId, Mailbox

from benchmarks.events import TIMEZONE, Booking
from contract import names

_WARM_UP_BATCHES = 2


def main(items: int, batch: int) -> None:
    """Send the batches, and print what an item has cost."""
    environment = os.environ
    account = Account(
        environment["FLOOR_MAILBOX"],
        config=Configuration(
            service_endpoint=environment["FLOOR_EWS_URL"],
            credentials=Credentials(environment["FLOOR_EWS_USER"], environment["FLOOR_EWS_PASSWORD"]),
            auth_type=BASIC,
            version=Version(Build(15, 1), api_version="Exchange2016"),
        ),
        autodiscover=False,
        access_type=IMPERSONATION,
    )
    marks = _register_properties()
    # Named by its well-known id, so that no request looks for it.
    owner = Mailbox(email_address=account.primary_smtp_address)
    folder = Calendar(
        root=Root(account=account),
        _distinguished_id=DistinguishedFolderId(id=Calendar.DISTINGUISHED_FOLDER_ID, mailbox=owner),
    )
    warm_up = _WARM_UP_BATCHES * batch
    made = [_item(account, folder, number, marks) for number in range(warm_up + items)]

    def send(part: list[CalendarItem]) -> None:
        account.bulk_create(folder, part, send_meeting_invitations=SEND_TO_NONE, chunk_size=batch)

    send(made[:warm_up])
    started = time.process_time()
    send(made[warm_up:])
    spent = time.process_time() - started
    sys.stdout.write(json.dumps({"cpu_ms_per_item": 1000 * spent / items}) + "\n")


def _register_properties() -> list[str]:
    """The properties that every item of ours carries."""
    marks = []
    for name in (
        names.PROPERTY_KEY,
        names.PROPERTY_REVISION,
        names.PROPERTY_DIGEST,
        names.PROPERTY_SOURCE,
        names.PROPERTY_BOOKING,
        names.PROPERTY_EVENT,
    ):
        uri = {"property_set_id": names.PROPERTY_SET, "property_name": name, "property_type": "String"}
        mark = name.lower()
        CalendarItem.register(mark, type(name, (ExtendedProperty,), uri))
        marks.append(mark)
    return marks


def _item(account: Account, folder: Calendar, number: int, marks: list[str]) -> CalendarItem:
    data: dict[str, Any] = Booking(account.primary_smtp_address, number, 1).event()["data"]
    zone = ZoneInfo(TIMEZONE)
    start, end = (
        EWSDateTime.from_datetime(datetime.fromisoformat(data[name]).astimezone(zone)) for name in ("start", "end")
    )
    return CalendarItem(
        account=account,
        folder=folder,
        subject=data["title"],
        body=Body(data["notes"]),
        start=start,
        end=end,
        location=data["location"],
        categories=data["categories"],
        legacy_free_busy_status="Busy",
        sensitivity="Normal",
        reminder_is_set=False,
        is_all_day=False,
        **dict.fromkeys(marks, f"{number:032x}"),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
