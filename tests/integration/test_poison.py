"""A message that was delivered too often may be killing its process: it is found out, and the innocent are applied."""

import signal
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from contract import names
from contract.codec import encode
from contract.event import Event
from contract.partition import partition_of
from tests.integration.conftest import StartSystem
from tests.integration.system import System, changed
from tests.support import eventually_async

ANNA = "anna@example.com"
DELIVERIES = 6


def _beside(mailbox: str) -> str:
    """Another mailbox on the same partition."""
    candidates = (f"p{number}@example.com" for number in range(10_000))
    return next(one for one in candidates if partition_of(one) == partition_of(mailbox))


BO = _beside(ANNA)


async def _delivered_often(system: System, mailbox: str, messages: int, times: int = DELIVERIES) -> None:
    """Take what waits on the partition of a mailbox, and give it back, until the broker has counted that often.

    No publisher can set the broker's count.
    """
    counts: dict[str, int] = {}
    connection = await aio_pika.connect(system.amqp_url)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)
        queue = await channel.get_queue(names.partition_queue(partition_of(mailbox)))

        async def give_back(message: AbstractIncomingMessage) -> None:
            counted = message.headers.get("x-delivery-count", 0)
            assert message.message_id is not None
            assert isinstance(counted, int)
            counts[message.message_id] = counted
            # The last time it is kept: it goes back with the channel, and that is counted, too.
            if counted < times - 1:
                await message.nack(requeue=True)

        await queue.consume(give_back)
        await eventually_async(
            lambda: list(counts.values()) == [times - 1] * messages, 20, what=f"all given back {times - 1} times"
        )


async def _publish(system: System, event: Event, **headers: Any) -> None:
    """As it lies on the queue after a replica has republished it."""
    connection = await aio_pika.connect(system.amqp_url)
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(names.EXCHANGE)
        body = encode(event)
        message = aio_pika.Message(body, message_id=event.id, headers=headers, delivery_mode=2)
        await exchange.publish(message, names.routing_key(partition_of(event.subject)), mandatory=True)


async def test_who_was_delivered_often_by_bad_luck_is_handled_alone_and_applied(system: StartSystem) -> None:
    one = system([ANNA, BO])
    await one.publish([changed(ANNA, "B-1", 1), changed(BO, "B-1", 1), changed(BO, "B-2", 1)])
    await _delivered_often(one, ANNA, 3)
    await one.start_replicas(1)
    # Each is settled three times: republished as a suspect, applied, and unchanged when its second look comes.
    assert await one.settled(9) == {"retried": 3, "applied": 3, "unchanged": 3}
    assert one.parked() == []
    found = one.calendars([ANNA, BO])
    assert (len(found[ANNA]), len(found[BO])) == (1, 2)
    assert one.replicas[0].sample("callsheet_partitions_active") == 16


async def test_what_goes_on_though_it_was_alone_is_parked_and_the_others_are_applied(system: StartSystem) -> None:
    one = system([ANNA, BO])
    poison = changed(ANNA, "B-1", 1)
    await _publish(one, poison, **{names.HEADER_SUSPECT: 1})
    await _delivered_often(one, ANNA, 1)
    await one.publish([changed(BO, "B-1", 1), changed(ANNA, "B-2", 1)])
    await one.start_replicas(1)
    assert await one.settled(3) == {"parked": 1, "applied": 2}
    (headers,) = one.parked()
    assert headers[names.HEADER_REASON] == "poison"
    assert "delivered 6 times" in headers[names.HEADER_ERROR]
    assert names.HEADER_SUSPECT not in headers, "replayed, it begins anew"
    found = one.calendars([ANNA, BO])
    assert [len(found[ANNA]), len(found[BO])] == [1, 1]


@pytest.mark.timeout(120)
async def test_a_replica_that_is_killed_in_mid_work_raises_the_count(system: StartSystem) -> None:
    """The last of too many deaths happens for real; what was under way is suspected, found innocent, and applied."""
    one = system([ANNA])
    await one.publish([changed(ANNA, "B-1", 1)])
    await _delivered_often(one, ANNA, 1, DELIVERIES - 1)
    hanging = one.emulator.add_fault("hang", operation="CreateItem")
    await one.start_replicas(1)
    victim = one.replicas[0].child
    await eventually_async(lambda: one.emulator.counters()["faults"].get("hang") == 1, 20, what="it is being written")
    victim.signal(signal.SIGKILL)
    victim.wait(10)
    one.emulator.remove_fault(hanging)
    await one.start_replicas(1)
    # It was delivered before, so somebody looks a second time, too.
    outcomes = await one.settled(2)
    assert (outcomes["retried"], outcomes["applied"]) == (1, 1)
    await one.drained()
    assert one.parked() == []
    assert len(one.calendars([ANNA])[ANNA]) == 1
