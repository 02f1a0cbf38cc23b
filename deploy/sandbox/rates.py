"""How much a schedule changes from one version to the next: ``python -m deploy.sandbox.rates DIR`` prints a table.

The built-in sample (studio.py) changes at the rates that this measured on a real schedule.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from deploy.sandbox.pentabarf import Schedule, UnreadableSchedule, read, versions_in

KINDS: Final = ("added", "cancelled", "retimed", "moved", "reassigned", "renamed")
"""What can happen to a session between two versions; one session can be retimed, moved and renamed at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """The changes from one version to the next."""

    sessions: int
    """In the earlier version."""
    changes: Counter[str]


def difference(earlier: Schedule, later: Schedule) -> Step:
    """Count the changes from one version to the next. A session is the same as long as its guid is."""
    before = {session.guid: session for session in earlier.sessions}
    after = {session.guid: session for session in later.sessions}
    changes: Counter[str] = Counter()
    changes["added"] = len(after.keys() - before.keys())
    changes["cancelled"] = len(before.keys() - after.keys())
    for guid in before.keys() & after.keys():
        old, new = before[guid], after[guid]
        changes["retimed"] += (old.start, old.duration) != (new.start, new.duration)
        changes["moved"] += old.room != new.room
        changes["reassigned"] += set(old.persons) != set(new.persons)
        changes["renamed"] += old.title != new.title
    return Step(len(before), changes)


def steps(versions: Sequence[Schedule]) -> list[Step]:
    """The changes of every version after the first."""
    return [difference(earlier, later) for earlier, later in pairwise(versions)]


def mean_rates(measured: Sequence[Step]) -> dict[str, float]:
    """For each kind: changes in all steps, divided by the sessions there were."""
    sessions = sum(step.sessions for step in measured)
    return {kind: sum(step.changes[kind] for step in measured) / sessions for kind in KINDS}


def table(measured: Sequence[Step]) -> str:
    """One line for each step with its counts, and one with the mean rates in per cent of the sessions."""
    lines = ["step  sessions  " + "  ".join(f"{kind:>10}" for kind in KINDS)]
    for number, step in enumerate(measured, start=1):
        counts = "  ".join(f"{step.changes[kind]:>10}" for kind in KINDS)
        lines.append(f"{number:>4}  {step.sessions:>8}  {counts}")
    rates = mean_rates(measured)
    lines.append("mean            " + "  ".join(f"{rates[kind]:>10.2%}" for kind in KINDS))
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the table of a folder of versions. 0: done, 1: a file cannot be read, 2: wrong usage."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m deploy.sandbox.rates DIR   (a folder of pentabarf versions)\n")
        return 2
    try:
        versions = [read(path) for path in versions_in(Path(arguments[0]))]
    except UnreadableSchedule as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table(steps(versions)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
