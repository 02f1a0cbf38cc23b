"""Draining the outbox: in order, at least once, each row deleted in the transaction that saw the broker's confirm.

A batch is locked, published, and deleted when every event of it is confirmed. Whoever dies in between loses its locks
with its connection, and the rows are published again, with the same event ids and revisions. Several may drain at
once, because they skip what another has locked; then bookings overtake each other, and the revision decides.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import psycopg
from psycopg.rows import dict_row

from contract.event import Event, EventType
from contract.reasons import EventError, Reason
from producers.lines import Line, checked
from producers.publisher import Publisher, PublishFailed
from producers.sources.postgres.connection import PostgresFailed, explained

BATCH: Final = 500
CHANNEL: Final = "callsheet_outbox"
LOOK_AGAIN_SECONDS: Final = 10.0
"""Nobody tells when another that drained has died: so look now and then."""
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0

_TAKE: Final = """
    SELECT position, event_id, source, mailbox, booking, revision, data, written_at FROM callsheet_outbox
    WHERE refused_at IS NULL ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED
"""
_DELETE: Final = "DELETE FROM callsheet_outbox WHERE position = ANY(%s)"
_REFUSE: Final = "UPDATE callsheet_outbox SET refused_at = now(), refusal = %s WHERE position = %s"

Connection = psycopg.AsyncConnection[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no event; it stays in the outbox, with the reason."""

    position: int
    reason: str


@dataclass(slots=True)
class Drained:
    """What became of the rows so far."""

    published: int = 0
    refused: int = 0


async def drain(
    dsn: str, publisher: Publisher, tally: Drained, report_refused: Callable[[Refused], None] = lambda _: None
) -> None:
    """Publishes what waits, until nothing does.

    ``dsn`` as :func:`producers.sources.postgres.connection.checked_dsn` gives it. Raises :class:`PostgresFailed`, and
    the errors of :meth:`Publisher.publish`: then the rows that were under way wait still.
    """
    with explained():
        async with await _connect(dsn) as connection:
            while await _publish_batch(connection, publisher, tally, report_refused):
                pass


async def follow(
    dsn: str,
    publisher: Publisher,
    tally: Drained,
    report_refused: Callable[[Refused], None] = lambda _: None,
    report_trouble: Callable[[Exception], None] = lambda _: None,
) -> None:
    """Publishes what waits and whatever comes, for ever: woken by NOTIFY, and on its own every ten seconds.

    A database or broker that is away is told to ``report_trouble`` and tried again, after half a second to half a
    minute.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            with explained():
                async with await _connect(dsn) as listening, await _connect(dsn) as working:
                    # Listen first: what is committed after the last look then wakes us.
                    await listening.execute(f"LISTEN {CHANNEL}")
                    while True:
                        while await _publish_batch(working, publisher, tally, report_refused):
                            pause = _FIRST_PAUSE_SECONDS
                        async for _ in listening.notifies(timeout=LOOK_AGAIN_SECONDS, stop_after=1):
                            pass
        except (PostgresFailed, PublishFailed) as error:
            report_trouble(error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def _connect(dsn: str) -> Connection:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True, row_factory=dict_row)


async def _publish_batch(
    connection: Connection, publisher: Publisher, tally: Drained, report_refused: Callable[[Refused], None]
) -> bool:
    """One batch, in one transaction. False when there was nothing to do."""
    async with connection.transaction():
        rows = await (await connection.execute(_TAKE, (BATCH,))).fetchall()
        events, refused = _sorted_out(rows)
        await publisher.publish_all(events)
        bad = {one.position for one in refused}
        await connection.execute(_DELETE, ([row["position"] for row in rows if row["position"] not in bad],))
        for one in refused:
            await connection.execute(_REFUSE, (one.reason, one.position))
    tally.published += len(events)
    tally.refused += len(refused)
    for one in refused:
        report_refused(one)
    return bool(rows)


def _sorted_out(rows: Sequence[dict[str, Any]]) -> tuple[list[Event], list[Refused]]:
    events: list[Event] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            events.append(_event(row))
        except EventError as error:
            refused.append(Refused(row["position"], f"{error.reason}: {error}"))
        except orjson.JSONEncodeError as error:  # jsonb knows numbers of any length
            refused.append(Refused(row["position"], f"{Reason.BROKEN_JSON}: {error}"))
    return events, refused


def _event(row: dict[str, Any]) -> Event:
    """The event of a row. Raises :class:`EventError` with the same reason that a consumer would park it with."""
    given, identity = row["data"], {"booking": row["booking"], "revision": row["revision"]}
    document = {
        "specversion": "1.0",
        "id": str(row["event_id"]),
        "source": row["source"],
        "type": EventType.CANCELLED if given is None else EventType.CHANGED,
        "subject": row["mailbox"],
        "time": row["written_at"].astimezone(UTC).isoformat(),
        "data": {**given, **identity} if isinstance(given, dict) else identity if given is None else given,
    }
    body = orjson.dumps(document)
    return checked(Line(row["position"], body, len(body)), datetime.now(UTC))
