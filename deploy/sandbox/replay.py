"""Replays the versions of a schedule: publish, wait until the consumers have settled it, next."""

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from deploy.sandbox.children import ChildError
from deploy.sandbox.display import Display
from deploy.sandbox.edition import Edition
from deploy.sandbox.installation import SOURCE, Installation


class NotSettled(RuntimeError):
    """The consumers did not settle everything in time. The text says what is left and where."""


@dataclass
class Replay:
    """The way through all versions, with what it has published so far.

    ``state`` is the producer's file; beside it stands which version was replayed last, so that a replay on a kept store
    goes on from there: a schedule is never published backwards.
    """

    installation: Installation
    edition: Edition
    state: Path
    display: Display
    timeout_seconds: float
    published: int = 0

    def run(self) -> None:
        """Publish and settle every version that is not in the store yet, and the last one in any case.

        Raises ChildError when a part ends and NotSettled after the time limit.
        """
        done = self._done_before()
        total = len(self.edition.files)
        for number, (file, version) in enumerate(zip(self.edition.files, self.edition.versions, strict=True), start=1):
            if number < total and number <= done:
                self.display.line(f"version {number:>2}/{total}  already in the store")
                continue
            started = time.monotonic()
            summary = self._sync(file)
            count = summary["changed"] + summary["cancelled"]
            self.published += count
            self._settle(count, f"version {number:>2}/{total}")
            self._note(number)
            self.display.line(
                f"version {number:>2}/{total}  {len(version.sessions)} sessions, published {count} "
                f"({summary['changed']} changed, {summary['cancelled']} cancelled), "
                f"settled in {time.monotonic() - started:.1f} s"
            )
        self._require_quiet()

    def repeat(self) -> int:
        """Publish the last version once more, which changes nothing; the number of events, which ought to be none."""
        summary = self._sync(self.edition.files[-1])
        return int(summary["changed"] + summary["cancelled"])

    def _sync(self, file: Path) -> dict[str, Any]:
        child = self.installation.producer(
            *("sync", "pentabarf", file, "--directory", self.edition.directory_file),
            *("--state", self.state, "--source", SOURCE, "--json"),
        )
        try:
            output = child.stdout.read()
            code = child.wait(self.timeout_seconds)
        finally:
            child.stop()
        if code:
            raise ChildError(f"callsheet-producer sync {file.name} ended with code {code}:\n{child.tail()}")
        summary: dict[str, Any] = json.loads(output)
        if summary["unmapped"]:
            self.display.line(f"            {len(summary['unmapped'])} people or rooms have no mailbox")
        return summary

    def _settle(self, count: int, what: str) -> None:
        installation = self.installation
        before = self.published - count
        deadline = time.monotonic() + self.timeout_seconds
        with self.display.progress(f"{what}  settling", count) as advance:
            while (settled := installation.settled()) < self.published or installation.waiting():
                advance(settled - before)
                self._check(deadline)
                time.sleep(0.1)

    def _require_quiet(self) -> None:
        """Nothing waits, and this does not change for longer than queue lengths may be old."""
        deadline = time.monotonic() + self.timeout_seconds
        quiet_since = time.monotonic()
        quiet_seconds = 2 * self.installation.broker.queue_lengths_delay_seconds
        while time.monotonic() - quiet_since < quiet_seconds:
            self._check(deadline)
            if self.installation.waiting():
                quiet_since = time.monotonic()
            time.sleep(0.1)

    def _check(self, deadline: float) -> None:
        self.installation.require_running()
        if time.monotonic() > deadline:
            logs = "\n".join(f"{replica.name}:\n{replica.tail(8)}" for replica in self.installation.replicas)
            raise NotSettled(
                f"not settled within {self.timeout_seconds:g} s: {self.installation.settled()} of {self.published} "
                f"events are done, {self.installation.waiting()} messages wait. The replicas say last:\n{logs}"
            )

    @property
    def _progress_file(self) -> Path:
        return self.state.with_suffix(".replayed")

    def _done_before(self) -> int:
        """How many versions, from the first, the store has seen."""
        if not self._progress_file.exists():
            return 0
        seen = self._progress_file.read_text().split()
        return len(seen) if seen == self._digests()[: len(seen)] else 0

    def _note(self, number: int) -> None:
        digests = self._digests()[: max(number, self._done_before())]
        self._progress_file.write_text("\n".join(digests))

    def _digests(self) -> list[str]:
        return [sha256(file.read_bytes()).hexdigest() for file in self.edition.files]
