"""A schedule as every source gives it: bookings, and the people and things they are for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

import orjson

from contract.event import BookingChanged

Content = NewType("Content", str)
"""All that an event carries of a booking but its id and revision: JSON, keys sorted, defaults left out.

Equal content is equal text.
"""


class ObjectKind(StrEnum):
    """What a booking can be for."""

    PERSON = "person"
    ROOM = "room"


@dataclass(frozen=True, slots=True, order=True)
class ScheduledObject:
    """A person or a room, by the id that the source gives it."""

    kind: ObjectKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking with everybody and everything it is for.

    ``fields`` are what the source knows of it by name, as plain text: what templates for title and notes may use.
    """

    id: str
    content: Content
    objects: frozenset[ScheduledObject]
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that one source says now.

    ``names`` are for people to read. ``addresses`` are the mailboxes of objects where the source itself knows them.
    """

    source: str
    bookings: Mapping[str, Booking]
    names: Mapping[ScheduledObject, str]
    addresses: Mapping[ScheduledObject, str] = field(default_factory=dict)


def write_content(booking: BookingChanged) -> Content:
    """The content of a booking; its id and revision are left out."""
    return content_of(booking.model_dump(mode="json", exclude={"booking", "revision"}, exclude_defaults=True))


def content_of(fields: Mapping[str, Any]) -> Content:
    """The content of fields as the contract writes them, defaults left out."""
    return Content(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode())


def read_content(content: Content, booking: str, revision: int) -> BookingChanged:
    """The data of an event. Raises ValueError for a text that :func:`write_content` did not write."""
    return BookingChanged.model_validate({**orjson.loads(content), "booking": booking, "revision": revision})
