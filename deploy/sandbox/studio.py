"""The built-in sample: four weeks of a post-production house, in ten successive versions. Same seed, same files.

The rates of change were measured with ``python -m deploy.sandbox.rates`` on a real schedule, the eleven published
versions of FOSDEM 2026 (828 sessions in the first, 1,070 in the last). Its ten steps, 8,855 sessions together, added
260 (2.94 %), cancelled 18 (0.20 %), retimed 121 (1.37 %), moved 2 to another room (0.02 %), gave 86 to other people
(0.97 %) and renamed 21 (0.24 %). Every version here changes by these rates.

A "room" of the file format is a suite, a machine or a vehicle. One session in sixteen is tentative.
"""

import csv
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.sandbox.pentabarf import Schedule, Session, write
from deploy.sandbox.studio_staff import PROJECTS, TASKS, Person, Resource, resources, staff

VERSIONS: Final = 10
DAYS: Final = 28
TIMEZONE: Final = ZoneInfo("Europe/Copenhagen")

RATES: Final[dict[str, float]] = {
    "added": 260 / 8855,
    "cancelled": 18 / 8855,
    "retimed": 121 / 8855,
    "moved": 2 / 8855,
    "reassigned": 86 / 8855,
    "renamed": 21 / 8855,
}
"""Changes from one version to the next, as a share of the sessions."""

_BUSY_WEEKDAY: Final = 0.70
_BUSY_WEEKEND: Final = 0.12
_SPLIT_DAY: Final = 0.25
_NIGHT: Final = 0.04
_TENTATIVE: Final = 1 / 16

_HARD_TITLES: Final = (
    "Håkan – Ærø 🎬 <b>&amp;",
    "Nordlys / Grading / “Reel 3” 'final' & <final>",
    "סרט הלילה / Mix / Reel 1",
    "夜の列車 / Compositing / Shot 040_0120",
    "Kystvagten S02 / Conform / "
    + "Episode 1, Episode 2, Episode 3, Episode 4, and all that is still open " * 4
    + "🎬",
)
"""One day of the first version carries each of them: other scripts, markup, quotes, and more than 255 characters."""


@dataclass
class _House:
    """The state of the schedule while versions are made from it."""

    random: random.Random
    first_day: date
    people: list[Person] = field(default_factory=staff)
    rooms: list[Resource] = field(default_factory=resources)
    sessions: list[Session] = field(default_factory=list)
    owed: Counter[str] = field(default_factory=Counter)
    """Fractions of a change that earlier versions left over, in thousandths."""
    numbers: int = 1000

    def new_session(self, room: Resource, start: datetime, duration: timedelta) -> Session:
        self.numbers += 1
        return Session(
            guid=str(UUID(int=self.random.getrandbits(128), version=4)),
            number=str(self.numbers),
            title=self.title(room.craft),
            room=room.name,
            start=start,
            duration=duration,
            track=room.craft,
            kind=room.kind,
            persons=self.crew(room.craft),
            tentative=self.random.random() < _TENTATIVE,
        )

    def title(self, craft: str) -> str:
        project, task = self.random.choice(PROJECTS), self.random.choice(TASKS[craft])
        part = f"Shot {self.random.randint(1, 60) * 10:04d}" if craft == "VFX" else f"Reel {self.random.randint(1, 7)}"
        return f"{project} / {task} / {part}"

    def crew(self, craft: str) -> tuple[str, ...]:
        # As in the measured schedule: three quarters with one person, the rest with two to four.
        count = self.random.choices((1, 2, 3, 4), weights=(76, 18, 4, 2))[0]
        candidates = [person.id for person in self.people if person.craft == craft]
        return tuple(self.random.sample(candidates, count))

    def day(self, room: Resource, day: date) -> list[Session]:
        """What one suite does on one day."""
        roll = self.random.random()
        if roll < _NIGHT:
            # A render, a transfer or a night shoot: over midnight, and over a change of the clocks when there is one.
            return [self.new_session(room, self.at(day, 22), timedelta(hours=self.random.choice((6, 8, 9))))]
        if roll >= (_BUSY_WEEKDAY if day.weekday() < 5 else _BUSY_WEEKEND):
            return []
        if self.random.random() < _SPLIT_DAY:
            return [
                self.new_session(room, self.at(day, 9), timedelta(hours=self.random.choice((3, 4)))),
                self.new_session(room, self.at(day, 14), timedelta(hours=self.random.choice((3, 4, 5)))),
            ]
        hour = self.random.choice((7, 8, 9, 10))
        return [self.new_session(room, self.at(day, hour), timedelta(hours=self.random.choice((6, 8, 9)), minutes=30))]

    def at(self, day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), TIMEZONE)

    def due(self, kind: str) -> int:
        """How many changes of a kind this version has: its rate, with what rounding left over carried on."""
        self.owed[kind] += round(RATES[kind] * len(self.sessions) * 1000)
        whole, self.owed[kind] = divmod(self.owed[kind], 1000)
        return whole

    def first_version(self) -> None:
        days = [self.first_day + timedelta(days=offset) for offset in range(DAYS)]
        self.sessions = [session for day in days for room in self.rooms for session in self.day(room, day)]
        for number, title in enumerate(_HARD_TITLES):
            self.sessions[number * 7] = replace(self.sessions[number * 7], title=title)

    def next_version(self) -> None:
        counts = {kind: self.due(kind) for kind in RATES}
        for change in ("retimed", "moved", "reassigned", "renamed"):
            for index in self.random.sample(range(len(self.sessions)), counts[change]):
                self.sessions[index] = getattr(self, f"_{change}")(self.sessions[index])
        for _ in range(counts["cancelled"]):
            self.sessions.pop(self.random.randrange(len(self.sessions)))
        for _ in range(counts["added"]):
            day = self.first_day + timedelta(days=self.random.randrange(DAYS))
            hours = self.random.choice((2, 4, 8))
            start = self.at(day, self.random.choice((8, 9, 13, 18)))
            self.sessions.append(self.new_session(self.random.choice(self.rooms), start, timedelta(hours=hours)))

    def _retimed(self, session: Session) -> Session:
        if self.random.random() < 0.4:
            longer = self.random.choice((-60, 60, 90, 120))
            return replace(session, duration=session.duration + timedelta(minutes=longer))
        days = self.random.choice((0, 0, 1, 2, 7))
        local = session.start.replace(tzinfo=None) + timedelta(
            days=days, minutes=self.random.choice((-60, -30, 30, 60))
        )
        # Nothing leaves the four weeks: a session that would comes back a week earlier.
        if local.date() >= self.first_day + timedelta(days=DAYS):
            local -= timedelta(days=7)
        return replace(session, start=local.replace(tzinfo=TIMEZONE))

    def _moved(self, session: Session) -> Session:
        others = [room.name for room in self.rooms if room.craft == session.track and room.name != session.room]
        return replace(session, room=self.random.choice(others))

    def _reassigned(self, session: Session) -> Session:
        crew = session.persons
        while set(crew) == set(session.persons):
            crew = self.crew(session.track)
        return replace(session, persons=crew)

    def _renamed(self, session: Session) -> Session:
        title = session.title
        while title == session.title:
            title = self.title(session.track)
        return replace(session, title=title)


def versions(seed: int, first_day: date) -> list[Schedule]:
    """The ten versions; the four weeks begin on ``first_day``."""
    house = _House(random.Random(seed), first_day)
    names = {person.id: person.name for person in house.people}
    house.first_version()
    made = []
    for number in range(1, VERSIONS + 1):
        if number > 1:
            house.next_version()
        made.append(Schedule("Callsheet Studio", TIMEZONE, tuple(house.sessions), names))
    return made


def write_sample(folder: Path, seed: int, first_day: date) -> None:
    """Write ``01.xml`` to ``10.xml`` and ``directory.csv`` into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, schedule in enumerate(versions(seed, first_day), start=1):
        write(folder / f"{number:02d}.xml", schedule)
    with (folder / "directory.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("kind", "id", "mailbox", "name", "resource"))
        writer.writerows(("person", person.id, person.mailbox, person.name, "") for person in staff())
        writer.writerows(("room", room.name, room.mailbox, room.name, room.kind) for room in resources())
