"""Events of a run: every booking's history, from the versions of a schedule and some churn, shuffled and repeated.

Written as the contract says, and from nothing of the contract's code: what others rely on is checked from outside.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from deploy.sandbox.comparison import shown_title
from deploy.sandbox.directory import Entry
from deploy.sandbox.pentabarf import Schedule, Session

CHANGED: Final = "schedule.booking.changed.v1"
CANCELLED: Final = "schedule.booking.cancelled.v1"

_CHURNED: Final = 0.2
"""So large a share of the bookings changes several times more than the schedule's versions make it."""
_REPEATED: Final = 0.15
_FAR: Final = timedelta(days=400)
"""Beyond every window: 180 days after today is the consumer's default."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What one booking is at one time, for one mailbox."""

    title: str
    start: datetime
    end: datetime
    place: str
    category: str
    tentative: bool = False
    private: bool = False
    far: bool = False
    """Beyond the window: the item may be there or not, but must not be wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``content`` is None for a cancellation."""

    id: str
    source: str
    mailbox: str
    booking: str
    revision: int
    content: Booking | None

    @property
    def type(self) -> str:
        """Its type in the contract."""
        return CANCELLED if self.content is None else CHANGED

    def line(self, time: datetime) -> bytes:
        """The event as a line of JSON, as it was ``time``."""
        data: dict[str, Any] = {"booking": self.booking, "revision": self.revision}
        if self.content is not None:
            content = self.content
            data |= {
                "title": content.title,
                "start": content.start.isoformat(),
                "end": content.end.isoformat(),
                "location": content.place,
                "categories": [content.category],
                "status": "tentative" if content.tentative else "confirmed",
                "private": content.private,
                "notes": f"revision {self.revision}",
            }
        document = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.mailbox,
            "time": time.isoformat(timespec="milliseconds"),
            "datacontenttype": "application/json",
            "data": data,
        }
        return json.dumps(document, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Due:
    """An event and when it is to be published, as a share of the storm (0 to 1)."""

    at: float
    event: Event


@dataclass(frozen=True, slots=True)
class History:
    """Everything that ever becomes of one booking in one mailbox, in the order of its revisions."""

    source: str
    mailbox: str
    booking: str
    states: tuple[Booking | None, ...]


def histories(versions: Sequence[Schedule], directory: Sequence[Entry], source: str) -> list[History]:
    """What the versions of a schedule make of every booking in every mailbox, one history for each."""
    seen: dict[tuple[str, str], list[Booking | None]] = {}
    for version in versions:
        now = _calendars(version, directory)
        for where, booking in now.items():
            states = seen.setdefault(where, [])
            if not states or states[-1] != booking:
                states.append(booking)
        for where, states in seen.items():
            if where not in now and states[-1] is not None:
                states.append(None)
    return [History(source, mailbox, booking, tuple(states)) for (mailbox, booking), states in sorted(seen.items())]


def churned(rng: random.Random, given: Iterable[History]) -> list[History]:
    """The same histories, some of them longer: retimed, renamed, cancelled, brought back, moved out of the window."""
    return [
        replace(history, states=(*history.states, *_churn(rng, history.states))) if rng.random() < _CHURNED else history
        for history in given
    ]


def stream(rng: random.Random, given: Sequence[History]) -> list[Due]:
    """The events of these histories as they are published: out of order, and some of them again, later.

    Revisions are numbers of one counter for all sources, in the order in which things were decided.
    """
    decided: list[tuple[float, History, Booking | None]] = []
    for history in given:
        at = rng.random() * 0.95
        for state in history.states:
            decided.append((at, history, state))
            at = min(0.97, at + rng.uniform(0.01, 0.15))
    decided.sort(key=lambda one: one[0])
    published: list[Due] = []
    for revision, (at, history, state) in enumerate(decided, start=1):
        event = Event(new_id(rng), history.source, history.mailbox, history.booking, revision, state)
        published.append(Due(_late(rng, at), event))
        if rng.random() < _REPEATED:
            published.append(Due(min(1.0, published[-1].at + rng.expovariate(20.0)), event))
    return sorted(published, key=lambda due: due.at)


def only(given: Sequence[History], calendars: int | None, events: int | None) -> list[History]:
    """The histories of the busiest mailboxes, and of those at most so many states."""
    states: Counter[str] = Counter()
    for history in given:
        states[history.mailbox] += len(history.states)
    wanted = {mailbox for mailbox, _ in sorted(states.items(), key=lambda one: (-one[1], one[0]))[:calendars]}
    kept: list[History] = []
    count = 0
    for history in given:
        if history.mailbox in wanted:
            count += len(history.states)
            kept.append(history)
    if events is None or count <= events:
        return kept
    # Evenly over all mailboxes, so that none is left without.
    share = events / count
    return [history for number, history in enumerate(kept) if int((number + 1) * share) > int(number * share)]


def moved_house(entries: Sequence[Entry], domain: str) -> list[Entry]:
    """The same directory with every mailbox in another domain."""
    return [replace(entry, mailbox=f"{entry.mailbox.partition('@')[0]}@{domain}") for entry in entries]


def new_id(rng: random.Random) -> str:
    """An id for an event, from the seed."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def last_day(given: Iterable[History]) -> date:
    """The day on which the latest booking inside the window ends."""
    ends = [state.end for history in given for state in history.states if state is not None and not state.far]
    return max(ends).date()


def _calendars(version: Schedule, directory: Sequence[Entry]) -> Mapping[tuple[str, str], Booking]:
    """What each mailbox holds in one version. A session stands once in a mailbox, however it got there."""
    people = {entry.id: entry.mailbox.casefold() for entry in directory if entry.kind == "person"}
    rooms = {entry.id: entry.mailbox.casefold() for entry in directory if entry.kind == "room"}
    parts_of: dict[str, list[Session]] = {}
    for session in version.sessions:
        parts_of.setdefault(session.guid, []).append(session)
    calendars: dict[tuple[str, str], Booking] = {}
    for parts in parts_of.values():
        session = parts[0]
        owners = {people[person] for person in session.persons if person in people}
        owners |= {rooms[part.room] for part in parts if part.room in rooms}
        booking = Booking(
            session.title,
            session.start,
            session.end,
            ", ".join(part.room for part in parts),
            session.track or session.kind,
            session.tentative,
        )
        for owner in owners:
            calendars[owner, session.guid] = booking
    return calendars


def _churn(rng: random.Random, states: Sequence[Booking | None]) -> list[Booking | None]:
    shown = next((state for state in reversed(states) if state is not None), None)
    assert shown is not None, "a history begins with a booking"
    more: list[Booking | None] = []
    there = states[-1] is not None
    for _ in range(rng.randint(1, 5)):
        change = rng.choice(("retimed", "renamed", "cancelled", "far", "private")) if there else "back"
        if change == "cancelled":
            more.append(None)
            there = False
            continue
        there = True
        if shown.far:
            shown = replace(shown, start=shown.start - _FAR, end=shown.end - _FAR, far=False)
        if change in ("retimed", "back"):
            by = timedelta(minutes=rng.choice((-90, -30, 30, 60, 24 * 60)))
            shown = replace(shown, start=_shifted(shown.start, by), end=_shifted(shown.end, by))
        elif change == "renamed":
            # An appendix, so that a long title still shows that it is another one.
            shown = replace(shown, title=f"{rng.randint(2, 99)}× {shown_title(shown.title)[:200]}")
        elif change == "private":
            shown = replace(shown, private=not shown.private)
        else:
            shown = replace(shown, start=shown.start + _FAR, end=shown.end + _FAR, far=True)
        more.append(shown)
    return more


def _shifted(at: datetime, by: timedelta) -> datetime:
    """So much later, in elapsed time."""
    return (at.astimezone(UTC) + by).astimezone(at.tzinfo)


def _late(rng: random.Random, at: float) -> float:
    """When something that was decided ``at`` is published: mostly soon, sometimes much later than what came after."""
    roll = rng.random()
    if roll < 0.7:
        late = rng.random() * 0.01
    elif roll < 0.95:
        late = rng.random() * 0.1
    else:
        late = rng.random() * (1.0 - at)
    return min(1.0, at + late)
