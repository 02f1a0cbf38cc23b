"""Reads calendars over EWS with plain exchangelib, as any other client would. A program of its own.

Argument: a JSON file with ``url``, ``user``, ``password``, ``mailboxes`` and ``threads``. Standard output: a JSON line
for each mailbox, ``{"mailbox": …, "items": […]}``. Exit code 1, with the mailbox and the reason on standard error, as
soon as one cannot be read.

A process of its own because exchangelib's extended properties are registered for a whole process, and because two of
these use two processors.
"""

import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from exchangelib import (
    BASIC,
    IMPERSONATION,
    UTC,
    Account,
    CalendarItem,
    Configuration,
    Credentials,
    ExtendedProperty,
    Version,
)
from exchangelib.errors import EWSError
from exchangelib.version import EXCHANGE_2016

# Written here once more, on purpose: what others rely on is checked from outside.
_PROPERTY_SET: Final = "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"


class _Key(ExtendedProperty):
    property_set_id = _PROPERTY_SET
    property_name = "CallsheetKey"
    property_type = "String"


class _Booking(ExtendedProperty):
    property_set_id = _PROPERTY_SET
    property_name = "CallsheetBooking"
    property_type = "String"


_FIELDS: Final = (
    "subject", "start", "end", "location", "is_all_day", "legacy_free_busy_status", "sensitivity", "reminder_is_set",
    "categories", "callsheet_key", "callsheet_booking",
)  # fmt: skip


def _read(mailbox: str, configuration: Configuration) -> list[dict[str, Any]]:
    account = Account(
        primary_smtp_address=mailbox,
        config=configuration,
        autodiscover=False,
        access_type=IMPERSONATION,
        default_timezone=UTC,
    )
    return [_as_json(item) for item in account.calendar.all().only(*_FIELDS)]


def _as_json(item: CalendarItem) -> dict[str, Any]:
    return {
        "key": item.callsheet_key or "",
        "booking": item.callsheet_booking or "",
        "title": item.subject or "",
        "start": item.start.isoformat(),
        "end": item.end.isoformat(),
        "place": item.location or "",
        "category": ", ".join(item.categories or ()),
        "all_day": bool(item.is_all_day),
        "show_as": item.legacy_free_busy_status,
        "private": item.sensitivity != "Normal",
        "reminder": bool(item.reminder_is_set),
    }


def _answers(order: dict[str, Any]) -> Iterable[str]:
    configuration = Configuration(
        service_endpoint=order["url"],
        credentials=Credentials(order["user"], order["password"]),
        auth_type=BASIC,
        version=Version(build=EXCHANGE_2016),
        max_connections=order["threads"],
    )

    def answer(mailbox: str) -> str:
        try:
            return json.dumps({"mailbox": mailbox, "items": _read(mailbox, configuration)})
        except EWSError as error:
            raise SystemExit(f"{mailbox} cannot be read: {type(error).__name__}: {error}") from error

    with ThreadPoolExecutor(order["threads"]) as threads:
        yield from threads.map(answer, order["mailboxes"])


def main() -> None:
    """Answer the order in the file that the argument names."""
    CalendarItem.register("callsheet_key", _Key)
    CalendarItem.register("callsheet_booking", _Booking)
    for line in _answers(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
