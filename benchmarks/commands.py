"""The command line: measure, or make the document from what was measured before."""

import shlex
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.bench import Bench
from benchmarks.machine import machine
from benchmarks.measuring import BenchmarkFailed
from benchmarks.results import Results
from benchmarks.sizes import FULL, QUICK, SMOKE, Sizes
from benchmarks.workloads import WORKLOADS
from deploy.sandbox.broker import BrokerUnavailable, PrivateBroker
from deploy.sandbox.children import CHECKOUT, ChildError, TemporaryFolder

RESULTS: Final = CHECKOUT / "build" / "bench"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def measure(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller and fewer: at most 8 minutes.")] = False,
    smoke: Annotated[bool, typer.Option("--smoke", help="Tiny: shows only that everything works.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="One workload; may be repeated.")] = None,
    json: Annotated[Path | None, typer.Option(help="Where the results go.", dir_okay=False)] = None,
    document: Annotated[bool, typer.Option(help="Write docs/performance.md and its plots.")] = False,
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
    try:
        play(sizes, wanted, results, _say)
    except (BrokerUnavailable, ChildError, BenchmarkFailed) as error:
        sys.stderr.write(f"bench: {error}\n")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    results.save(json or RESULTS / f"{sizes.name}.json")


def play(sizes: Sizes, wanted: list[str], results: Results, say: Callable[[str], None]) -> None:
    """Play the wanted workloads. Raises BrokerUnavailable, ChildError, BenchmarkFailed."""
    started = time.monotonic()
    with TemporaryFolder("bench") as folder, PrivateBroker() as broker:
        bench = Bench(sizes, broker, folder.path, results, say)
        for name in wanted:
            WORKLOADS[name](bench)
    results.seconds = time.monotonic() - started


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command that the arguments name."""
    app()
