"""The command line: measure, or make the document from what was measured before."""

import shlex
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.bench import Bench
from benchmarks.display import print_table, progress
from benchmarks.figures import summary
from benchmarks.machine import machine
from benchmarks.measuring import BenchmarkFailed
from benchmarks.report import write_document
from benchmarks.results import Results, joined, load
from benchmarks.sizes import FULL, QUICK, SMOKE, Sizes
from benchmarks.workloads import WORKLOADS
from deploy.sandbox.broker import BrokerUnavailable, PrivateBroker
from deploy.sandbox.children import CHECKOUT, ChildError, TemporaryFolder
from deploy.sandbox.pentabarf import UnreadableSchedule
from producers.sources.damaged import DamagedFile

RESULTS: Final = CHECKOUT / "build" / "bench"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def measure(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller and fewer: at most 8 minutes.")] = False,
    smoke: Annotated[bool, typer.Option("--smoke", help="Tiny: shows only that everything works.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="One workload; may be repeated.")] = None,
    json: Annotated[Path | None, typer.Option(help="Where the results go.", dir_okay=False)] = None,
    schedules: Annotated[
        Path | None, typer.Option(help="The versions of a real schedule (pentabarf).", exists=True, file_okay=False)
    ] = None,
    document: Annotated[
        bool,
        typer.Option("--document", help="Write docs/performance.md, as a full run of everything does."),
    ] = False,
) -> None:
    """Measure all workloads, print a table, and last one line with the figures that have a bar."""
    if context.invoked_subcommand is not None:
        return
    wanted = only or list(WORKLOADS)
    if unknown := set(wanted) - WORKLOADS.keys():
        raise typer.BadParameter(f"--only: found {', '.join(sorted(unknown))}; expected one of {', '.join(WORKLOADS)}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    sizes = SMOKE if smoke else QUICK if quick else FULL
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    results = Results(sizes.name, datetime.now(UTC).isoformat(timespec="seconds"), machine(), command)
    file = json or RESULTS / f"{sizes.name}.json"
    try:
        play(sizes, wanted, results, schedules)
    except (BrokerUnavailable, ChildError, BenchmarkFailed, UnreadableSchedule, DamagedFile) as error:
        results.save(file)
        sys.stderr.write(f"bench: {error}\nWhat was measured before stands in {file}.\n")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    results.save(file)
    if document or (sizes is FULL and not only):
        write_document(results)
    print_table(results)
    sys.stdout.write(summary(results) + "\n")


@app.command()
def report(
    files: Annotated[list[Path], typer.Argument(help="Saved results (JSON), each of other workloads.", exists=True)],
) -> None:
    """Make docs/performance.md and its plots from saved results; print the last line, too."""
    try:
        results = joined([load(file) for file in files])
    except (ValueError, TypeError, KeyError) as error:
        named = ", ".join(map(str, files))
        sys.stderr.write(f"bench: {named}: no results of this benchmark, or they do not go together: {error!r}\n")
        raise typer.Exit(2) from None
    write_document(results)
    sys.stdout.write(summary(results) + "\n")


def play(sizes: Sizes, wanted: list[str], results: Results, schedules: Path | None = None) -> None:
    """Play the wanted workloads. Raises BrokerUnavailable, ChildError, BenchmarkFailed."""
    started = time.monotonic()
    with TemporaryFolder("bench") as folder, PrivateBroker() as broker, progress(len(wanted)) as (say, next_one):
        bench = Bench(sizes, broker, folder.path, results, say, schedules)
        for name in wanted:
            next_one(name)
            WORKLOADS[name](bench)
    results.seconds = time.monotonic() - started


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command that the arguments name."""
    app()
