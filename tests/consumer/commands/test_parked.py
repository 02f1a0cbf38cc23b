"""Parked messages: looking uses nothing up, replaying goes the normal way, dropping asks."""

import asyncio
import os
import pty
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aio_pika
import orjson
import pytest

from contract import names
from contract.codec import encode
from contract.event import Event
from contract.partition import partition_of
from contract.reasons import Reason
from deploy.sandbox.children import CHECKOUT
from tests.integration.system import changed
from tests.operator import Desk, call, call_each, count_of, put_aside, start, take_all
from tests.support import eventually_async

ANNA, BERIT = "anna@example.com", "berit@studio.example.com"


def _ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat(timespec="seconds")


async def _three(desk: Desk) -> list[Event]:
    """Three parked messages, the oldest first."""
    events: list[Event] = [changed(ANNA, "B-1", 1), changed(BERIT, "B-2", 2), changed(ANNA, "B-3", 3)]
    times = [_ago(hours=5), _ago(hours=3), _ago(minutes=1)]
    reasons = [Reason.MAILBOX_UNAVAILABLE, Reason.CONFLICT, Reason.TOO_OLD]
    for event, at, reason in zip(events, times, reasons, strict=True):
        await put_aside(desk, event, reason, **{names.HEADER_PARKED_AT: at, "x-note": "kept"})
    return events


async def test_thirty_looks_use_up_no_delivery_and_change_nothing(desk: Desk) -> None:
    events = await _three(desk)
    looked = call_each(desk, *[["parked", "list", "--json"]] * 30)
    assert len({called.out for called in looked}) == 1
    assert [message["id"] for message in looked[0].json()["messages"]] == [event.id for event in events]
    taken = await take_all(desk, names.PARKED_QUEUE)
    assert [message.message_id for message in taken] == [event.id for event in events]
    assert [message.body for message in taken] == [encode(event) for event in events]
    for message in taken:
        assert not message.redelivered
        assert message.headers.get("x-delivery-count", 0) == 0
        assert message.content_type == names.CONTENT_TYPE
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert set(message.headers) - {"x-delivery-count"} == {
            names.HEADER_REASON,
            names.HEADER_ERROR,
            names.HEADER_ATTEMPTS,
            names.HEADER_PARKED_AT,
            "x-note",
        }


async def test_a_queue_with_a_limit_of_deliveries_survives_being_looked_at(desk: Desk) -> None:
    """As RabbitMQ 4 has it of its own accord; here after two deliveries a message would be destroyed."""
    async with await aio_pika.connect(desk.amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(names.HELD_QUEUE)
        limited: dict[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": 2}
        await channel.declare_queue(names.HELD_QUEUE, durable=True, arguments=limited)
        held = aio_pika.Message(encode(changed(ANNA, "B-1", 1)), message_id="held-1", delivery_mode=2)
        await channel.default_exchange.publish(held, names.HELD_QUEUE, mandatory=True)
    for called in call_each(desk, *[["held", "list", "--json"]] * 6):
        assert [message["id"] for message in called.json()["messages"]] == ["held-1"]


async def test_list_filters_by_reason_mailbox_age_and_id(desk: Desk) -> None:
    first, second, third = (event.id for event in await _three(desk))

    expected = [
        ([], [first, second, third]),
        (["--reason", "conflict", "--reason", "too_old"], [second, third]),
        (["--mailbox", "*@STUDIO.example.com"], [second]),
        (["--older-than", "2h"], [first, second]),
        (["--newer-than", "4h", "--older-than", "10m"], [second]),
        (["--id", third, "--id", first], [first, third]),
        (["--reason", "conflict", "--mailbox", ANNA], []),
    ]
    called = call_each(desk, *(["parked", "list", "--json", *filters] for filters, _ in expected))
    for (filters, ids), one in zip(expected, called, strict=True):
        listed = one.json()
        assert (listed["queue"], listed["messages_in_queue"]) == (names.PARKED_QUEUE, 3)
        assert [message["id"] for message in listed["messages"]] == ids, filters


async def test_the_list_for_people_and_for_programs(desk: Desk) -> None:
    events = await _three(desk)
    called, shown_one, missing = call_each(
        desk, ["parked", "list"], ["parked", "show", "--json", events[1].id], ["parked", "show", "no-such-id"]
    )
    head, *rows = called.out.splitlines()
    assert head.split("\t") == ["parked at", "reason", "attempts", "mailbox", "booking", "revision", "error", "id"]
    assert [row.split("\t")[1:] for row in rows] == [
        ["mailbox_unavailable", "3", ANNA, "B-1", "1", "why", events[0].id],
        ["conflict", "3", BERIT, "B-2", "2", "why", events[1].id],
        ["too_old", "3", ANNA, "B-3", "3", "why", events[2].id],
    ]
    assert "3 of 3 messages in schedule.parked: conflict 1, mailbox_unavailable 1, too_old 1" in called.err
    (shown,) = shown_one.json()["messages"]
    assert shown["headers"]["x-note"] == "kept"
    assert orjson.loads(shown["body"])["data"]["booking"] == "B-2"
    assert (shown["is_valid_event"], shown["attempts"], shown["revision"]) == (True, 3, 2)
    assert (missing.code, missing.out) == (1, "")


async def test_text_of_events_cannot_steer_a_terminal(desk: Desk) -> None:
    evil = "B\x1b[2J\x9b31m\u202eabc\r\nnew line\x07"
    await put_aside(desk, changed(ANNA, evil, 1), "conflict", **{names.HEADER_ERROR: evil, "x-\x1b]0;t": evil})
    commands = (["list"], ["show"], ["list", "--json"], ["show", "--json"], ["drop", "--dry-run"])
    every = call_each(desk, *(["parked", *command] for command in commands))
    for called in every:
        assert called.code == 0, called.err
        said = called.out + called.err
        assert not {"\x1b", "\x9b", "\u202e", "\x07", "\r"} & set(said), said
    assert len(every[0].out.splitlines()) == 2
    (listed,) = every[2].json()["messages"]
    assert (listed["error"], listed["booking"]) == (evil, evil)


async def test_replay_goes_the_normal_way_with_a_clean_slate(desk: Desk) -> None:
    event = changed(ANNA, "B-1", 1)
    await put_aside(
        desk, event, "conflict", **{names.HEADER_FORWARDED: 1, names.HEADER_FIRST_FAILURE: _ago(hours=1), "x-note": "n"}
    )
    dry = call(desk, "parked", "replay", "--dry-run", "--json").json()
    assert (dry["dry_run"], [message["id"] for message in dry["replayed"]]) == (True, [event.id])
    assert await take_all(desk, names.partition_queue(partition_of(ANNA))) == []
    called = call(desk, "parked", "replay")
    assert (called.code, called.out) == (0, "replayed: 1, left: 0, looked at: 1\n")
    (message,) = await take_all(desk, names.partition_queue(partition_of(ANNA)))
    assert (message.message_id, message.body) == (event.id, encode(event))
    assert {name: value for name, value in message.headers.items() if name != "x-delivery-count"} == {"x-note": "n"}
    assert await take_all(desk, names.PARKED_QUEUE) == []


async def test_too_old_needs_force_and_then_passes_the_floor(desk: Desk) -> None:
    await put_aside(desk, changed(ANNA, "B-1", 1), "too_old")
    refused = call(desk, "parked", "replay", "--json")
    assert refused.code == 1
    document = refused.json()
    assert document["replayed"] == []
    assert "--force" in document["left"][0]["why"]
    assert call(desk, "parked", "replay", "--force").code == 0
    (message,) = await take_all(desk, names.partition_queue(partition_of(ANNA)))
    assert message.headers[names.HEADER_FORCED] == 1


async def test_what_is_no_event_cannot_be_replayed_and_stays(desk: Desk) -> None:
    await put_aside(desk, b'{"subject": "Anna', "broken_json")
    await put_aside(desk, changed(ANNA, "B-1", 1), "conflict")
    called = call(desk, "parked", "replay")
    assert called.code == 1
    assert "not a valid event" in called.err
    assert "replayed: 1, left: 1, looked at: 2" in called.out
    assert [message.body for message in await take_all(desk, names.PARKED_QUEUE)] == [b'{"subject": "Anna']


async def test_replay_stays_parked_where_no_queue_is_bound(desk: Desk) -> None:
    event = changed(ANNA, "B-1", 1)
    # The same id twice: the broker's answer for one must not be taken for the other's.
    await put_aside(desk, event, "conflict")
    await put_aside(desk, event, "conflict")
    async with await aio_pika.connect(desk.amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(names.partition_queue(partition_of(ANNA)), ensure=False)
        await queue.unbind(names.EXCHANGE, names.routing_key(partition_of(ANNA)))
    called = call(desk, "parked", "replay")
    assert called.code == 1
    assert "no queue is bound" in called.err
    assert [message.message_id for message in await take_all(desk, names.PARKED_QUEUE)] == [event.id] * 2


async def test_drop_needs_yes_where_nobody_can_be_asked(desk: Desk) -> None:
    await _three(desk)
    refused = call(desk, "parked", "drop")
    assert (refused.code, refused.out) == (2, "")
    assert "--yes" in refused.err
    dry = call(desk, "parked", "drop", "--dry-run")
    assert (dry.code, dry.out) == (0, "would be dropped: 3, left: 0, looked at: 3\n")
    dropped = call(desk, "parked", "drop", "--yes", "--reason", "conflict", "--json").json()
    assert [message["booking"] for message in dropped["dropped"]] == ["B-2"]
    assert len(await take_all(desk, names.PARKED_QUEUE)) == 2


@pytest.mark.parametrize(("answer", "left"), [("n\n", 3), ("y\n", 1)])
async def test_drop_asks_on_a_terminal(desk: Desk, answer: str, left: int) -> None:
    await _three(desk)
    ours, theirs = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "consumer", "parked", "drop", "--mailbox", ANNA),
            stdin=theirs,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=desk.settings,
            cwd=CHECKOUT,
        )
        assert process.stdout is not None
        asked = await asyncio.wait_for(process.stdout.readuntil(b"]: "), 20)
        assert b"Drop 2 messages of schedule.parked for good?" in asked
        os.write(ours, answer.encode())
        rest = await asyncio.wait_for(process.stdout.read(), 20)
        code = await process.wait()
    finally:
        os.close(ours)
        os.close(theirs)
    assert (code, b"dropped: 2" in rest) == ((0, True) if answer == "y\n" else (1, False))
    assert len(await take_all(desk, names.PARKED_QUEUE)) == left


async def test_a_replay_that_is_killed_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    events = [changed(ANNA, f"B-{number}", 1) for number in range(600)]
    async with await aio_pika.connect(desk.amqp_url) as connection:
        channel = await connection.channel()
        headers = {names.HEADER_REASON: "conflict"}
        messages = [aio_pika.Message(encode(event), headers=dict(headers), message_id=event.id) for event in events]
        await asyncio.gather(
            *(channel.default_exchange.publish(message, names.PARKED_QUEUE, mandatory=True) for message in messages)
        )
    partition = names.partition_queue(partition_of(ANNA))
    for target in (50, 250):
        replaying = start(desk, tmp_path / f"replay-{target}.log", "parked", "replay")

        async def far_enough(target: int = target) -> bool:
            return await count_of(desk, partition) >= target

        await eventually_async(far_enough, 20, what="replay under way")
        replaying.signal(signal.SIGKILL)
        replaying.wait(10)
    assert 0 < await count_of(desk, names.PARKED_QUEUE) < 600

    async def replayed_to_the_end() -> bool:
        # What a killed command had taken comes back a moment later.
        assert call(desk, "parked", "replay").code == 0
        return await count_of(desk, names.PARKED_QUEUE) == 0

    await eventually_async(replayed_to_the_end, 20, what="all replayed")
    assert {message.message_id for message in await take_all(desk, partition)} == {event.id for event in events}


async def test_two_at_once_and_arrivals_in_between_do_no_harm(desk: Desk) -> None:
    for number in range(20):
        await put_aside(desk, changed(ANNA, f"B-{number}", 1), "conflict")
    async with await aio_pika.connect(desk.amqp_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue("schedule.lock.parked", exclusive=True, durable=False)
        refused = await asyncio.to_thread(call, desk, "parked", "list")
        assert (refused.code, refused.out) == (1, "")
        assert "somebody else is working on schedule.parked" in refused.err.lower()
    listing = [asyncio.to_thread(call, desk, "parked", "list", "--json") for _ in range(2)]
    arriving = [put_aside(desk, changed(ANNA, f"N-{number}", 1), "conflict") for number in range(20)]
    await asyncio.gather(*listing, *arriving)
    listed = call(desk, "parked", "list", "--json").json()
    assert len({message["booking"] for message in listed["messages"]}) == len(listed["messages"]) == 40


async def test_usage_and_settings(desk: Desk) -> None:
    wrong = call(desk, "parked", "list", "--older-than", "yesterday")
    assert wrong.code == 2
    assert "expected a duration like" in wrong.err
    assert call(desk, "parked", "list", "--reason", "bad_luck").code == 2
    assert call(desk, "parked", "list", CALLSHEET_AMQP_URL="http://nowhere").code == 2
    away = call(desk, "parked", "list", CALLSHEET_AMQP_URL="amqp://user:Secret-1@127.0.0.1:1/")
    assert away.code == 1
    assert "Secret-1" not in away.out + away.err
    async with await aio_pika.connect(desk.amqp_url) as connection:
        await (await connection.channel()).queue_delete(names.PARKED_QUEUE)
    missing = call(desk, "parked", "list")
    assert missing.code == 1
    assert "topology" in missing.err
