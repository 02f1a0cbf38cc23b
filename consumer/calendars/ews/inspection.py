"""What an operator asks of Exchange: all that stands of one booking, all that is ours, and to take it away.

Beside the gateway, because nothing here is in the way of a change: whole calendars are read, not the window alone; the
answers are for people; and what is removed is found by its marks, whatever its content has become.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews import answers, findings, messages
from consumer.calendars.ews import inspection_messages as queries
from consumer.calendars.ews.connection import Connection, Endpoint
from consumer.calendars.ews.findings import Findings, Holdings, Remembered, Shown
from consumer.calendars.ews.workers import Workers
from consumer.core.mailbox import ItemRef
from contract import names

BATCH: Final = 50
"""Items deleted with one request."""

_FOLDERS: Final = ("calendar", "deleteditems")
_ROUNDS: Final = 8
_ATTEMPTS: Final = 5
_PASSES: Final = frozenset({Remedy.RETRY_SOON, Remedy.LOOK_FIRST, Remedy.REREAD, Remedy.SEND_AGAIN})
"""Worth another try. All that is done here can be repeated: reading, and deleting what may be gone already."""

_KEY: Final = re.compile("[0-9a-f]{32}")


class Inspection:
    """Reads and clears mailboxes for an operator. Every call raises :class:`CalendarError` when it cannot be done."""

    def __init__(self, endpoint: Endpoint, concurrency: int) -> None:
        self._workers = Workers(lambda: Connection(endpoint), concurrency, endpoint.timeout_seconds)

    async def close(self) -> None:
        """Give up all connections."""
        await self._workers.close()

    async def booking(self, mailbox: str, booking: str, key: str | None) -> Findings:
        """What stands of a booking. ``key`` is its identity with its source; None: of every source, by its id."""
        wanted = (
            queries.equals(queries.mark_uri(names.PROPERTY_KEY), key)
            if key
            else queries.equals(queries.mark_uri(names.PROPERTY_BOOKING), booking)
        )
        # Some servers compare without regard to case; bookings differ by it.
        items = tuple(
            shown
            for shown in await self._items(mailbox, wanted)
            if (shown.item.key == key if key else shown.booking == booking)
        )
        ledger = await self._ledger(mailbox)
        entries: list[Any] = []
        if ledger is not None:
            is_floor = queries.equals(queries.field_uri("item:ItemClass"), names.FLOOR_CLASS)
            entries = await self._entries(mailbox, ledger, f"<t:Or>{wanted}{is_floor}</t:Or>")
        tombstones = tuple(
            Remembered(
                tombstone, findings.mark(element, names.PROPERTY_BOOKING), findings.mark(element, names.PROPERTY_EVENT)
            )
            for element in entries
            for tombstone in answers.tombstones_of([element])
            if (tombstone.key == key if key else findings.mark(element, names.PROPERTY_BOOKING) == booking)
        )
        sources = {shown.item.source for shown in items} | {one.tombstone.source for one in tombstones}
        floors = tuple(floor for floor in answers.floors_of(entries) if floor.source in sources)
        return Findings(items, tombstones, floors)

    async def holdings(self, mailbox: str, source: str | None) -> Holdings:
        """What is ours, of one source (its mark) or of all."""
        items = await self._items(mailbox, queries.ours(source))
        ledger = await self._ledger(mailbox)
        entries = None if ledger is None else len(await self._entries(mailbox, ledger, queries.ours_in_ledger(source)))
        return Holdings(items, entries)

    async def remove_items(self, mailbox: str, source: str | None, removed: Callable[[int], None]) -> int:
        """Take away our items, of one source or of all, also from Deleted Items; how many there were.

        Nobody is told: no cancellations are sent. What somebody adds meanwhile is found too.
        """

        async def find() -> Sequence[ItemRef]:
            return [shown.item.ref for shown in await self._items(mailbox, queries.ours(source))]

        return await self._remove(mailbox, find, "SoftDelete", removed)

    async def remove_ledger(self, mailbox: str, source: str | None) -> int:
        """Take away the ledger folder, or what it holds of one source; how many entries that were."""
        ledger = await self._ledger(mailbox)
        if ledger is None:
            return 0
        if source is not None:

            async def find() -> Sequence[ItemRef]:
                return [_ref(one) for one in await self._entries(mailbox, ledger, queries.ours_in_ledger(source))]

            return await self._remove(mailbox, find, "HardDelete", lambda _: None)
        count = len(await self._entries(mailbox, ledger, queries.ours_in_ledger(None)))
        try:
            (answer,) = await self._ask("DeleteFolder", mailbox, queries.delete_folder(ledger))
            answers.succeeded(answer)
        except CalendarError as error:
            if error.code not in ("FolderNotFound", "ItemNotFound"):
                raise
        return count

    async def _remove(
        self,
        mailbox: str,
        find: Callable[[], Awaitable[Sequence[ItemRef]]],
        delete_type: str,
        removed: Callable[[int], None],
    ) -> int:
        gone: set[str] = set()
        failure: CalendarError | None = None
        for _ in range(_ROUNDS):
            todo = [ref for ref in await find() if ref.item_id not in gone]
            if not todo:
                return len(gone)
            failure = None
            for first in range(0, len(todo), BATCH):
                batch = todo[first : first + BATCH]
                results = await self._ask("DeleteItem", mailbox, messages.delete_items(batch, delete_type))
                before = len(gone)
                for ref, result in zip(batch, results, strict=False):
                    error = answers.error_of(result)
                    if error is None or error.code == "ItemNotFound":
                        gone.add(ref.item_id)
                    elif error.remedy in _PASSES:
                        failure = error
                    else:
                        raise error
                removed(len(gone) - before)
            if failure is not None:
                await asyncio.sleep(failure.retry_after_seconds or 0.5)
        raise failure or CalendarError("Unsteady", "items of ours keep coming back", Remedy.RETRY_SOON)

    async def _items(self, mailbox: str, restriction: str) -> tuple[Shown, ...]:
        parents = "".join(messages.distinguished(folder, mailbox) for folder in _FOLDERS)
        found = await self._all(mailbox, len(_FOLDERS), queries.ITEM_FIELDS, restriction, parents)
        return tuple(
            findings.shown(folder, element, item)
            for folder, elements in zip(_FOLDERS, found, strict=True)
            for element in elements
            for item in answers.items_of([element])
            if _KEY.fullmatch(item.key)
        )

    async def _entries(self, mailbox: str, ledger: str, restriction: str) -> list[Any]:
        fields = ["item:ItemClass", "item:Subject"]
        (entries,) = await self._all(mailbox, 1, fields, restriction, messages.folder_id(ledger))
        return entries

    async def _ledger(self, mailbox: str) -> str | None:
        (found,) = await self._ask("FindFolder", mailbox, messages.find_ledger(mailbox))
        return answers.first_folder_id(found)

    async def _all(
        self, mailbox: str, folders: int, fields: Iterable[str], restriction: str, parents: str
    ) -> list[list[Any]]:
        """Every element of each folder. What moves while pages are read may be missed, or found twice: once counts."""
        collected: list[dict[str, Any]] = [{} for _ in range(folders)]
        offset = 0
        while True:
            body = queries.find(fields, restriction, parents, offset)
            pages = [answers.page(message) for message in await self._ask("FindItem", mailbox, body)]
            if len(pages) != folders:
                raise CalendarError("BadAnswer", f"{len(pages)} folders for {folders}", Remedy.LOOK_FIRST)
            for known, page in zip(collected, pages, strict=True):
                known.update((answers.item_id(element), element) for element in page.elements)
            if all(page.is_last or not page.elements for page in pages):
                return [list(known.values()) for known in collected]
            offset += messages.PAGE_SIZE

    async def _ask(self, operation: str, mailbox: str, body: str) -> list[Any]:
        """One request, tried again while that may help, for as long as the server asks to wait."""
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, CalendarError) and error.remedy in _PASSES),
            wait=_seconds_to_wait,
            stop=stop_after_attempt(_ATTEMPTS),
            reraise=True,
        )
        answer: list[Any] = await retrying(self._workers.ask, operation, mailbox, body)
        return answer


@asynccontextmanager
async def inspection(endpoint: Endpoint, concurrency: int) -> AsyncIterator[Inspection]:
    """An :class:`Inspection` that is closed in the end. ``concurrency`` is how many requests it sends at once."""
    opened = Inspection(endpoint, concurrency)
    try:
        yield opened
    finally:
        await opened.close()


def _seconds_to_wait(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    if isinstance(failure, CalendarError) and failure.retry_after_seconds is not None:
        return failure.retry_after_seconds
    return wait_random_exponential(multiplier=0.25, max=10)(state)


def _ref(element: Any) -> ItemRef:
    return ItemRef(answers.item_id(element), "")
