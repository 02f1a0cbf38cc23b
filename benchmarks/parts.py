"""What each part of the way of a change costs: CPU of one thread in microseconds, the best of seven series.

Run it with ``python -m benchmarks.parts``. The best and not the mean, because whatever else runs on the machine can
only add to it. Nothing is sent anywhere but to a stand-in Exchange of its own.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast
from uuid import uuid4

from aiormq.abc import AbstractChannel

from consumer.amqp.intake import Intake
from consumer.amqp.received import Received
from consumer.calendars.ews import elements, messages, soap
from consumer.calendars.ews.connection import Connection, Endpoint, tls_context
from consumer.calendars.ews.versions import DIALECTS
from consumer.calendars.ews.zones import SHOWABLE_ZONES
from consumer.core.actions import Change
from consumer.core.appointment import Defaults, appointment_of
from consumer.core.guard import Guard
from consumer.enrolment import Enrolment
from consumer.lanes.delivery import Delivery
from contract.codec import decode, encode
from contract.event import BookingChanged, ChangedEvent
from contract.partition import partition_of
from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import start_emulator

MAILBOX, ZONE, PASSWORD = "user@example.com", "Europe/Copenhagen", "Only-for-benchmarks-1"
DIALECT = DIALECTS["2016"]


def cost(part: str, work: Callable[[], object], times: int) -> None:
    """Print what one call costs."""
    best = float("inf")
    for _ in range(7):
        started = time.thread_time()
        for _ in range(times):
            work()
        best = min(best, (time.thread_time() - started) / times)
    print(f"{part:28} {best * 1e6:8.1f} us")


def sample() -> ChangedEvent:
    """A booking as producers send them."""
    start = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=3)
    booking = BookingChanged(
        booking="B-12",
        revision=3,
        title="Feature 12 / Grading & Mix / Reel 3",
        start=start,
        end=start + timedelta(hours=2),
        location="Suite 4",
        timezone=ZONE,
        notes="Client: Northern Light Films\nProducer: Anna Berg, +45 12 34 56 78\nPlease bring the drives.",
        categories=("Grading",),
        reminder_minutes=15,
        url="https://schedule.example.com/b/12",
    )
    return ChangedEvent(id=uuid4().hex, source="bench://s", subject=MAILBOX, time=datetime.now(UTC), data=booking)


def main() -> None:
    """Print every part."""
    event = sample()
    body = encode(event)
    defaults = Defaults(ZONE, SHOWABLE_ZONES)
    enrolled = Enrolment(("*@example.com",), ())
    intake = Intake(16, defaults, lambda: enrolled, lambda: datetime.now(UTC), Guard())
    message = Received(body, {}, event.id, None, False, 1, cast(AbstractChannel, None))  # nobody acknowledges it
    partition = partition_of(MAILBOX, 16)
    delivery = intake.take(message, partition)
    assert isinstance(delivery, Delivery)
    change = delivery.change
    assert isinstance(change, Change)
    fifty = messages.create_items(MAILBOX, [change] * 50, DIALECT)
    cost("decode", lambda: decode(body), 2000)
    cost("appointment and digest", lambda: appointment_of(event.data, defaults), 2000)
    cost("intake, decode included", lambda: intake.take(message, partition), 2000)
    cost("one item as XML", lambda: elements.calendar_item(change, DIALECT), 2000)
    cost("envelope of a batch of 50", lambda: soap.envelope(DIALECT.schema, MAILBOX, fifty), 500)
    with tempfile.TemporaryDirectory() as folder:
        rights = organisation([MAILBOX], user="callsheet", password=PASSWORD, impersonate=["*"])
        with start_emulator(rights, Path(folder)) as exchange:
            for auth in ("basic", "ntlm"):
                tls = tls_context(None, insecure=False)
                way = Endpoint(exchange.ews_url, auth, "callsheet", PASSWORD, None, DIALECT, tls, 30.0, "Callsheet/0")
                connection = Connection(way)
                find = messages.find_ledger(MAILBOX)
                cost(f"one request, {auth}", partial(connection.ask, "FindFolder", MAILBOX, find), 200)
                connection.close()


if __name__ == "__main__":
    main()
