"""Reading a few keys of a mailbox, wherever they stand, with one request."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from consumer.calendars.ews import inspection_messages as queries
from consumer.calendars.ews.messages import distinguished, folder_id
from consumer.calendars.ews.soap import TYPES
from consumer.calendars.ews.state import state_of
from consumer.core.mailbox import MailboxState
from contract import names


def find_keys(mailbox: str, ledger: str | None, keys: Collection[str], offset: int) -> str:
    """FindItem: what has one of these keys in the calendar, in Deleted Items and in the ledger, if its id is known.

    By key and not by id: a copy, a duplicate or a tombstone that somebody wrote beside the item counts as well.
    """
    uri = queries.mark_uri(names.PROPERTY_KEY)
    one_of = "".join(queries.equals(uri, key) for key in sorted(keys))
    restriction = f"<t:Or>{one_of}</t:Or>" if len(keys) > 1 else one_of
    folders = distinguished("calendar", mailbox) + distinguished("deleteditems", mailbox)
    return queries.find(queries.ITEM_FIELDS, restriction, folders + (folder_id(ledger) if ledger else ""), offset)


def state_of_keys(ledger: str | None, since: datetime, folders: list[list[Any]]) -> MailboxState:
    """The state from the elements of these folders, as a load of the whole mailbox would have it."""
    calendar, deleted, entries = folders if ledger else (*folders, [])
    return state_of(ledger, _ending_after(since, calendar), _ending_after(since, deleted), entries)


def _ending_after(since: datetime, elements: list[Any]) -> list[Any]:
    ends = [element.findtext(f"{TYPES}End") for element in elements]
    return [element for element, end in zip(elements, ends, strict=True) if end and datetime.fromisoformat(end) > since]
