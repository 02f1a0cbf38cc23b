"""``callsheet-consumer parked`` and ``held``: look at what was put aside, put it back to work, drop it."""

import asyncio
import functools
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from consumer.broker_settings import BrokerSettings
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
from consumer.commands.filters import filtered
from consumer.commands.parked_output import COLUMNS, Outcome, in_full, row, show, summary
from consumer.parking.message import ParkedMessage, Selection
from consumer.parking.replay import NotReplayable, released, replayed
from consumer.parking.rotation import Drop, Fate, Keep, Look, NotTaken, Send, rotation
from contract import names

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def parked_commands() -> typer.Typer:
    """The commands for the messages that could not be applied."""
    commands = _commands_for(names.PARKED_QUEUE)

    @commands.command("replay")
    @filtered
    def replay_messages(
        wanted: Selection,
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
        send = functools.partial(replayed, partitions=partitions, force=force)
        _send_back(names.PARKED_QUEUE, wanted, send, "replayed", dry_run, as_json)

    return commands


def held_commands() -> typer.Typer:
    """The commands for the mass changes that wait for a person."""
    commands = _commands_for(names.HELD_QUEUE)

    @commands.command("release")
    @filtered
    def release_messages(wanted: Selection, dry_run: DryRun = False, as_json: AsJson = False) -> None:
        """Let snapshots remove what they do not name: what was held is applied by the normal way.

        Look first: `held list` says how much each would remove. One that is no longer the newest of its mailbox changes
        nothing. What cannot be released stays, is named, and makes the exit code 1.
        """
        send = functools.partial(released, partitions=settings_of(BrokerSettings).partitions)
        _send_back(names.HELD_QUEUE, wanted, send, "released", dry_run, as_json)

    return commands


def _commands_for(queue: str) -> typer.Typer:
    """The commands that every queue of messages has that were put aside."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

    @commands.command("list")
    @filtered
    def list_messages(wanted: Selection, as_json: AsJson = False) -> None:
        """List the messages: when, why, whose, which booking. Nothing changes, however often it is called."""
        found: list[ParkedMessage] = []
        total = _go_round(queue, _noting(wanted, found, keep_body=False))
        if as_json:
            print_json({"queue": queue, "messages_in_queue": total, "messages": list(map(summary, found))})
            return
        display.print_table(COLUMNS, list(map(row, found)), wide="error")
        reasons = Counter(message.reason for message in found)
        counts = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        say(f"{len(found)} of {total} messages in {queue}" + (f": {counts}" if counts else ""))

    @commands.command("show")
    @filtered
    def show_messages(
        wanted: Selection,
        message_id: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Message ids.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Show messages in full, headers and body. Exit code 1 if there is none."""
        found: list[ParkedMessage] = []
        wanted = replace(wanted, ids=wanted.ids.union(message_id or ()))
        total = _go_round(queue, _noting(wanted, found, keep_body=True))
        if as_json:
            print_json({"queue": queue, "messages_in_queue": total, "messages": list(map(in_full, found))})
        else:
            for message in found:
                show(message)
        if not found:
            failed(f"None of the {total} messages in {queue} is meant by that.")

    @commands.command("drop")
    @filtered
    def drop_messages(
        wanted: Selection,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        dry_run: DryRun = False,
        as_json: AsJson = False,
    ) -> None:
        """Delete messages for good. Asks first; where nobody is there to ask, `--yes` is needed."""
        settings_of(BrokerSettings)
        if not (yes or dry_run or sys.stdin.isatty()):
            wrong_usage(f"Nobody is here to ask: say --yes to drop messages of {queue} for good, or --dry-run to look.")
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


def _send_back(
    queue: str, wanted: Selection, send: Callable[[ParkedMessage], Send], done: str, dry_run: bool, as_json: bool
) -> None:
    """Send what is meant back to work; ``send`` raises :class:`NotReplayable` for what has to stay."""
    outcome = Outcome()

    def look(message: ParkedMessage) -> Fate:
        if not wanted.covers(message):
            return Keep()
        try:
            fate = send(message)
        except NotReplayable as error:
            outcome.left.append((message.without_body(), str(error)))
            return Keep()
        outcome.done.append(message.without_body())
        return Keep() if dry_run else fate

    def not_taken(message: ParkedMessage, why: str) -> None:
        outcome.done.remove(message.without_body())
        outcome.left.append((message.without_body(), why))

    total = _go_round(queue, look, not_taken)
    outcome.report(queue, total, done, dry_run, as_json)


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
