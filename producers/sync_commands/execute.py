"""The three ways of a sync: show the plan, update once, stay."""

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

import typer

from producers.command_line import FAILED, console, print_json, say, say_error
from producers.progress import Advance, progress
from producers.sync.daemon import Daemon
from producers.sync.failure import FAILURES
from producers.sync.plan import Accepted, Plan
from producers.sync.port import SyncPort
from producers.sync.run import Summary, SyncRefused
from producers.sync.status import Status, as_json
from producers.sync.update import Updater
from producers.sync_commands.options import Options
from producers.sync_commands.plan_view import plan_as_json, print_plan

_NAMED_AT_MOST: Final = 20


async def show_plan(updater: Updater, options: Options) -> None:
    """Prints the plan, and then fails if an update would be refused."""
    planned = await updater.plan(options.request(), _accepted(options))
    if options.as_json:
        print_json(plan_as_json(planned))
    else:
        print_plan(planned)
    if planned.refusal is not None:
        say_error(SyncRefused(planned.refusal))
        raise typer.Exit(FAILED)


async def update_once(updater: Updater, options: Options) -> None:
    """One update. Writes the status also when it fails, and raises what the update raises."""
    request, status = options.request(), Status(datetime.now(UTC))
    with ExitStack() as shown:

        def advance(planned: Plan) -> Advance:
            return shown.enter_context(progress(console(), "events", planned.events))

        try:
            summary = await updater.update(request, _accepted(options), advance)
        except FAILURES as error:
            status.failed(request, datetime.now(UTC), error)
            raise
        else:
            status.succeeded(request, datetime.now(UTC), summary)
        finally:
            if options.status is not None:
                status.write(options.status)
    _report(summary, options)


async def stay(updater: Updater, options: Options) -> None:
    """Updates until SIGTERM or SIGINT."""

    def report(status: Status) -> None:
        if status.error is not None:
            say_error(status.error)
        elif status.summary is not None:
            _report(status.summary, options)
        if options.status is not None:
            try:
                status.write(options.status)
            except OSError as error:
                say_error(error)

    daemon = Daemon(updater, options.timetable, report)
    with ExitStack() as opened:
        if options.http_port is not None:
            port = SyncPort(options.http_host, options.http_port, daemon)
            opened.callback(port.close)
            say(console(), f"sync: http://{options.http_host}:{port.port}/ has metrics, healthz, status and trigger")
        await daemon.run(options.request(), _accepted(options))


def _accepted(options: Options) -> Accepted:
    return Accepted(empty=options.allow_empty, shrink=options.accept_shrink)


def _report(summary: Summary, options: Options) -> None:
    if options.as_json:
        print_json(as_json(summary))
        return
    screen = console()
    for item, name in summary.unmapped[:_NAMED_AT_MOST]:
        say(screen, f"no mailbox for {item}" + (f" ({name})" if name != item.id else ""))
    if len(summary.unmapped) > _NAMED_AT_MOST:
        say(screen, f"no mailbox for {len(summary.unmapped) - _NAMED_AT_MOST} more (--json names all)")
    typer.echo(
        f"sync: source={summary.source} bookings={summary.bookings} changed={summary.changed} "
        f"cancelled={summary.cancelled} sent_again={summary.sent_again} snapshots={summary.snapshots} "
        f"mailboxes={summary.mailboxes} unmapped={len(summary.unmapped)} seconds={summary.seconds:.1f}"
    )
