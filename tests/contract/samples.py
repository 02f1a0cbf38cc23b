"""The golden events, and copies of them with one thing changed."""

import json
from pathlib import Path
from typing import Any

import contract
from contract.event import EventType

CONTRACT = Path(contract.__file__).parent
ONE_OF = "one of schedule.booking.changed.v1, schedule.booking.cancelled.v1, schedule.mailbox.snapshot.v1"


def golden_bytes(event_type: EventType) -> bytes:
    """The golden file as it lies there."""
    return (CONTRACT / "golden" / f"{event_type}.json").read_bytes()


def golden(event_type: EventType) -> Any:
    """The golden event as JSON values, fresh."""
    return json.loads(golden_bytes(event_type))


def with_value(event_type: EventType, path: str, value: object) -> bytes:
    """A golden event with one field set; ``path`` goes by dots, numbers are places in a list."""
    document = golden(event_type)
    target, last = _parent(document, path)
    target[last] = value
    return json.dumps(document).encode()


def without(event_type: EventType, path: str) -> bytes:
    """A golden event with one field left out."""
    document = golden(event_type)
    target, last = _parent(document, path)
    del target[last]
    return json.dumps(document).encode()


def _parent(document: Any, path: str) -> tuple[Any, Any]:
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        document = document[part]
    return document, last
