"""What a sync has done so far, for people and for programs: a JSON document, in a file and over HTTP."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from producers.sync.failure import FailureKind, kind_of
from producers.sync.request import Request
from producers.sync.run import Summary


@dataclass
class Status:
    """Counts of updates, the last of them, the last one that succeeded, and when the next is due."""

    started_at: datetime
    updates: int = 0
    failures: dict[FailureKind, int] = field(default_factory=lambda: dict.fromkeys(FailureKind, 0))
    last: dict[str, Any] | None = None
    last_success: dict[str, Any] | None = None
    next_at: datetime | None = None
    summary: Summary | None = None
    error: Exception | None = None
    """One of the two is of the last update."""

    def succeeded(self, request: Request, at: datetime, summary: Summary) -> None:
        """An update has ended well."""
        self.updates += 1
        self.summary, self.error = summary, None
        self.last = self.last_success = {"at": at, "asked_for": request.kind, "error": None, **as_json(summary)}

    def failed(self, request: Request, at: datetime, error: Exception) -> None:
        """An update has failed with one of :data:`producers.sync.failure.FAILURES`."""
        kind = kind_of(error)
        self.updates += 1
        self.failures[kind] += 1
        self.summary, self.error = None, error
        self.last = {"at": at, "asked_for": request.kind, "error": str(error), "failure": kind}

    def document(self) -> bytes:
        """The JSON."""
        return orjson.dumps(
            {
                "started_at": self.started_at,
                "updates": self.updates,
                "failures": {str(kind): count for kind, count in self.failures.items()},
                "last": self.last,
                "last_success": self.last_success,
                "next_at": self.next_at,
            },
            option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
        )

    def write(self, path: Path) -> None:
        """Into a file, whole or not at all. Raises OSError."""
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(self.document())
        beside.replace(path)


def as_json(summary: Summary) -> dict[str, Any]:
    """A summary as ``--json`` and the status show it."""
    return {
        "source": summary.source,
        "bookings": summary.bookings,
        "changed": summary.changed,
        "cancelled": summary.cancelled,
        "sent_again": summary.sent_again,
        "snapshots": summary.snapshots,
        "mailboxes": summary.mailboxes,
        "unmapped": [{"kind": item.kind, "id": item.id, "name": name} for item, name in summary.unmapped],
        "revision": summary.revision,
        "seconds": summary.seconds,
    }
