"""``callsheet-consumer purge``: take what is ours out of mailboxes."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumer.commands import display
from consumer.commands.command_line import FAILED, failed, print_json, say, settings_of, stop_at_signal, wrong_usage
from contract.identity import source_mark

if TYPE_CHECKING:
    from consumer.calendars.ews.findings import Holdings
    from consumer.calendars.ews.inspection import Inspection
    from consumer.settings import PurgeSettings


def purge(
    mailbox: Annotated[list[str] | None, typer.Argument(metavar="[MAILBOX]...", help="SMTP addresses.")] = None,
    denied: Annotated[
        bool, typer.Option("--denied", help="All mailboxes that `deny` in the enrolment file names one by one.")
    ] = False,
    source: Annotated[str | None, typer.Option("--source", metavar="URI", help="Only what this source wrote.")] = None,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="The hidden ledger folder too (with --source: its entries of that source).")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Remove Callsheet's items from mailboxes, past and future, known by their marks alone; nobody gets a cancellation.

    What people entered themselves stays. Items go to Recoverable Items. Take the mailboxes out of the enrolment first:
    an event that arrives later would write there again. Needs the settings of Exchange.
    """
    from consumer.settings import PurgeSettings

    settings = settings_of(PurgeSettings)
    mailboxes = _mailboxes(settings, mailbox or [], denied)
    if not (plan or yes or sys.stdin.isatty()):
        wrong_usage("Nobody is here to ask: say --yes to remove Callsheet's items for good, or --plan to look.")
    mark = source_mark(source) if source is not None else None
    if plan or not yes:
        held = _each(settings, mailboxes, "looking", lambda exchange, one: _count(exchange, one, mark, ledger))
        if plan:
            _report(held, "would_be_removed", as_json)
            return
        total = sum(one.items + one.ledger_entries for one in held)
        if total and not typer.confirm(f"Remove {total} items from {len(held)} mailboxes?", err=True):
            failed("Nothing was removed.")
    done = _each(settings, mailboxes, "removing", lambda exchange, one: _remove(exchange, one, mark, ledger))
    _report(done, "removed", as_json)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found in, or removed from, one mailbox. ``error`` is empty where all went well."""

    mailbox: str
    items: int = 0
    ledger_entries: int = 0
    first: str = ""
    last: str = ""
    error: str = ""


_Step = Callable[["Inspection", str], Awaitable[_Outcome]]


async def _count(exchange: "Inspection", mailbox: str, source: str | None, ledger: bool) -> _Outcome:
    held: Holdings = await exchange.holdings(mailbox, source)
    times = sorted(shown.item.start for shown in held.items)
    entries = held.ledger_entries or 0
    return _Outcome(
        mailbox,
        len(held.items),
        entries if ledger else 0,
        display.local(times[0]) if times else "",
        display.local(times[-1]) if times else "",
    )


async def _remove(exchange: "Inspection", mailbox: str, source: str | None, ledger: bool) -> _Outcome:
    from consumer.calendars.errors import CalendarError, Remedy

    removed = 0

    def count(items: int) -> None:
        nonlocal removed
        removed += items

    try:
        await exchange.remove_items(mailbox, source, count)
        entries = await exchange.remove_ledger(mailbox, source) if ledger else 0
    except CalendarError as error:
        if error.remedy is Remedy.OUTAGE:
            raise
        return _Outcome(mailbox, removed, error=str(error))
    return _Outcome(mailbox, removed, entries)


def _each(settings: "PurgeSettings", mailboxes: list[str], doing: str, step: _Step) -> list[_Outcome]:
    """A step for every mailbox, several at once, with progress. Ends with 1 where Exchange as a whole is away."""
    from consumer.calendars.errors import CalendarError, Remedy
    from consumer.calendars.ews.inspection import inspection
    from consumer.commands.exchange import clear_exchange_errors

    async def go() -> list[_Outcome]:
        waiting = list(reversed(mailboxes))
        outcomes: dict[str, _Outcome] = {}

        async def next_one(exchange: "Inspection", advance: Callable[[int], None]) -> None:
            mailbox = waiting.pop()
            try:
                outcomes[mailbox] = await step(exchange, mailbox)
            except CalendarError as error:
                if error.remedy is Remedy.OUTAGE:
                    # Wrong password or no connection: more attempts would lock the account, or change nothing.
                    raise
                outcomes[mailbox] = _Outcome(mailbox, error=str(error))
            advance(1)

        with stop_at_signal() as stop, display.progress(doing, len(mailboxes)) as advance:
            count = min(settings.ews_concurrency, len(mailboxes))

            async def work(exchange: "Inspection") -> None:
                while waiting and not stop.is_set():
                    await next_one(exchange, advance)

            async with inspection(settings.endpoint(), count) as exchange:
                # The first alone, so that a wrong password is tried once and not by all at the same time.
                await next_one(exchange, advance)
                await asyncio.gather(*(work(exchange) for _ in range(count)))
        return [outcomes.get(one, _Outcome(one, error="not reached: stopped before")) for one in mailboxes]

    with clear_exchange_errors("all mailboxes"):
        return asyncio.run(go())


def _mailboxes(settings: "PurgeSettings", named: list[str], denied: bool) -> list[str]:
    """The mailboxes that are meant, each once. Ends the program with 2 where that cannot be told."""
    from consumer.commands.exchange import is_pattern, mailbox_address
    from consumer.enrolment import EnrolmentError, read_enrolment

    mailboxes = [mailbox_address(one) for one in named]
    if settings.enrolment_file is None:
        if denied:
            wrong_usage("--denied needs CALLSHEET_ENROLMENT_FILE, the file whose `deny` is meant.")
    else:
        try:
            enrolment = read_enrolment(settings.enrolment_file)
        except EnrolmentError as error:
            wrong_usage(f"CALLSHEET_ENROLMENT_FILE: {error}")
        for pattern in enrolment.deny if denied else ():
            if is_pattern(pattern):
                say(f"{pattern} is a pattern: Exchange cannot list what it stands for. Name those mailboxes yourself.")
            else:
                mailboxes.append(mailbox_address(pattern))
        for one in mailboxes:
            if enrolment.covers(one):
                say(f"{one} is still enrolled: the next event for it writes there again.")
    if not mailboxes:
        wrong_usage("No mailbox is named; expected addresses, or --denied with addresses in the enrolment's `deny`.")
    return list(dict.fromkeys(mailboxes))


def _report(outcomes: list[_Outcome], did: str, as_json: bool) -> None:
    """Say what became of each mailbox; the end, with 1, if one of them failed."""
    if as_json:
        print_json({"mailboxes": [_document(one, did) for one in outcomes]})
    else:
        columns = ("mailbox", "items", "ledger entries", "first", "last", "problem")
        rows = [
            (one.mailbox, str(one.items), str(one.ledger_entries), one.first, one.last, one.error) for one in outcomes
        ]
        display.print_table(columns, rows, wide="problem")
        total = sum(one.items for one in outcomes)
        say(f"{did.replace('_', ' ')}: {total} items, {sum(one.ledger_entries for one in outcomes)} ledger entries")
    if any(one.error for one in outcomes):
        raise typer.Exit(FAILED)


def _document(one: _Outcome, did: str) -> dict[str, Any]:
    return {
        "mailbox": one.mailbox,
        did: {"items": one.items, "ledger_entries": one.ledger_entries},
        "first": one.first or None,
        "last": one.last or None,
        "error": one.error or None,
    }
