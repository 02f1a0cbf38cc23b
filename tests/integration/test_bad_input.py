"""Bad input is parked with its reason, once, and the service goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import orjson

from contract import names
from contract.codec import encode
from contract.event import now_in_ms
from contract.partition import partition_of
from contract.reasons import Reason
from tests.integration.conftest import StartSystem
from tests.integration.system import System, changed

ANNA = "anna@example.com"


def _with(**wrong: Any) -> bytes:
    """A good event with some fields made wrong: ``data__start`` is the field ``start`` in ``data``."""
    document = orjson.loads(encode(changed(ANNA, "B-wrong", 1)))
    for path, value in wrong.items():
        *outer, name = path.split("__")
        target = document[outer[0]] if outer else document
        if value is ...:
            del target[name]
        else:
            target[name] = value
    return orjson.dumps(document)


BAD: list[tuple[Reason, bytes]] = [
    (Reason.BROKEN_JSON, b"{"),
    (Reason.BROKEN_JSON, b"\xff\xfe\x00{}"),
    (Reason.BROKEN_JSON, b""),
    (Reason.BROKEN_JSON, b"[" * 100_000),
    (Reason.BROKEN_JSON, b'"text"'),
    (Reason.UNKNOWN_TYPE, _with(type="schedule.coffee.served.v1")),
    (Reason.UNKNOWN_VERSION, _with(type="schedule.booking.changed.v2")),
    (Reason.MISSING_FIELD, _with(data__start=...)),
    (Reason.MISSING_FIELD, _with(subject=...)),
    (Reason.WRONG_FIELD, _with(data__revision="seventeen")),
    (Reason.WRONG_FIELD, _with(data__start="tomorrow")),
    (Reason.TOO_LARGE, _with(data__notes="x" * 300_000)),
    (Reason.TOO_LARGE, _with(data__notes="x" * 40_000)),
    (Reason.TOO_LARGE, _with(data__notes="x" * 1_200_000)),
    (Reason.BAD_MAILBOX, _with(subject="Anna")),
    (Reason.END_BEFORE_START, _with(data__end="2026-01-01T00:00:00Z", data__start="2026-01-02T00:00:00Z")),
    (Reason.ABSURD_DATE, _with(data__start="0001-01-01T00:00:00Z")),
    (Reason.ABSURD_DATE, _with(data__end="2199-01-01T00:00:00Z")),
    (Reason.REVISION_IN_FUTURE, _with(data__revision=now_in_ms(datetime.now(UTC) + timedelta(hours=2)))),
    (
        Reason.END_BEFORE_START,
        _with(
            type="schedule.mailbox.snapshot.v1",
            data={"from": "2026-12-02T00:00:00Z", "to": "2026-12-01T00:00:00Z", "as_of": 1, "bookings": []},
        ),
    ),
]


async def _publish_raw(system: System, bodies: list[bytes], partition: int, headers: dict[str, Any]) -> None:
    async with await aio_pika.connect(system.amqp_url) as connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(names.EXCHANGE, ensure=False)
        for number, body in enumerate(bodies):
            message = aio_pika.Message(body, headers=headers, message_id=f"raw-{number}", delivery_mode=2)
            await exchange.publish(message, names.routing_key(partition), mandatory=True)


async def test_each_kind_of_bad_input_is_parked_with_its_reason_and_the_service_goes_on(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    await _publish_raw(one, [body for _, body in BAD], partition_of(ANNA), {"x-note": "kept"})
    await one.publish([changed(ANNA, "B-good", 1)])
    outcomes = await one.settled(len(BAD) + 1)
    assert outcomes == {"parked": len(BAD), "applied": 1}
    parked = one.parked()
    assert [headers["x-reason"] for headers in parked] == [reason.value for reason, _ in BAD]
    for headers in parked:
        assert headers["x-error"], headers
        assert datetime.fromisoformat(headers["x-parked-at"]) <= datetime.now(UTC)
        assert (headers["x-attempts"], headers["x-note"]) == (0, "kept")
    assert "expected a time with its offset" in next(
        headers["x-error"] for headers in parked if "tomorrow" in headers["x-error"]
    )
    replica = one.replicas[0]
    assert replica.sample("callsheet_events_parked_total", reason="wrong_field") == 2
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["Mix B-good"]


async def test_a_message_on_the_wrong_partition_finds_the_right_one_and_never_loops(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    wrong = (partition_of(ANNA) + 1) % 16
    await _publish_raw(one, [encode(changed(ANNA, "B-1", 1))], wrong, {})
    await _publish_raw(one, [encode(changed(ANNA, "B-2", 1))], wrong, {names.HEADER_FORWARDED: 1})
    outcomes = await one.settled(3)
    assert outcomes == {"forwarded": 1, "applied": 1, "parked": 1}
    (headers,) = one.parked()
    assert headers["x-reason"] == Reason.WRONG_PARTITION
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["Mix B-1"]


async def test_content_that_exchange_refuses_takes_nobody_along(system: StartSystem) -> None:
    one = system([ANNA])
    await one.publish([changed(ANNA, f"B-{number}", 1) for number in range(10)])
    one.emulator.add_fault("item_error", operation="CreateItem", code="ErrorInvalidPropertyRequest", index=0, count=1)
    await one.start_replicas(1)
    outcomes = await one.settled(10)
    assert outcomes == {"applied": 9, "parked": 1}
    (headers,) = one.parked()
    assert headers["x-reason"] == Reason.REJECTED_BY_EXCHANGE
    assert "InvalidPropertyRequest" in headers["x-error"]
    assert len(one.calendars([ANNA])[ANNA]) == 9
