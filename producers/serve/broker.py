"""The way to the broker as the service sees it: is it there, how much waits for it, what a client is told if not."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from contract.event import Event
from producers.publisher import Publisher, PublishFailed, Unroutable
from producers.serve.metrics import Fate, Metrics
from producers.serve.problems import Code, Problem

_LOOK_EVERY_SECONDS: Final = 0.5
_AWAY_RETRY_SECONDS: Final = 5
_FULL_RETRY_SECONDS: Final = 1
_log = structlog.get_logger("callsheet")


class Broker:
    """Publishes while the broker is there, and refuses at once while it is not, or when too much waits for it."""

    def __init__(self, publisher: Publisher, in_flight_events: int, metrics: Metrics) -> None:
        self._publisher = publisher
        self._room = in_flight_events
        self._waiting = 0
        self._metrics = metrics
        metrics.in_flight.set_function(lambda: self._waiting)
        metrics.broker_up.set_function(lambda: self.state == "ok")
        self.state = "not connected yet"
        """``ok``, or why the broker cannot be used. For operators: it names host and user, never a password."""

    async def watch(self) -> None:
        """Keeps the connection open, for ever; notes and logs when it comes and goes."""
        while True:
            if not self._publisher.connected and self.state == "ok":
                self._change("the connection was lost; connecting again")
            try:
                await self._publisher.connect()
            except PublishFailed as error:
                self._change(str(error))
            else:
                self._change("ok")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def publish(self, events: Sequence[Event]) -> None:
        """Returns when every event is confirmed. Raises :class:`Problem`, which says which ones are."""
        if self.state != "ok":
            detail = "the broker is away; nothing was published: send it again later"
            raise Problem(Code.BROKER_AWAY, detail, retry_after_seconds=_AWAY_RETRY_SECONDS)
        if self._waiting + len(events) > self._room:
            detail = f"{self._waiting} events wait for the broker already; nothing was published: send it again"
            raise Problem(Code.OVERLOADED, detail, retry_after_seconds=_FULL_RETRY_SECONDS)
        confirmed: list[Event] = []
        self._waiting += len(events)
        try:
            await self._publisher.publish_all(events, confirmed.append)
        except PublishFailed as error:
            _log.error("not_confirmed", events=len(events), confirmed=len(confirmed), error=str(error))
            raise self._unconfirmed(events, confirmed, error) from None
        finally:
            self._waiting -= len(events)
            self._metrics.events.labels(Fate.PUBLISHED).inc(len(confirmed))
            self._metrics.events.labels(Fate.UNCONFIRMED).inc(len(events) - len(confirmed))

    def _unconfirmed(self, events: Sequence[Event], confirmed: Sequence[Event], error: PublishFailed) -> Problem:
        if isinstance(error, Unroutable):
            cause = "the broker has no queue for at least one event (its operator finds the reason in the log)"
        else:
            cause = "the broker has not confirmed in time"
        known = {id(event) for event in confirmed}
        places = [index for index, event in enumerate(events) if id(event) in known]
        detail = (
            f"{cause}. It has confirmed {len(places)} of {len(events)} events, and may or may not have the others: "
            "send the whole request again, with the same ids; what it has twice does no harm"
        )
        return Problem(Code.BROKER_AWAY, detail, members={"confirmed": places}, retry_after_seconds=_AWAY_RETRY_SECONDS)

    def _change(self, state: str) -> None:
        if state != self.state:
            self.state = state
            (_log.info if state == "ok" else _log.error)("broker", state=state)
