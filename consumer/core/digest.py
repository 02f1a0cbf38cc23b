"""What we wrote, in a short text: to notice edits, to break ties, and to know again what is ours on an item.

The text on the item (``CallsheetDigest``) has three parts: 32 hex digits over the canonical form of the owned fields;
``r`` and the reminder that the event asked for (``r15``, or ``r-`` for none); and for each of our categories a dot and
six hex digits. With the last two an update can leave alone what is the user's, also after the memory of the mailbox is
gone. At most 210 characters, well below the 255 that FindItem returns of a property.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

import orjson


@dataclass(frozen=True, slots=True)
class OwnedFields:
    """The fields that we own and compare, without the notes, which servers rewrite."""

    title: str
    start: datetime
    end: datetime
    all_day: bool
    location: str
    show_as: str
    private: bool
    categories: tuple[str, ...]

    def digest(self) -> str:
        """32 hex digits over the canonical form: NFC, LF, trimmed, instants in UTC, categories in order."""
        document = [
            _canonical(self.title),
            self.start.astimezone(UTC),
            self.end.astimezone(UTC),
            self.all_day,
            _canonical(self.location),
            self.show_as,
            self.private,
            sorted(_canonical(category) for category in self.categories),
        ]
        return blake2b(orjson.dumps(document), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Digest:
    """A ``CallsheetDigest`` taken apart."""

    fields: str
    reminder: str
    category_marks: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """From the text on an item. A text in another form gives a digest that matches nothing."""
        head, *marks = text.split(".")
        return cls(fields=head[:32], reminder=head[32:], category_marks=frozenset(marks))

    def is_ours(self, category: str) -> bool:
        """True when this category on the item was written by us."""
        return _mark(category) in self.category_marks


def write_digest(fields: OwnedFields, reminder_minutes: int | None) -> str:
    """The text that is written on the item."""
    reminder = "r-" if reminder_minutes is None else f"r{reminder_minutes}"
    return fields.digest() + reminder + "".join("." + mark for mark in sorted(map(_mark, fields.categories)))


def others_of(categories: Iterable[str], digest: str) -> tuple[str, ...]:
    """The categories on an item that are the user's own."""
    ours = Digest.parse(digest)
    return tuple(category for category in categories if not ours.is_ours(category))


def ours_of(categories: Iterable[str], digest: str) -> tuple[str, ...]:
    """The categories on an item that we wrote."""
    ours = Digest.parse(digest)
    return tuple(category for category in categories if ours.is_ours(category))


def _mark(category: str) -> str:
    return blake2b(_canonical(category).casefold().encode(), digest_size=3).hexdigest()


def _canonical(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
