"""What is asked of a message before it enters a lane: can it be read, does it belong here, is its mailbox enrolled."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from consumer.amqp.received import Received
from consumer.amqp.settle import Forward, Suspect
from consumer.core.actions import Change, Outcome
from consumer.core.appointment import Appointment, Defaults, appointment_of
from consumer.core.coverage import Coverage
from consumer.core.guard import Guard
from consumer.core.snapshot import Asked, Snapshot
from consumer.enrolment import Enrolment
from consumer.ladder import Climb
from consumer.lanes.delivery import Delivery, Disposition, Done, Park
from contract import names
from contract.codec import decode
from contract.event import (
    BookingCancelled,
    BookingChanged,
    ChangedEvent,
    Event,
    SnapshotEvent,
    highest_revision,
    revision_in_future,
)
from contract.identity import booking_key, source_mark
from contract.partition import partition_of
from contract.reasons import EventError, Reason
from contract.text import one_line
from contract.times import parse_instant, write_instant

_LARGEST_NUMBER: Final = 1_000_000

TOO_OFTEN: Final = 5
"""An event that was delivered more often than this may be killing the process."""


class Intake:
    """Turns messages into deliveries, or says at once what becomes of them."""

    def __init__(
        self,
        partitions: int,
        defaults: Defaults,
        enrolment: Callable[[], Enrolment],
        clock: Callable[[], datetime],
        guard: Guard,
        steady: Callable[[], bool] = lambda: True,
    ) -> None:
        """``guard`` is for snapshots. ``steady`` is false while Exchange comes and goes: then messages come again."""
        self._partitions = partitions
        self._defaults = defaults
        self._enrolment = enrolment
        self._clock = clock
        self._steady = steady
        self._guard = guard

    def take(self, message: Received, partition: int) -> Delivery | Disposition | Forward | Suspect:
        """The delivery for a lane, or the disposition of a message that does not get so far. Never raises."""
        try:
            event = decode(message.body)
        except EventError as error:
            return Park(error.reason, str(error))
        right_partition = partition_of(event.mailbox, self._partitions)
        if right_partition != partition:
            if names.HEADER_FORWARDED in message.headers:
                return Park(
                    Reason.WRONG_PARTITION,
                    f"{event.mailbox} belongs to partition {right_partition} of {self._partitions}, not {partition}; "
                    "is CALLSHEET_PARTITIONS the same everywhere?",
                )
            return Forward(right_partition)
        if not self._enrolment().covers(event.mailbox):
            return Done(Outcome.NOT_ENROLLED)
        revision = highest_revision(event)
        if revision_in_future(revision, self._clock()):
            return Park(
                Reason.REVISION_IN_FUTURE,
                f"revision {revision} is a time in milliseconds more than one hour ahead; check the producer's clock",
            )
        deliveries = _number(message, "x-delivery-count")
        alone = names.HEADER_SUSPECT in message.headers
        if deliveries > TOO_OFTEN:
            if alone and self._steady():
                return Park(
                    Reason.POISON, f"delivered {deliveries} times without an end, though nothing was done beside it"
                )
            return Suspect()
        return Delivery(
            mailbox=event.mailbox,
            change=self._asked(event, message),
            event_id=event.id,
            time=event.time,
            partition=partition,
            received_at=time.monotonic(),
            delivered_before=message.redelivered or names.HEADER_AGAIN in message.headers,
            size=len(message.body),
            message=message,
            climb=Climb(_number(message, names.HEADER_ATTEMPTS), _first_failure(message)),
            alone=alone,
            look_now=names.HEADER_LOOK in message.headers,
        )

    def _asked(self, event: Event, message: Received) -> Asked:
        forced = bool(message.headers.get(names.HEADER_FORCED))
        if not isinstance(event, SnapshotEvent):
            appointment = appointment_of(event.data, self._defaults) if isinstance(event, ChangedEvent) else None
            return _change(event, event.data, appointment, forced)
        data = event.data
        return Snapshot(
            source=source_mark(event.source),
            coverage=Coverage(_in_utc(data.start), _in_utc(data.end), data.as_of),
            changes=tuple(
                _change(event, booking, appointment_of(booking, self._defaults), forced, data.as_of)
                for booking in data.bookings
            ),
            event=_mark(event),
            guard=None if message.headers.get(names.HEADER_RELEASED) else self._guard,
        )


def _change(
    event: Event,
    data: BookingChanged | BookingCancelled,
    appointment: Appointment | None,
    forced: bool,
    as_of: int | None = None,
) -> Change:
    return Change(
        key=booking_key(event.source, data.booking),
        source=source_mark(event.source),
        booking=one_line(data.booking, 200),
        revision=data.revision,
        event=_mark(event),
        appointment=appointment,
        forced=forced,
        as_of=as_of,
    )


def _mark(event: Event) -> str:
    return f"{event.id} {write_instant(event.time)}"


def _in_utc(instant: datetime) -> datetime:
    # Exchange keeps whole seconds.
    return instant.astimezone(UTC).replace(microsecond=0)


def _number(message: Received, header: str) -> int:
    value = message.headers.get(header, 0)
    return min(max(value, 0), _LARGEST_NUMBER) if isinstance(value, int) else 0


def _first_failure(message: Received) -> datetime | None:
    value = message.headers.get(names.HEADER_FIRST_FAILURE)
    if value is None:
        return None
    try:
        return parse_instant(value)
    except ValueError:
        return None


def facts_of(message: Received, partition: int) -> dict[str, Any]:
    """What the log says of a message that was not read as an event."""
    return {"event_id": message.message_id, "partition": partition}
