"""Fixed names in RabbitMQ and on calendar items. Dashboards, producers and checks depend on every one of them."""

from typing import Final

EXCHANGE: Final = "schedule.changes"
"""The durable direct exchange that producers publish to."""

PARKED_QUEUE: Final = "schedule.parked"
"""Messages that could not be applied, each with its reason in the headers."""

HELD_QUEUE: Final = "schedule.held"
"""Mass changes that wait for a person."""

RETRY_QUEUE_PREFIX: Final = "schedule.retry."
"""Followed by the delay as it is written in ``CALLSHEET_RETRY_DELAYS``: ``schedule.retry.30s``."""

DEFAULT_PARTITIONS: Final = 16

HEADER_REASON: Final = "x-reason"
HEADER_ERROR: Final = "x-error"
HEADER_ATTEMPTS: Final = "x-attempts"
HEADER_PARKED_AT: Final = "x-parked-at"
HEADER_FORWARDED: Final = "x-forwarded"
HEADER_FORCED: Final = "x-forced"
"""An operator has replayed this message with ``--force``: it passes the floor of its source."""

HEADER_RELEASED: Final = "x-released"
"""An operator has released this snapshot: it passes the mass-change guard."""

HEADER_FIRST_FAILURE: Final = "x-first-failure"
"""When an event on the ladder failed for the first time (RFC 3339)."""

HEADER_SUSPECT: Final = "x-suspect"
"""On the copy of an event that was delivered too often: it is handled alone."""

HEADER_AGAIN: Final = "x-again"
"""On the copy of an event that had been delivered before: another replica may have worked on it."""

HEADER_LOOK: Final = "x-look"
"""On the copy of an event that was written late: look at the mailbox itself."""

CONTENT_TYPE: Final = "application/cloudevents+json"

PROPERTY_SET: Final = "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"
"""Property set id of the six extended properties on items and ledger entries."""

PROPERTY_KEY: Final = "CallsheetKey"
PROPERTY_REVISION: Final = "CallsheetRevision"
PROPERTY_DIGEST: Final = "CallsheetDigest"
PROPERTY_SOURCE: Final = "CallsheetSource"
PROPERTY_BOOKING: Final = "CallsheetBooking"
PROPERTY_EVENT: Final = "CallsheetEvent"

LEDGER_FOLDER: Final = "Callsheet"
TOMBSTONE_CLASS: Final = "IPM.Callsheet.Tombstone"
FLOOR_CLASS: Final = "IPM.Callsheet.Floor"


def partition_queue(partition: int) -> str:
    """Name of the queue of one partition: ``schedule.changes.p07``."""
    return f"{EXCHANGE}.{routing_key(partition)}"


def routing_key(partition: int) -> str:
    """Routing key of one partition: ``p`` and at least two digits."""
    return f"p{partition:02d}"


def retry_queue(delay: str) -> str:
    """Name of the retry queue of one rung, with the delay as it is written in the settings (``30s``, ``2m``)."""
    return RETRY_QUEUE_PREFIX + delay
