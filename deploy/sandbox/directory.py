"""Whose mailbox is whose: read from ``directory.csv``, or made up from the ids of a schedule."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.sandbox.pentabarf import Schedule, UnreadableSchedule
from deploy.sandbox.studio_staff import slug

MADE_UP_DOMAIN: Final = "schedule.example.com"


@dataclass(frozen=True, slots=True)
class Entry:
    """One person or room and the mailbox that stands for it."""

    kind: str
    """``person`` or ``room``."""
    id: str
    """The person's id, the room's name."""
    mailbox: str
    name: str
    resource: str = ""
    """What Exchange calls the mailbox of a room: ``room`` (also when empty) or ``equipment``."""


def read_directory(path: Path) -> list[Entry]:
    """Read a directory: columns kind, id, mailbox and, if there, name and resource. Raises UnreadableSchedule."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        lacking = {"kind", "id", "mailbox"} - set(rows.fieldnames or ())
        if lacking:
            raise UnreadableSchedule(f"{path}: the first line lacks the column {', '.join(sorted(lacking))}")
        return [
            Entry(row["kind"], row["id"], row["mailbox"], row.get("name") or row["id"], row.get("resource") or "")
            for row in rows
        ]


def made_up_directory(versions: Iterable[Schedule]) -> list[Entry]:
    """A mailbox for every person and every room that comes in any version, named after the id."""
    people: dict[str, str] = {}
    rooms: set[str] = set()
    for version in versions:
        people.update(version.people)
        rooms |= version.rooms()
    entries = [
        Entry("person", person, f"person-{slug(person) or number}@{MADE_UP_DOMAIN}", name)
        for number, (person, name) in enumerate(sorted(people.items()))
    ]
    taken: set[str] = set()
    for number, room in enumerate(sorted(rooms)):
        address = f"room-{slug(room) or number}"
        # Two rooms may differ only in what an address cannot hold.
        address = f"{address}@{MADE_UP_DOMAIN}" if address not in taken else f"{address}.{number}@{MADE_UP_DOMAIN}"
        taken.add(address.partition("@")[0])
        entries.append(Entry("room", room, address, room))
    return entries


def write_directory(path: Path, entries: Iterable[Entry]) -> None:
    """Write a directory as ``read_directory`` and the producers read it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("kind", "id", "mailbox", "name", "resource"))
        writer.writerows((entry.kind, entry.id, entry.mailbox, entry.name, entry.resource) for entry in entries)


def mailboxes(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The mailboxes of a directory, each once, as the stand-in Exchange's organisation file lists them."""
    boxes: dict[str, dict[str, Any]] = {}
    for entry in entries:
        kind = "user" if entry.kind == "person" else entry.resource or "room"
        boxes.setdefault(
            entry.mailbox.casefold(), {"address": entry.mailbox.casefold(), "name": entry.name, "kind": kind}
        )
    return list(boxes.values())


def domains(entries: Sequence[Entry]) -> list[str]:
    """The domains of all mailboxes."""
    return sorted({entry.mailbox.casefold().rpartition("@")[2] for entry in entries})
