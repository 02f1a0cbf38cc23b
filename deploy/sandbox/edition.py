"""The versions that a demo replays, with their directory, in one folder: the built-in sample or somebody's own."""

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from deploy.sandbox import studio
from deploy.sandbox.directory import Entry, made_up_directory, read_directory, write_directory
from deploy.sandbox.pentabarf import (
    Schedule,
    UnreadableSchedule,
    common_first_day,
    days_until_next_week,
    read,
    versions_in,
    write_moved,
)

_MADE_FROM: Final = "made-from.json"


@dataclass(frozen=True)
class Edition:
    """All versions of a schedule, ready to be published one after the other."""

    files: tuple[Path, ...]
    versions: tuple[Schedule, ...]
    directory_file: Path
    directory: tuple[Entry, ...]

    @property
    def timezone(self) -> ZoneInfo:
        """The zone of the last version."""
        return self.versions[-1].timezone

    def last_day(self) -> date:
        """The latest day on which anything ends, in any version."""
        return max(session.end for version in self.versions for session in version.sessions).date()


def prepare(folder: Path, schedule: Path | None, seed: int, today: date) -> Edition:
    """Make the edition in ``folder``, or take the one that an earlier run made there from the same input.

    ``schedule`` is a folder of pentabarf versions, moved by whole days so that their first day is in the week after
    ``today``; without one it is the built-in sample, from tomorrow on. Raises UnreadableSchedule, also when the folder
    holds an edition that was made from something else.
    """
    source = {"sample": seed} if schedule is None else _fingerprint(schedule)
    note = folder / _MADE_FROM
    if note.exists():
        if json.loads(note.read_text()) != source:
            raise UnreadableSchedule(f"{folder} holds the versions of another schedule: name a new folder for this one")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if schedule is None:
            studio.write_sample(folder, seed, today + timedelta(days=1))
        else:
            _move_into(folder, schedule, today)
        note.write_text(json.dumps(source))
    files = versions_in(folder)
    directory_file = folder / "directory.csv"
    return Edition(
        tuple(files), tuple(read(file) for file in files), directory_file, tuple(read_directory(directory_file))
    )


def _move_into(folder: Path, schedule: Path, today: date) -> None:
    files = versions_in(schedule)
    versions = [read(file) for file in files]
    days = days_until_next_week(common_first_day(versions), today)
    for file in files:
        write_moved(file, folder / (file.name.removesuffix(".gz").removesuffix(".xml") + ".xml"), days)
    own_directory = schedule / "directory.csv"
    entries = read_directory(own_directory) if own_directory.exists() else made_up_directory(versions)
    write_directory(folder / "directory.csv", entries)


def _fingerprint(schedule: Path) -> dict[str, str]:
    files = [*versions_in(schedule), *schedule.glob("directory.csv")]
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
