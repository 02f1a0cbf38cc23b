"""What was put aside, and whether it ought to have been."""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from deploy.sandbox.broker import vhost_of
from deploy.sandbox.chaos.faults import REFUSED_CODES
from deploy.sandbox.management import Management

PARKED: Final = "schedule.parked"
HELD: Final = "schedule.held"
REJECTED: Final = "rejected_by_exchange"


@dataclass(frozen=True, slots=True)
class Parked:
    """One message that was put aside, with its reason and the mailbox and booking that it is about."""

    mailbox: str
    booking: str
    revision: int
    reason: str
    error: str

    @property
    def was_refused(self) -> bool:
        """Whether Exchange had said that it is bad for ever, as it was told to: then it ought to be here."""
        code = self.error.partition(":")[0].strip()
        return self.reason == REJECTED and code in REFUSED_CODES


def read_parked(management: Management, amqp_url: str) -> list[Parked]:
    """Everything in the queues for what was put aside. The messages stay there."""
    found: list[Parked] = []
    for queue in (PARKED, HELD):
        order = {"count": 20_000, "ackmode": "ack_requeue_true", "encoding": "auto"}
        path = f"queues/{quote(vhost_of(amqp_url), safe='')}/{queue}/get"
        found += [_parked(message) for message in management.call("POST", path, order)]
    return found


def _parked(message: Any) -> Parked:
    headers = message["properties"].get("headers", {})
    event = json.loads(message["payload"])
    return Parked(
        mailbox=str(event["subject"]),
        booking=str(event["data"].get("booking", "")),
        revision=int(event["data"].get("revision", -1)),
        reason=str(headers.get("x-reason", "none")),
        error=str(headers.get("x-error", "")),
    )
