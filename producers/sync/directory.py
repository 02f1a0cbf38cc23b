"""The directory: which person or room has which mailbox.

CSV with the header ``kind,id,mailbox``; more columns are ignored. Or TOML, in a file whose name ends in ``.toml``: the
tables ``[person]`` and ``[room]`` with a mailbox for each id.
"""

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from contract.fields import Mailbox
from producers.sources.damaged import DamagedFile
from producers.sources.toml import read_toml
from producers.sync.schedule import ObjectKind, Schedule, ScheduledObject

_COLUMNS: Final = ("kind", "id", "mailbox")
_ADDRESS: Final = TypeAdapter[str](Mailbox)

Directory = Mapping[ScheduledObject, str]
"""Mailboxes by object; addresses in lower case."""


def checked_mailbox(written: str) -> str:
    """The address in lower case. Raises ValueError whose text says what is expected."""
    try:
        return _ADDRESS.validate_python(written.strip()).lower()
    except ValidationError:
        raise ValueError("an SMTP address, like anna@example.com") from None


def mailboxes_of(schedule: Schedule, directory: Directory) -> Directory:
    """Whose mailbox is which: as the directory says, and where it says nothing, as the source itself does."""
    addresses: dict[ScheduledObject, str] = {}
    for item, address in schedule.addresses.items():
        try:
            addresses[item] = checked_mailbox(address)
        except ValueError:
            continue  # as if there were none: it is named among those without a mailbox
    return {**addresses, **directory}


def read_directory(path: Path) -> Directory:
    """The directory in a file (UTF-8, with or without byte order mark).

    Raises :class:`DamagedFile` for a file that is empty or damaged anywhere: one bad line makes all of it suspect.
    Raises OSError when the file cannot be read.
    """
    return _read_toml_directory(path) if path.suffix.lower() == ".toml" else _read_csv_directory(path)


def _read_toml_directory(path: Path) -> Directory:
    file = str(path)
    found: dict[ScheduledObject, str] = {}
    for kind, table in read_toml(path).items():
        if kind not in list(ObjectKind) or not isinstance(table, dict):
            raise DamagedFile(file, f"{kind} is not known, expected the tables [person] and [room]")
        for object_id, mailbox in table.items():
            try:
                found[ScheduledObject(ObjectKind(kind), object_id)] = checked_mailbox(str(mailbox))
            except ValueError as error:
                raise DamagedFile(file, f"[{kind}] {object_id} = {mailbox!r}, expected {error}") from None
    if not found:
        raise DamagedFile(file, 'no entry in it, expected [person] and lines like 123 = "anna@example.com"')
    return found


def _read_csv_directory(path: Path) -> Directory:
    file = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DamagedFile(file, "not UTF-8 text", line) from None
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    found: dict[ScheduledObject, str] = {}
    lines: dict[ScheduledObject, int] = {}
    positions: list[int] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if positions is None:
                positions = _positions(file, row, reader.line_num)
                continue
            item, mailbox = _entry(file, row, positions, reader.line_num)
            if found.setdefault(item, mailbox) != mailbox:
                problem = f"{item} has another mailbox in line {lines[item]}: {found[item]}, expected one for each"
                raise DamagedFile(file, problem, reader.line_num)
            lines.setdefault(item, reader.line_num)
    except csv.Error as error:
        raise DamagedFile(file, f"not CSV: {error}", reader.line_num) from None
    if not found:
        raise DamagedFile(file, "no entry in it, expected lines like person,123,anna@example.com", reader.line_num or 1)
    return found


def _positions(file: str, header: list[str], line: int) -> list[int]:
    names = [cell.strip().lower() for cell in header]
    for column in _COLUMNS:
        if names.count(column) != 1:
            problem = f"the header has {names.count(column)} columns named {column}, expected kind,id,mailbox"
            raise DamagedFile(file, problem, line)
    return [names.index(column) for column in _COLUMNS]


def _entry(file: str, row: list[str], positions: list[int], line: int) -> tuple[ScheduledObject, str]:
    if len(row) <= max(positions):
        raise DamagedFile(file, f"{len(row)} columns, expected at least {max(positions) + 1}", line)
    kind, object_id, mailbox = (row[position].strip() for position in positions)
    if kind.lower() not in list(ObjectKind):
        raise DamagedFile(file, f"kind {kind!r}, expected person or room", line)
    if not object_id:
        raise DamagedFile(file, "an empty id, expected the person's id or the room's name", line)
    try:
        return ScheduledObject(ObjectKind(kind.lower()), object_id), checked_mailbox(mailbox)
    except ValueError as error:
        raise DamagedFile(file, f"mailbox {mailbox!r}, expected {error}", line) from None
