"""What every calendar ought to hold after the last version, and where it does not.

Worked out from the schedule file and the fixed names alone: nothing here comes from producers, contract or consumer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from deploy.sandbox.directory import Entry
from deploy.sandbox.pentabarf import Schedule, Session

TITLE_LIMIT: Final = 255


@dataclass(frozen=True, slots=True)
class Item:
    """A calendar item, as far as a schedule says anything about it. Times are in UTC."""

    key: str
    booking: str
    title: str
    start: datetime
    end: datetime
    place: str
    category: str
    all_day: bool = False
    show_as: str = "Busy"
    private: bool = False
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a calendar is not what it ought to be."""

    kind: str
    """missing, extra, wrong or duplicates"""
    mailbox: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.mailbox}: {self.what}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of comparing all calendars."""

    calendars: int
    items: int
    differences: tuple[Difference, ...]

    def count(self, kind: str) -> int:
        """How many differences of a kind there are."""
        return sum(1 for difference in self.differences if difference.kind == kind)

    def summary(self, ews_requests: int, changes: int) -> str:
        """The demo's last line."""
        counts = " ".join(f"{kind}={self.count(kind)}" for kind in ("missing", "extra", "wrong", "duplicates"))
        return (
            f"demo: calendars={self.calendars} items={self.items} {counts} "
            f"ews_requests={ews_requests} changes={changes}"
        )


def expected_calendars(schedule: Schedule, directory: Sequence[Entry], source: str) -> dict[str, dict[str, Item]]:
    """For each mailbox of the directory, its items by key. A session stands once in a mailbox, however it got there."""
    people = {entry.id: entry.mailbox.casefold() for entry in directory if entry.kind == "person"}
    rooms = {entry.id: entry.mailbox.casefold() for entry in directory if entry.kind == "room"}
    calendars: dict[str, dict[str, Item]] = {mailbox: {} for mailbox in (*people.values(), *rooms.values())}
    in_several_rooms: dict[str, list[Session]] = {}
    for session in schedule.sessions:
        in_several_rooms.setdefault(session.guid, []).append(session)
    for parts in in_several_rooms.values():
        session = parts[0]
        owners = {people[person] for person in session.persons if person in people}
        owners |= {rooms[part.room] for part in parts if part.room in rooms}
        item = _item(session, ", ".join(part.room for part in parts), source)
        for owner in owners:
            calendars[owner][item.key] = item
    return calendars


def compare(expected: Mapping[str, Mapping[str, Item]], found: Mapping[str, Sequence[Item]]) -> Verdict:
    """Compare item by item. ``found`` has the items of each mailbox as they were read back."""
    differences: list[Difference] = []
    for mailbox in sorted(expected.keys() | found.keys()):
        differences += _compare_one(mailbox, expected.get(mailbox, {}), found.get(mailbox, ()))
    return Verdict(len(found), sum(len(items) for items in found.values()), tuple(differences))


def _compare_one(mailbox: str, expected: Mapping[str, Item], found: Sequence[Item]) -> Iterable[Difference]:
    times = Counter(item.key for item in found if item.key)
    for key, count in times.items():
        if count > 1:
            title = next(item.title for item in found if item.key == key)
            for _ in range(count - 1):
                yield Difference("duplicates", mailbox, f"{title!r} stands there {count} times")
    seen: set[str] = set()
    for item in found:
        wanted = expected.get(item.key)
        if wanted is None:
            yield Difference("extra", mailbox, f"{item.title!r} at {item.start.isoformat()}")
        elif item.key not in seen:
            seen.add(item.key)
            wrong = [
                f"{field} is {value!r}, expected {asdict(wanted)[field]!r}"
                for field, value in asdict(item).items()
                if value != asdict(wanted)[field]
            ]
            if wrong:
                yield Difference("wrong", mailbox, f"{wanted.title!r}: {'; '.join(wrong)}")
    for key, wanted in expected.items():
        if key not in seen:
            yield Difference("missing", mailbox, f"{wanted.title!r} at {wanted.start.isoformat()}")


def _item(session: Session, place: str, source: str) -> Item:
    return Item(
        key=blake2b(f"{source}\n{session.guid}".encode(), digest_size=16).hexdigest(),
        booking=session.guid,
        title=shown_title(session.title),
        start=session.start.astimezone(UTC),
        end=session.end.astimezone(UTC),
        place=place,
        category=session.track or session.kind,
        show_as="Tentative" if session.tentative else "Busy",
    )


def shown_title(title: str) -> str:
    """A title as a calendar shows it: one line, at most 255 UTF-16 units, an ellipsis where it was cut."""
    line = " ".join(title.split("\n")).strip()
    if len(line.encode("utf-16-le")) // 2 <= TITLE_LIMIT:
        return line
    while len(line.encode("utf-16-le")) // 2 > TITLE_LIMIT - 1:
        line = line[:-1]
    return line.rstrip() + "…"


def item_from_json(fields: Mapping[str, Any]) -> Item:
    """An item as readback.py writes it."""
    return Item(
        **{
            **fields,
            "start": datetime.fromisoformat(fields["start"]).astimezone(UTC),
            "end": datetime.fromisoformat(fields["end"]).astimezone(UTC),
        }
    )
