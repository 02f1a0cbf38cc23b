"""The event: what a booking is now, for one mailbox. Full state, never a delta.

CloudEvents 1.0 in structured JSON. Three types; each model below is the ``data`` of one of them, or the envelope.
Models are immutable. :func:`contract.codec.decode` makes them, or a producer that calls them with Python values.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from contract import times
from contract.fields import (
    BookingId,
    Category,
    EventId,
    Instant,
    InstantOrDate,
    Mailbox,
    Revision,
    Source,
    Url,
    ZoneName,
    written,
    wrong,
)
from contract.reasons import Reason

MILLISECOND_REVISIONS_FROM: Final = 10**12
REVISION_MAY_LEAD_MS: Final = 60 * 60 * 1000
MAX_NOTES_BYTES: Final = 32 * 1024
MAX_EVENT_BYTES: Final = 256 * 1024
MAX_SNAPSHOT_BYTES: Final = 1024 * 1024
MAX_CATEGORIES: Final = 25
MAX_DURATION: Final = timedelta(days=5 * 365)
"""Exchange refuses an item that lasts longer than five years."""


class EventType(StrEnum):
    """The types in the contract, with their major version."""

    CHANGED = "schedule.booking.changed.v1"
    CANCELLED = "schedule.booking.cancelled.v1"
    SNAPSHOT = "schedule.mailbox.snapshot.v1"


class Status(StrEnum):
    """How firm a booking is."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"


class ShowAs(StrEnum):
    """How the time appears to others who look for a free slot."""

    BUSY = "busy"
    FREE = "free"
    TENTATIVE = "tentative"
    OOF = "oof"
    WORKING_ELSEWHERE = "working_elsewhere"


class Contract(BaseModel):
    """Strict, immutable, and blind to fields that a later version may add."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", populate_by_name=True)


class BookingChanged(Contract):
    """``data`` of ``schedule.booking.changed.v1``: create this booking, or make it so.

    ``start`` and ``end`` are instants with an offset; for ``all_day`` they are dates, ``end`` exclusive.
    ``timezone`` and ``show_as`` may be left out: the consumer's own zone, and what follows from ``status``.
    """

    booking: BookingId
    revision: Revision
    title: Annotated[str, StringConstraints(max_length=20_000)]
    start: InstantOrDate
    end: InstantOrDate
    timezone: ZoneName | None = None
    all_day: bool = False
    status: Annotated[Status, Field(strict=False)] = Status.CONFIRMED
    show_as: Annotated[ShowAs, Field(strict=False)] | None = None
    location: Annotated[str, StringConstraints(max_length=20_000)] = ""
    notes: str = ""
    categories: Annotated[tuple[Category, ...], Field(max_length=MAX_CATEGORIES, strict=False)] = ()
    private: bool = False
    reminder_minutes: Annotated[int, Field(ge=0, le=40320)] | None = None
    url: Url | None = None

    @field_validator("notes")
    @classmethod
    def _notes_fit(cls, notes: str) -> str:
        if len(notes.encode("utf-8", "surrogatepass")) > MAX_NOTES_BYTES:
            raise wrong(Reason.TOO_LARGE, f"at most {MAX_NOTES_BYTES} bytes of UTF-8", found="a longer text")
        return notes

    @model_validator(mode="after")
    def _times_are_possible(self) -> Self:
        start, end = self.start, self.end
        for name, value in (("start", start), ("end", end)):
            if isinstance(value, datetime) == self.all_day:
                expected = times.EXPECTED_DATE if self.all_day else times.EXPECTED_INSTANT
                because = "all_day is true" if self.all_day else "all_day is false"
                raise wrong(Reason.WRONG_FIELD, f"{expected}, because {because}", field=name, found=written(value))
            day = value.date() if isinstance(value, datetime) else value
            if not times.EARLIEST <= day <= times.LATEST:
                expected = f"a date from {times.EARLIEST} to {times.LATEST}"
                raise wrong(Reason.ABSURD_DATE, expected, field=name, found=written(value))
        if isinstance(start, datetime) and isinstance(end, datetime):
            length, expected = end - start, "a time not before start"
            backwards = length < timedelta(0)
        else:
            length, expected = (
                _day(end) - _day(start),
                "a date after start (the end of an all-day booking is exclusive)",
            )
            backwards = length <= timedelta(0)
        if backwards:
            raise wrong(Reason.END_BEFORE_START, expected, field="end", found=written(end))
        if length > MAX_DURATION:
            expected = "at most five years after start, Exchange's limit"
            raise wrong(Reason.ABSURD_DATE, expected, field="end", found=written(end))
        return self


def _day(value: datetime | date) -> date:
    return value.date() if isinstance(value, datetime) else value


class BookingCancelled(Contract):
    """``data`` of ``schedule.booking.cancelled.v1``: this booking is no longer."""

    booking: BookingId
    revision: Revision


class MailboxSnapshot(Contract):
    """``data`` of ``schedule.mailbox.snapshot.v1``: all bookings of this source that overlap [from, to).

    Absence removes only items that lie wholly inside. Every booking's revision is at most ``as_of``.
    """

    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    as_of: Revision
    bookings: Annotated[tuple[BookingChanged, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.end <= self.start:
            expected = "a time after from"
            raise wrong(Reason.END_BEFORE_START, expected, field="to", found=times.write_instant(self.end))
        seen: set[str] = set()
        for index, booking in enumerate(self.bookings):
            if booking.revision > self.as_of:
                expected = f"at most as_of, {self.as_of}"
                field = f"bookings.{index}.revision"
                raise wrong(Reason.WRONG_FIELD, expected, field=field, found=str(booking.revision))
            if booking.booking in seen:
                field = f"bookings.{index}.booking"
                raise wrong(Reason.WRONG_FIELD, "each booking once", field=field, found=repr(booking.booking))
            seen.add(booking.booking)
        return self


class _Envelope(Contract):
    """The CloudEvents attributes. ``subject`` is the mailbox's SMTP address, without regard to case."""

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: Source
    subject: Mailbox
    time: Instant

    @property
    def mailbox(self) -> str:
        """The mailbox in lower case, as it is compared everywhere."""
        return self.subject.lower()


class ChangedEvent(_Envelope):
    """A booking was made or changed."""

    type: Literal["schedule.booking.changed.v1"] = "schedule.booking.changed.v1"
    data: BookingChanged


class CancelledEvent(_Envelope):
    """A booking was cancelled for this mailbox."""

    type: Literal["schedule.booking.cancelled.v1"] = "schedule.booking.cancelled.v1"
    data: BookingCancelled


class SnapshotEvent(_Envelope):
    """All bookings of one source in one mailbox and interval."""

    type: Literal["schedule.mailbox.snapshot.v1"] = "schedule.mailbox.snapshot.v1"
    data: MailboxSnapshot


Event = ChangedEvent | CancelledEvent | SnapshotEvent

EVENT_MODELS: Final[dict[EventType, type[ChangedEvent] | type[CancelledEvent] | type[SnapshotEvent]]] = {
    EventType.CHANGED: ChangedEvent,
    EventType.CANCELLED: CancelledEvent,
    EventType.SNAPSHOT: SnapshotEvent,
}


def highest_revision(event: Event) -> int:
    """The revision that decides whether an event lies in the future."""
    return event.data.as_of if isinstance(event, SnapshotEvent) else event.data.revision


def revision_in_future(revision: int, now: datetime) -> bool:
    """True for a revision in milliseconds that lies more than an hour ahead of ``now`` (an aware datetime)."""
    return revision >= MILLISECOND_REVISIONS_FROM and revision > now_in_ms(now) + REVISION_MAY_LEAD_MS


def now_in_ms(now: datetime | None = None) -> int:
    """A revision of the millisecond domain: the time since 1970 in milliseconds."""
    return int((now or datetime.now(UTC)).timestamp() * 1000)
