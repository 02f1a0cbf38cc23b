"""The stand-in Exchange (``python -m emulator``) as a child process."""

import json
import select
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from deploy.sandbox.children import CHECKOUT, Child, ChildError
from deploy.sandbox.organisation import to_toml

START_TIMEOUT_SECONDS: Final = 30.0


@dataclass(frozen=True)
class RunningEmulator:
    """A running stand-in Exchange. A context manager; ``stop`` ends it."""

    ews_url: str
    page_url: str
    control_url: str
    ca_file: Path | None
    organisation: Mapping[str, Any] = field(repr=False)
    child: Child = field(repr=False)

    @property
    def user(self) -> str:
        """Log-in name of the first account."""
        return str(self.organisation["account"][0]["user"])

    @property
    def password(self) -> str:
        """Password of the first account."""
        return str(self.organisation["account"][0]["password"])

    def counters(self) -> dict[str, Any]:
        """What it has counted: requests by operation, items created, faults, log-ins."""
        answer: dict[str, Any] = self._control("GET", "/counters")
        return answer

    def requests(self) -> int:
        """EWS requests answered, all operations together."""
        return sum(self.counters()["requests"].values())

    def reset_counters(self) -> None:
        """Every counter back to nothing."""
        self._control("DELETE", "/counters")

    def journal(self) -> list[dict[str, Any]]:
        """The last requests in the order in which they ended: account, operation, mailbox, began, ended (seconds)."""
        answer: list[dict[str, Any]] = self._control("GET", "/journal")
        return answer

    def reset_journal(self) -> None:
        """Forget the requests so far."""
        self._control("DELETE", "/journal")

    def add_fault(self, kind: str, **fields: Any) -> int:
        """Make it fail from now on; the fault's number. Fields as the control endpoint's POST /faults takes them."""
        return int(self._control("POST", "/faults", {"kind": kind, **fields})["id"])

    def remove_fault(self, number: int) -> None:
        """End one fault."""
        self._control("DELETE", f"/faults/{number}")

    def clear_faults(self) -> None:
        """End every fault."""
        self._control("DELETE", "/faults")

    def stop(self) -> int:
        """Stop it; its exit code (0: cleanly)."""
        return self.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control_url + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as response:
            content = response.read()
        return json.loads(content) if content else None


def start_emulator(
    organisation: Mapping[str, Any], folder: Path, *, port: int = 0, arguments: Sequence[str] = ()
) -> RunningEmulator:
    """Start the stand-in Exchange; returns when it is ready.

    ``folder`` takes its organisation file and its log. Raises ChildError with the end of the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mailboxes = folder / "organisation.toml"
    mailboxes.touch(mode=0o600)
    mailboxes.write_text(to_toml(organisation), encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-m", "emulator", "--port", str(port), "--control-port", "0"]
    command += ["--mailboxes", mailboxes, *arguments]
    child = Child(
        "the emulator",
        command,
        log=folder / "emulator.log",
        capture_stdout=True,
        directory=CHECKOUT,
    )
    try:
        ready = json.loads(_first_line(child))
    except ValueError as error:
        child.kill()
        raise ChildError(f"the emulator's first line is not its addresses: {error}") from error
    ca_file = ready.get("ca_file")
    return RunningEmulator(
        ews_url=ready["ews"],
        page_url=ready["page"],
        control_url=ready["control"],
        ca_file=Path(ca_file) if ca_file else None,
        organisation=organisation,
        child=child,
    )


def _first_line(child: Child) -> bytes:
    """The first line on its standard output."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    line = b""
    while not line.endswith(b"\n"):
        child.require_running()
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            child.kill()
            raise ChildError(f"the emulator was not ready within {START_TIMEOUT_SECONDS:g} s:\n{child.tail()}")
        if select.select([child.stdout], [], [], min(remaining, 0.2))[0]:
            # Nothing but this line is written to standard output, so readline cannot take what follows.
            line += child.stdout.readline()
    return line
