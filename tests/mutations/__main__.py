"""Switches every safeguard off, one at a time, in a copy of the checkout, and shows how its scenario then ends.

``python -m tests.mutations [WORD…]``: only those whose name holds one of the words. Exit code 0 when all scenarios pass
as the code stands and each one fails without its safeguard; 1 when one does not; 2 when a patch no longer fits.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from deploy.sandbox.children import CHECKOUT, TemporaryFolder
from tests.mutations.safeguards import MUTATIONS, Mutation

_LEFT_OUT: Final = shutil.ignore_patterns(".*", "__pycache__", "*.log", "dist", "build", "node_modules")
_TESTS_FAILED: Final = 1
_DEADLINE_SECONDS: Final = 300.0
_ASSERTION: Final = re.compile(r"^E +(?:AssertionError: )?(?P<text>assert .*)$", re.MULTILINE)
_REASON: Final = re.compile(r"^E +(?:AssertionError: )?(?P<text>\S.*)$", re.MULTILINE)


class DoesNotFitError(Exception):
    """The text that a patch replaces does not stand once in its file: the code has changed, the patch has not."""


def patched(text: str, mutation: Mutation) -> str:
    """The text of its file with the safeguard switched off. Raises :class:`DoesNotFitError`."""
    times = text.count(mutation.present)
    if times != 1:
        raise DoesNotFitError(f"{mutation.safeguard}: {mutation.file} holds {mutation.present!r} {times} times, not 1")
    return text.replace(mutation.present, mutation.instead)


def main(words: Sequence[str]) -> int:
    """Run it; the exit code."""
    chosen = [one for one in MUTATIONS if not words or any(word in one.safeguard for word in words)]
    console = Console(soft_wrap=True)
    if not chosen:
        console.print(f"No safeguard is named so. There are: {', '.join(one.safeguard for one in MUTATIONS)}")
        return 2
    with TemporaryFolder("mutations") as folder:
        tree = folder.path / "callsheet"
        shutil.copytree(CHECKOUT, tree, ignore=_LEFT_OUT)
        try:
            texts = {one: patched((tree / one.file).read_text(), one) for one in chosen}
        except DoesNotFitError as error:
            console.print(f"mutations: {error}", markup=False)
            return 2
        console.print(f"As the code stands: {len(chosen)} scenarios …")
        code, output = _pytest(tree, [one.test for one in chosen])
        if code != 0:
            console.print(output, markup=False)
            console.print("mutations: not all of them pass as the code stands")
            return 1
        failures = {one: _without(tree, one, texts[one], console) for one in chosen}
    console.print(_table(failures))
    survived = [one.safeguard for one, failure in failures.items() if failure is None]
    missed = f" ({', '.join(survived)})" if survived else ""
    console.print(f"mutations: safeguards={len(chosen)} noticed={len(chosen) - len(survived)}{missed}", markup=False)
    return 1 if survived else 0


def _without(tree: Path, mutation: Mutation, text: str, console: Console) -> str | None:
    """How the scenario fails without its safeguard; None when it does not fail."""
    console.print(f"Without: {mutation.safeguard} …")
    file = tree / mutation.file
    whole = file.read_text()
    file.write_text(text)
    try:
        code, output = _pytest(tree, [mutation.test])
    finally:
        file.write_text(whole)
    if code != _TESTS_FAILED:
        # Not even collected, or broken off, is no answer either.
        console.print(output if code else "  it passes all the same", markup=False)
        return None
    found = _ASSERTION.search(output) or _REASON.search(output)
    return found["text"] if found else "failed"


def _pytest(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of these tests in the copy."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return -1, f"not within {_DEADLINE_SECONDS:g} s:\n{late.output}"
    return done.returncode, done.stdout


def _table(failures: dict[Mutation, str | None]) -> Table:
    table = Table(title="What happens without each safeguard")
    for heading in ("safeguard switched off", "scenario", "how it ends"):
        table.add_column(heading, overflow="fold")
    for one, failure in failures.items():
        table.add_row(one.safeguard, one.test.partition("::")[2], failure or "NOTHING: it passes all the same")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
