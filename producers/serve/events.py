"""``POST /v1/events``: one event or a batch, checked as a whole, published, and answered after the broker's confirm."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response

from contract.event import Event
from contract.reasons import EventError, Reason, excerpt
from producers.checked import checked_event
from producers.serve.access_log import note
from producers.serve.authority import NOT_ALLOWED, Authority, forbidden
from producers.serve.body import Bodies
from producers.serve.broker import Broker
from producers.serve.formats import split
from producers.serve.limits import Limits
from producers.serve.metrics import Fate, Metrics
from producers.serve.problems import Code, FieldError, Problem
from producers.serve.tokens import Token


class Events:
    """The endpoint. Whatever is wrong with one event of a batch, none of the batch is published."""

    def __init__(self, authority: Authority, broker: Broker, limits: Limits, bodies: Bodies, metrics: Metrics) -> None:
        self._authority = authority
        self._broker = broker
        self._limits = limits
        self._bodies = bodies
        self._metrics = metrics

    async def post(self, request: Request) -> Response:
        """Raises :class:`Problem`."""
        token = self._authority.authenticate(request.headers.get("authorization"))
        note(request, token=token.name)
        allowance = self._authority.admit(token)
        async with self._bodies.body(request) as body:
            written = split(request.headers, body, self._limits.batch_events)
            allowance.charge(max(0, len(written) - 1))
            note(request, events=len(written))
            events = self._checked(token, written)
            await self._broker.publish(events)
        return Response(orjson.dumps({"published": len(events)}), 202, media_type="application/json")

    def _checked(self, token: Token, written: Sequence[bytes | EventError]) -> list[Event]:
        """The events. Raises :class:`Problem` that names everything that is wrong."""
        now = datetime.now(UTC)
        events: list[Event] = []
        by_id: dict[tuple[str, str], Event] = {}
        errors: list[FieldError] = []
        for index, one in enumerate(written):
            try:
                event = _event(one, now)
            except EventError as error:
                errors.append(FieldError.of(index, error))
                continue
            refused = forbidden(token, index, event)
            if refused is not None:
                errors.append(refused)
            elif by_id.setdefault((event.source, event.id), event) != event:
                found = f"{excerpt(event.id)} a second time, with other content"
                errors.append(FieldError(index, Reason.WRONG_FIELD, "id", found, "an id of its own for each event"))
            events.append(event)
        if errors:
            self._metrics.events.labels(Fate.REFUSED).inc(len(written))
            raise _refused(errors, len(written))
        return events


def _event(written: bytes | EventError, now: datetime) -> Event:
    if isinstance(written, EventError):
        raise written
    return checked_event(written, now)


def _refused(errors: Sequence[FieldError], events: int) -> Problem:
    first = errors[0]
    if first.reason == NOT_ALLOWED:
        words = f"{first.field}: found {first.found}, which is not {first.expected}"
    else:
        words = f"{first.field}: found {first.found}, expected {first.expected}"
    where = f"event {first.index}: " if events > 1 else ""
    others = f" ({len(errors)} of {events} events are refused)" if events > 1 else ""
    code = Code.NOT_ALLOWED if any(error.reason == NOT_ALLOWED for error in errors) else Code.INVALID_EVENTS
    return Problem(code, f"{where}{words}{others}; nothing was published", errors=errors)
