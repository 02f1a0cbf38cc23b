"""What every calendar ought to hold at the end, and where it does not. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b

from deploy.sandbox.chaos.events import Booking, Event
from deploy.sandbox.comparison import Item, shown_title


class Kind(StrEnum):
    """What may be wrong."""

    LOST = "lost"
    """It ought to stand there, and does not."""
    DUPLICATES = "duplicates"
    """It stands there more than once."""
    RESURRECTED = "resurrected"
    """It was cancelled, and stands there."""
    WRONG = "wrong"
    """It stands there with another content; or something stands there that nobody published or made."""
    PARKED_WRONGLY = "parked_wrongly"
    """An event was put aside, and none of them is bad."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The end of one booking in one mailbox. ``item`` is None where none may stand.

    ``may_be_absent``: the booking lies beyond the window's far edge, where an item may stand or not.
    """

    event: Event
    item: Item | None
    may_be_absent: bool


@dataclass(frozen=True, slots=True)
class Own:
    """Something that the owner of a calendar wrote himself: a copy, or his edit of one of our items.

    ``must_stay``: a copy of a booking that is never cancelled. It may lose our marks, but it may not go.
    """

    mailbox: str
    title: str
    start: datetime
    must_stay: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a calendar is not what it ought to be. ``booking`` is empty where none is concerned."""

    kind: Kind
    mailbox: str
    booking: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.mailbox}: {self.what}"


@dataclass
class Model:
    """What the events published so far ask for: of every booking the highest revision, whatever came last."""

    _highest: dict[tuple[str, str], Event] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Take an event into account; the order does not matter."""
        where = event.mailbox, key_of(event)
        present = self._highest.get(where)
        if present is None or event.revision > present.revision:
            self._highest[where] = event

    def calendars(self, mailboxes: Iterable[str]) -> dict[str, dict[str, Wanted]]:
        """For each mailbox what is wanted of each booking, by key."""
        wanted: dict[str, dict[str, Wanted]] = {mailbox: {} for mailbox in mailboxes}
        for (mailbox, key), event in self._highest.items():
            content = event.content
            item = None if content is None else _item(key, event.booking, content)
            wanted[mailbox][key] = Wanted(event, item, content is not None and content.far)
        return wanted


def judge(
    wanted: Mapping[str, Mapping[str, Wanted]], found: Mapping[str, Sequence[Item]], own: Iterable[Own] = ()
) -> list[Difference]:
    """Compare every calendar with the model, item by item."""
    owned: dict[str, list[Own]] = {}
    for one in own:
        owned.setdefault(one.mailbox, []).append(one)
    differences: list[Difference] = []
    for mailbox, bookings in wanted.items():
        differences += _calendar(mailbox, bookings, found.get(mailbox, ()), owned.get(mailbox, ()))
    return differences


def _calendar(
    mailbox: str, bookings: Mapping[str, Wanted], found: Sequence[Item], own: Iterable[Own]
) -> list[Difference]:
    differences: list[Difference] = []
    by_key: dict[str, list[Item]] = {}
    unmarked: list[Item] = []
    for item in found:
        if item.key:
            by_key.setdefault(item.key, []).append(item)
        else:
            unmarked.append(item)
    for key, items in by_key.items():
        wanted = bookings.get(key)
        if wanted is None:
            title = items[0].title
            differences.append(Difference(Kind.WRONG, mailbox, "", f"{title!r} was never published to this mailbox"))
            continue
        booking = wanted.event.booking
        if len(items) > 1:
            starts = ", ".join(item.start.isoformat() for item in items)
            what = f"{items[0].title!r} stands there {len(items)} times ({starts})"
            differences += [Difference(Kind.DUPLICATES, mailbox, booking, what)] * (len(items) - 1)
        if wanted.item is None:
            what = f"{items[0].title!r} at {items[0].start.isoformat()} was cancelled"
            differences.append(Difference(Kind.RESURRECTED, mailbox, booking, what))
            continue
        # Of several one is right, if any is: the others have been named.
        wrong = min((_differing(item, wanted.item) for item in items), key=len)
        if wrong:
            what = f"{wanted.item.title!r}: {'; '.join(wrong)}"
            differences.append(Difference(Kind.WRONG, mailbox, booking, what))
    for key, wanted in bookings.items():
        if wanted.item is not None and not wanted.may_be_absent and key not in by_key:
            what = f"{wanted.item.title!r} at {wanted.item.start.isoformat()} is not there"
            differences.append(Difference(Kind.LOST, mailbox, wanted.event.booking, what))
    return differences + _of_the_owner(mailbox, unmarked, own)


def _of_the_owner(mailbox: str, unmarked: Sequence[Item], own: Iterable[Own]) -> list[Difference]:
    """What carries no mark of ours: the owner's own things, and nothing else."""
    differences: list[Difference] = []
    there = {(item.title, item.start) for item in unmarked}
    his = {(one.title, one.start) for one in own}
    for title, start in sorted(there - his):
        what = f"{title!r} at {start.isoformat()} carries no mark, and its owner did not make it"
        differences.append(Difference(Kind.WRONG, mailbox, "", what))
    for one in own:
        if one.must_stay and (one.title, one.start) not in there:
            what = f"the owner's copy {one.title!r} at {one.start.isoformat()} is not there, or still carries our marks"
            differences.append(Difference(Kind.LOST, mailbox, "", what))
    return differences


def key_of(event: Event) -> str:
    """The ``CallsheetKey`` of the event's booking."""
    return blake2b(f"{event.source}\n{event.booking}".encode(), digest_size=16).hexdigest()


def _item(key: str, booking: str, content: Booking) -> Item:
    return Item(
        key=key,
        booking=booking,
        title=shown_title(content.title),
        start=content.start.astimezone(UTC),
        end=content.end.astimezone(UTC),
        place=content.place,
        category=content.category,
        show_as="Tentative" if content.tentative else "Busy",
        private=content.private,
    )


def _differing(item: Item, wanted: Item) -> list[str]:
    expected = asdict(wanted)
    return [
        f"{name} is {_written(value)}, expected {_written(expected[name])}"
        for name, value in asdict(item).items()
        if value != expected[name]
    ]


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
