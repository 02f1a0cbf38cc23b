"""The port to calendars, by Exchange Web Services."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews import answers, messages
from consumer.calendars.ews.connection import Connection, Endpoint
from consumer.calendars.ews.keys import find_keys, state_of_keys
from consumer.calendars.ews.remedies import of_a_whole_write, pressure_of
from consumer.calendars.ews.state import state_of
from consumer.calendars.ews.workers import Workers
from consumer.calendars.ews.writes import Kind, body_of, kind_of
from consumer.calendars.pace import Pace
from consumer.calendars.port import Result
from consumer.core.actions import Action
from consumer.core.mailbox import MailboxState

_MAX_LOADS = 3

_ENDING: Final = frozenset({Remedy.RETRY_SOON, Remedy.LOOK_FIRST, Remedy.MAILBOX, Remedy.OUTAGE})
"""Where a whole request failed so, it was not for its content: another one for the same mailbox would fail, too."""

Observer = Callable[[str, str, float], None]
"""Told of every request: operation, result (``ok`` or a code), seconds."""


class EwsGateway:
    """All mailboxes of one Exchange, through as many workers as ``pace`` lets work at the most.

    Implements :class:`consumer.calendars.port.Calendars`. ``pace`` is told of every answer, and says how many actions
    go into a request.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        pace: Pace,
        observe: Observer,
        on_stuck: Callable[[str, str | None], None] = lambda *_: None,
    ) -> None:
        self._endpoint = endpoint
        self._dialect = endpoint.dialect
        self._pace = pace
        connections = pace.most_mailboxes
        self._workers = Workers(lambda: Connection(self._endpoint), connections, endpoint.timeout_seconds, on_stuck)
        self._observe = observe

    async def probe(self, mailbox: str | None) -> None:
        """Ask whether a mailbox can be opened, or the server itself can be used. Raises :class:`CalendarError`."""
        if mailbox is not None:
            found = await self._ask_one("FindFolder", mailbox, messages.find_ledger(mailbox))
            answers.succeeded(found)
            return
        try:
            await self._ask("GetServerTimeZones", None, messages.knock())
        except CalendarError as error:
            # An account without a mailbox of its own, or a server that does not know the question: it answers, though.
            if error.remedy not in (Remedy.MAILBOX, Remedy.REJECTED, Remedy.UNKNOWN) or error.code.startswith("HTTP"):
                raise

    def renew(self, endpoint: Endpoint) -> bool:
        """Use this endpoint's account from the next connection on; True when it is another one."""
        if endpoint.password == self._endpoint.password and endpoint.oauth == self._endpoint.oauth:
            return False
        self._endpoint = endpoint
        self._workers.reconnect()
        return True

    async def load(self, mailbox: str, since: datetime, ledger_folder: str | None) -> MailboxState:
        """See :class:`consumer.calendars.port.Calendars`. Two or three requests while all of it fits on one page."""
        if ledger_folder is None:
            found = await self._ask_one("FindFolder", mailbox, messages.find_ledger(mailbox))
            ledger_folder = answers.first_folder_id(found)
        calendar, deleted = await self._all_pages(mailbox, 2, lambda at: messages.find_items(mailbox, since, at))
        entries: list[Any] = []
        if ledger_folder is not None:
            folder = ledger_folder
            (entries,) = await self._all_pages(mailbox, 1, lambda at: messages.find_ledger_entries(folder, at))
        return state_of(ledger_folder, calendar, deleted, entries)

    async def load_keys(
        self, mailbox: str, since: datetime, ledger_folder: str | None, keys: Collection[str]
    ) -> MailboxState:
        """See :class:`consumer.calendars.port.Calendars`."""
        folders = 2 if ledger_folder is None else 3
        found = await self._all_pages(mailbox, folders, lambda at: find_keys(mailbox, ledger_folder, keys, at))
        return state_of_keys(ledger_folder, since, found)

    async def write(self, mailbox: str, state: MailboxState, actions: Sequence[Action]) -> list[Result]:
        """See :class:`consumer.calendars.port.Calendars`."""
        by_kind: dict[Kind, list[int]] = {}
        for position, action in enumerate(actions):
            by_kind.setdefault(kind_of(action), []).append(position)
        results: dict[int, Result] = {}
        for kind, waiting in by_kind.items():
            while waiting:
                size = self._pace.items_for(mailbox)
                chunk, waiting = waiting[:size], waiting[size:]
                answered, ended_by = await self._write_batch(mailbox, state, kind, [actions[at] for at in chunk])
                results.update(zip(chunk, answered, strict=True))
                if ended_by is not None:
                    # The mailbox, or the server, takes no more now: the rest was not sent.
                    return [results.get(position, ended_by) for position in range(len(actions))]
        return [results[position] for position in range(len(actions))]

    async def close(self) -> None:
        """See :class:`consumer.calendars.port.Calendars`."""
        await self._workers.close()

    async def _write_batch(
        self, mailbox: str, state: MailboxState, kind: Kind, actions: Sequence[Action]
    ) -> tuple[list[Result], CalendarError | None]:
        """One request: a result for each action, and the error after which nothing more is to be sent now.

        A request that is refused for its content was not carried out at all: its actions are then sent one by one, to
        find those that are at fault.
        """
        started = time.monotonic()
        try:
            if kind is Kind.NEW_ENTRIES and state.ledger_folder is None:
                state.ledger_folder = await self._make_ledger(mailbox)
                started = time.monotonic()
            body = body_of(kind, mailbox, state, actions, self._dialect)
            answered = await self._ask(kind.operation, mailbox, body, len(actions))
        except CalendarError as error:
            if error.remedy is not Remedy.REJECTED or len(actions) == 1:
                whole = of_a_whole_write(error)
                return [whole] * len(actions), whole if whole.remedy in _ENDING else None
        else:
            results = _results(answered, len(actions))
            self._tell_pace(mailbox, results, time.monotonic() - started)
            return results, _stopped(results[-1])
        alone = [(await self._write_batch(mailbox, state, kind, [action]))[0] for action in actions]
        return [result for (result,) in alone], None

    def _tell_pace(self, mailbox: str, results: Sequence[Result], seconds: float) -> None:
        codes = {result.code for result in results if isinstance(result, CalendarError)}
        pressures = [pressure for code in sorted(codes) if (pressure := pressure_of(code)) is not None]
        for pressure in pressures:
            self._pace.pressed(mailbox, pressure, len(results))
        if not pressures:
            self._pace.answered(mailbox, seconds, len(results))

    async def _make_ledger(self, mailbox: str) -> str:
        try:
            made = await self._ask_one("CreateFolder", mailbox, messages.create_ledger(mailbox))
            folder = answers.first_folder_id(made)
        except CalendarError as error:
            if error.code != "FolderExists":
                raise
            found = await self._ask_one("FindFolder", mailbox, messages.find_ledger(mailbox))
            folder = answers.first_folder_id(found)
        if folder is None:
            raise CalendarError("BadAnswer", "the ledger folder has no id", Remedy.LOOK_FIRST)
        return folder

    async def _ask_one(self, operation: str, mailbox: str, body: str) -> Any:
        """The one response message of an operation that is asked about one thing."""
        messages_found = await self._ask(operation, mailbox, body)
        if len(messages_found) != 1:
            raise CalendarError("BadAnswer", f"{len(messages_found)} answers to one {operation}", Remedy.LOOK_FIRST)
        return messages_found[0]

    async def _ask(self, operation: str, mailbox: str | None, body: str, items: int = 0) -> list[Any]:
        """Send a request. One that writes ``items`` may be answered and have failed all the same: its caller looks."""
        started = time.monotonic()
        result = "ok"
        try:
            answered = await self._workers.ask(operation, mailbox, body)
            if mailbox is not None and items == 0:
                self._pace.answered(mailbox, time.monotonic() - started)
            return answered
        except CalendarError as error:
            result = error.code
            if mailbox is not None and (pressure := pressure_of(error.code)) is not None:
                self._pace.pressed(mailbox, pressure, items)
            raise
        finally:
            self._observe(operation, result, time.monotonic() - started)

    async def _all_pages(self, mailbox: str, folders: int, body: Callable[[int], str]) -> list[list[Any]]:
        """All elements of each folder.

        Pages overlap by one item and the number of items must stay equal, else the folders have changed while they
        were read, and an item may have slipped past: read again.
        """
        for _ in range(_MAX_LOADS):
            found = await self._pages_once(mailbox, folders, body)
            if found is not None:
                return found
        raise CalendarError("Unsteady", "the folder keeps changing while it is read", Remedy.RETRY_SOON)

    async def _pages_once(self, mailbox: str, folders: int, body: Callable[[int], str]) -> list[list[Any]] | None:
        collected: list[list[Any]] = [[] for _ in range(folders)]
        totals: list[int | None] = [None] * folders
        offset = 0
        while True:
            pages = [answers.page(message) for message in await self._ask("FindItem", mailbox, body(offset))]
            if len(pages) != folders:
                raise CalendarError("BadAnswer", f"{len(pages)} folders for {folders}", Remedy.LOOK_FIRST)
            for number, page in enumerate(pages):
                if totals[number] is None:
                    totals[number] = page.total
                elif totals[number] != page.total or not _overlaps(collected[number], page, offset):
                    return None
                collected[number].extend(page.elements[1 if offset and page.elements else 0 :])
            if all(page.is_last for page in pages):
                return collected
            if not any(page.elements for page in pages):
                return None
            offset += messages.PAGE_SIZE - 1


def _overlaps(collected: list[Any], page: answers.Page, offset: int) -> bool:
    """True when a page begins with the last item of the page before, or lies beyond the folder's end."""
    if not page.elements:
        return len(collected) <= offset + 1
    return bool(collected) and answers.item_id(collected[-1]) == answers.item_id(page.elements[0])


def _results(answered: list[Any], expected: int) -> list[Result]:
    """One result for each action. Where some are missing nobody knows which: then none is known."""
    if len(answered) == expected:
        return [answers.written_ref(message) for message in answered]
    error = CalendarError("BadAnswer", f"{len(answered)} results for {expected} actions", Remedy.LOOK_FIRST)
    return [error] * expected


def _stopped(last: Result) -> CalendarError | None:
    """The error of a batch's last action when the server gave the batch up before it."""
    return last if isinstance(last, CalendarError) and last.remedy is Remedy.SEND_AGAIN else None
