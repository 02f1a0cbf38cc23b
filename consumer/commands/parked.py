"""``callsheet-consumer parked`` and ``held``: look at what was put aside, put it back to work, drop it."""

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from consumer.broker_settings import BrokerSettings, seconds
from consumer.commands import display
from consumer.commands.command_line import (
    clear_broker_errors,
    failed,
    print_json,
    say,
    settings_of,
    stop_at_signal,
    wrong_usage,
)
from consumer.commands.parked_output import COLUMNS, Outcome, in_full, row, show, summary
from consumer.parking.message import NO_REASON, ParkedMessage, Selection
from consumer.parking.replay import NotReplayable, replayed
from consumer.parking.rotation import Drop, Fate, Keep, Look, NotTaken, rotation
from contract.reasons import Reason

# What RabbitMQ itself may give as the reason of a dead letter.
_OF_THE_BROKER: Final = ("delivery_limit", "expired", "maxlen", "rejected")
_KNOWN_REASONS: Final = frozenset({*map(str, Reason), *_OF_THE_BROKER, NO_REASON})


def _duration(text: str) -> timedelta:
    try:
        return timedelta(seconds=seconds(text))
    except (ValueError, OverflowError):
        raise typer.BadParameter("expected a duration like 90s, 30m, 2h or 7d") from None


def _reason(text: str) -> str:
    if text not in _KNOWN_REASONS:
        raise typer.BadParameter(f"{text!r} is no reason; expected one of {', '.join(sorted(_KNOWN_REASONS))}")
    return text


Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", metavar="CODE", parser=_reason, help="Only with this reason; repeatable."),
]
Mailboxes = Annotated[
    str, typer.Option("--mailbox", metavar="PATTERN", help="Only of these mailboxes: `*@studio.example.com`.")
]
OlderThan = Annotated[
    timedelta | None,
    typer.Option("--older-than", metavar="AGE", parser=_duration, help="Only parked longer ago than this: `2h`."),
]
NewerThan = Annotated[
    timedelta | None,
    typer.Option("--newer-than", metavar="AGE", parser=_duration, help="Only parked later than this long ago: `2h`."),
]
Ids = Annotated[list[str] | None, typer.Option("--id", metavar="ID", help="Only with this message id; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def commands_for(queue: str) -> typer.Typer:
    """The commands for one queue of messages that were put aside."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

    @commands.command("list")
    def list_messages(
        reason: Reasons = None,
        mailbox: Mailboxes = "",
        older_than: OlderThan = None,
        newer_than: NewerThan = None,
        ids: Ids = None,
        as_json: AsJson = False,
    ) -> None:
        """List the messages: when, why, whose, which booking. Nothing changes, however often it is called."""
        found: list[ParkedMessage] = []
        total = _go_round(
            queue, _noting(_selection(reason, mailbox, older_than, newer_than, ids), found, keep_body=False)
        )
        if as_json:
            print_json({"queue": queue, "messages_in_queue": total, "messages": list(map(summary, found))})
            return
        display.print_table(COLUMNS, list(map(row, found)), wide="error")
        reasons = Counter(message.reason for message in found)
        counts = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        say(f"{len(found)} of {total} messages in {queue}" + (f": {counts}" if counts else ""))

    @commands.command("show")
    def show_messages(
        message_id: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Message ids.")] = None,
        reason: Reasons = None,
        mailbox: Mailboxes = "",
        older_than: OlderThan = None,
        newer_than: NewerThan = None,
        ids: Ids = None,
        as_json: AsJson = False,
    ) -> None:
        """Show messages in full, headers and body. Exit code 1 if there is none."""
        found: list[ParkedMessage] = []
        wanted = _selection(reason, mailbox, older_than, newer_than, [*(ids or ()), *(message_id or ())])
        total = _go_round(queue, _noting(wanted, found, keep_body=True))
        if as_json:
            print_json({"queue": queue, "messages_in_queue": total, "messages": list(map(in_full, found))})
        else:
            for message in found:
                show(message)
        if not found:
            failed(f"None of the {total} messages in {queue} is meant by that.")

    @commands.command("replay")
    def replay_messages(
        reason: Reasons = None,
        mailbox: Mailboxes = "",
        older_than: OlderThan = None,
        newer_than: NewerThan = None,
        ids: Ids = None,
        force: Annotated[
            bool,
            typer.Option("--force", help="Also those parked as `too_old`: apply them although they may be cancelled."),
        ] = False,
        dry_run: DryRun = False,
        as_json: AsJson = False,
    ) -> None:
        """Put messages back to work by the normal way, as if they had just been published.

        Attempts start anew; the message id stays. Safe at any time: an event that is no longer the newest of its
        booking changes nothing. What cannot be replayed stays, is named, and makes the exit code 1.
        """
        partitions = settings_of(BrokerSettings).partitions
        outcome = Outcome()
        wanted = _selection(reason, mailbox, older_than, newer_than, ids)

        def look(message: ParkedMessage) -> Fate:
            if not wanted.covers(message):
                return Keep()
            try:
                send = replayed(message, partitions, force)
            except NotReplayable as error:
                outcome.left.append((message.without_body(), str(error)))
                return Keep()
            outcome.done.append(message.without_body())
            return Keep() if dry_run else send

        def not_taken(message: ParkedMessage, why: str) -> None:
            outcome.done.remove(message.without_body())
            outcome.left.append((message.without_body(), why))

        total = _go_round(queue, look, not_taken)
        outcome.report(queue, total, "replayed", dry_run, as_json)

    @commands.command("drop")
    def drop_messages(
        reason: Reasons = None,
        mailbox: Mailboxes = "",
        older_than: OlderThan = None,
        newer_than: NewerThan = None,
        ids: Ids = None,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        dry_run: DryRun = False,
        as_json: AsJson = False,
    ) -> None:
        """Delete messages for good. Asks first; where nobody is there to ask, `--yes` is needed."""
        settings_of(BrokerSettings)
        if not (yes or dry_run or sys.stdin.isatty()):
            wrong_usage(f"Nobody is here to ask: say --yes to drop messages of {queue} for good, or --dry-run to look.")
        wanted = _selection(reason, mailbox, older_than, newer_than, ids)
        outcome = Outcome()
        at_most: int | None = None
        if not yes and not dry_run:
            _go_round(queue, _noting(wanted, outcome.done, keep_body=False))
            at_most = len(outcome.done)
            if at_most and not typer.confirm(f"Drop {at_most} messages of {queue} for good?", err=True):
                failed("Nothing was dropped.")
            outcome = Outcome()

        def look(message: ParkedMessage) -> Fate:
            # What has come since the question was asked is behind those that were counted.
            if not wanted.covers(message) or len(outcome.done) == at_most:
                return Keep()
            outcome.done.append(message.without_body())
            return Keep() if dry_run else Drop()

        outcome.report(queue, _go_round(queue, look), "dropped", dry_run, as_json)

    return commands


def _selection(
    reasons: list[str] | None,
    mailbox: str,
    older_than: timedelta | None,
    newer_than: timedelta | None,
    ids: list[str] | None,
) -> Selection:
    now = datetime.now(UTC)
    try:
        return Selection(
            reasons=frozenset(reasons or ()),
            ids=frozenset(ids or ()),
            mailbox=mailbox,
            parked_before=None if older_than is None else now - older_than,
            parked_after=None if newer_than is None else now - newer_than,
        )
    except OverflowError:
        raise typer.BadParameter("an age reaches back before the year 1") from None


def _noting(wanted: Selection, found: list[ParkedMessage], *, keep_body: bool) -> Look:
    """Keep every message, and note those that are meant; without their bodies they need little memory."""

    def look(message: ParkedMessage) -> Fate:
        if wanted.covers(message):
            found.append(message if keep_body else message.without_body())
        return Keep()

    return look


def _go_round(queue: str, look: Look, not_taken: NotTaken = lambda *_: None) -> int:
    """One pass over the queue, with progress. How many messages there were. Ends the program where the broker fails."""
    settings = settings_of(BrokerSettings)

    async def go() -> tuple[int, int]:
        with stop_at_signal() as stop:
            async with rotation(settings.amqp_url.get_secret_value(), queue) as turn:
                with display.progress(queue, turn.waiting) as advance:
                    return await turn.go_round(look, not_taken, advance, stop.is_set), turn.waiting

    with clear_broker_errors():
        seen, waiting = asyncio.run(go())
    if seen < waiting:
        say(f"Stopped after {seen} of {waiting} messages; nothing is lost.")
    return seen
