"""The publisher against a real broker that goes away, blocks, refuses and has no queues."""

import asyncio
from itertools import count
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika import DeliveryMode

from contract import names
from contract.codec import encode
from contract.event import Event
from contract.partition import partition_of
from deploy.sandbox.ports import free_ports
from producers.publisher import MAX_IN_FLIGHT, BrokerAway, BrokerRefused, Publisher, Unroutable
from tests.producers.conftest import FragileBroker
from tests.producers.samples import cancelled_event, changed_event
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually_async


def password_of(amqp_url: str) -> str:
    password = urlsplit(amqp_url).password
    assert password
    return password


async def test_a_message_is_as_the_contract_says(amqp_url: str) -> None:
    await declare_topology(amqp_url)
    events: list[Event] = [changed_event(1), cancelled_event(2, "Bo@Example.com")]
    async with Publisher(amqp_url) as publisher:
        for event in events:
            await publisher.publish(event)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 2)
    by_id = {message.message_id: message for message in arrivals.messages}
    for event in events:
        message = by_id[event.id]
        assert message.body == encode(event)
        assert message.delivery_mode is DeliveryMode.PERSISTENT
        assert message.content_type == names.CONTENT_TYPE
        assert message.exchange == names.EXCHANGE
        assert message.routing_key == names.routing_key(partition_of(event.subject.lower()))


async def test_without_a_queue_the_error_says_what_to_run(amqp_url: str) -> None:
    with pytest.raises(Unroutable, match="callsheet-consumer topology"):
        async with Publisher(amqp_url):
            pass
    await declare_topology(amqp_url, partitions=1)
    stray = next(e for e in (changed_event(1, f"m{n}@example.com") for n in range(100)) if partition_of(e.subject) == 3)
    async with Publisher(amqp_url) as publisher:
        with pytest.raises(Unroutable, match=r"routing key p03 .*callsheet-consumer topology"):
            await publisher.publish(stray)
    async with Publisher(amqp_url, partitions=1) as publisher:
        await publisher.publish(stray)


async def test_an_exchange_that_is_deleted_meanwhile_is_unroutable(amqp_url: str) -> None:
    await declare_topology(amqp_url)
    async with Publisher(amqp_url, deadline_seconds=10) as publisher, await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        await channel.exchange_delete(names.EXCHANGE)
        with pytest.raises(Unroutable, match="has no exchange"):
            await publisher.publish(changed_event(1))


async def test_nobody_there_is_an_error_at_the_deadline_without_the_password() -> None:
    (port,) = free_ports(1)
    with pytest.raises(BrokerAway) as caught:
        async with Publisher(f"amqp://anna:s3cret@127.0.0.1:{port}/", deadline_seconds=0.5):
            pass
    assert f"amqp://127.0.0.1:{port}/ has not taken the connection for 0.5 s" in str(caught.value)
    assert "s3cret" not in str(caught.value)


async def test_a_wrong_password_is_said_at_once(amqp_url: str) -> None:
    with pytest.raises(BrokerRefused, match="CALLSHEET_AMQP_URL") as caught:
        async with asyncio.timeout(10), Publisher(amqp_url.replace(password_of(amqp_url), "wr0ng")):
            pass
    assert "wr0ng" not in str(caught.value)


async def test_a_virtual_host_that_is_not_there_is_named(amqp_url: str) -> None:
    with pytest.raises(BrokerAway, match=r"/nowhere has not .* refuses the virtual host") as caught:
        async with Publisher(amqp_url.rsplit("/", 1)[0] + "/nowhere", deadline_seconds=1.0):
            pass
    assert password_of(amqp_url) not in str(caught.value)


async def test_at_most_500_are_in_flight_and_all_arrive(fragile: FragileBroker) -> None:
    events = [changed_event(number, f"m{number}@example.com") for number in range(1200)]
    seen: set[int] = set()
    async with Publisher(fragile.amqp_url) as publisher:
        fragile.node.pause()
        try:
            publishing = asyncio.create_task(publisher.publish_all(events, lambda _: seen.add(publisher.in_flight)))
            await eventually_async(lambda: publisher.in_flight == MAX_IN_FLIGHT)
            assert not publishing.done()
        finally:
            fragile.node.resume()
        await publishing
        assert publisher.in_flight == 0
    assert max(seen) <= MAX_IN_FLIGHT
    arrivals = Arrivals(fragile.amqp_url)
    await arrivals.collect(lambda messages: len(messages) >= len(events))
    assert {message.message_id for message in arrivals.messages} == {event.id for event in events}


async def test_a_memory_alarm_ends_at_the_deadline_and_says_so(fragile: FragileBroker) -> None:
    async def publish_without_end() -> None:
        for number in count(2):  # the alarm is raised at the broker's next look at its memory
            await publisher.publish(changed_event(number))

    async with Publisher(fragile.amqp_url, deadline_seconds=1.0) as publisher:
        await publisher.publish(changed_event(1))
        await asyncio.to_thread(fragile.control, "set_vm_memory_high_watermark", "0")
        try:
            with pytest.raises(BrokerAway, match=r"does not confirm \(a memory or disk alarm"):
                await publish_without_end()
        finally:
            await asyncio.to_thread(fragile.control, "set_vm_memory_high_watermark", "absolute", "1GB")
        await publisher.publish(changed_event(0))
    arrivals = Arrivals(fragile.amqp_url)
    await arrivals.collect(lambda messages: any(message.message_id == "event-0" for message in messages))


async def test_nothing_is_lost_when_the_broker_is_killed_in_mid_publish(fragile: FragileBroker) -> None:
    await asyncio.to_thread(fragile.settle)
    events = [changed_event(number, f"m{number % 40}@example.com") for number in range(2000)]
    confirmed = 0

    def on_confirm(_: object) -> None:
        nonlocal confirmed
        confirmed += 1

    async with Publisher(fragile.amqp_url, deadline_seconds=40) as publisher:
        publishing = asyncio.create_task(publisher.publish_all(events, on_confirm))
        await eventually_async(lambda: confirmed > 300)
        fragile.node.kill()
        assert confirmed < len(events)
        assert not publishing.done()
        await asyncio.to_thread(fragile.node.start)
        await publishing
    assert confirmed == len(events)
    arrivals = Arrivals(fragile.amqp_url)
    wanted = {event.id for event in events}
    await arrivals.collect(lambda messages: len(messages) >= 2000 and {m.message_id for m in messages} >= wanted)
