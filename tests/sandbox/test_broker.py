"""The private broker: comes up, survives its own death, leaves nothing."""

import asyncio
from pathlib import Path

import aio_pika
import pytest

from deploy.sandbox.borrowed_broker import ExistingBroker
from deploy.sandbox.broker import Broker, BrokerUnavailable, PrivateBroker, vhost_of
from deploy.sandbox.children import ChildError
from tests.support import eventually


async def declare_publish(url: str, queue: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True)
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=queue)


async def fetch(url: str, queue: str) -> bytes:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        taken = await (await channel.declare_queue(queue, durable=True)).get()
        assert taken is not None
        await taken.ack()
        return taken.body


async def test_every_vhost_is_new_and_empty(broker: Broker) -> None:
    first, second = broker.new_vhost(), broker.new_vhost()
    await declare_publish(first, "q")
    assert await fetch(first, "q") == b"kept"
    assert broker.management.queues(vhost_of(second)) == {}
    broker.delete_vhost(first)
    broker.delete_vhost(second)


async def test_queue_lengths_are_fresh(broker: Broker, amqp_url: str) -> None:
    await declare_publish(amqp_url, "q")
    eventually(lambda: broker.management.queues(vhost_of(amqp_url)) == {"q": 1}, what="one message is counted")


async def test_stop_and_start_keep_data_and_address(tmp_path: Path) -> None:
    async with PrivateBroker(tmp_path / "data") as own:
        url = own.amqp_url()
        await declare_publish(url, "q")
        first = own.pid
        await asyncio.to_thread(own.stop)
        with pytest.raises(ChildError, match="RabbitMQ has ended with code 0"):
            _ = own.pid
        await asyncio.to_thread(own.start)
        assert own.pid != first
        assert await fetch(url, "q") == b"kept"
        own.kill()
        with pytest.raises(ChildError, match="RabbitMQ has ended with code -9"):
            _ = own.pid
    assert url not in own.log.read_text()


async def test_a_broker_that_runs_elsewhere_lends_a_vhost(broker: Broker) -> None:
    borrowed = broker.new_vhost()
    existing = ExistingBroker(borrowed, _management_url(broker, borrowed))
    url = existing.new_vhost()
    await declare_publish(url, "q")
    assert await fetch(url, "q") == b"kept"
    existing.new_vhost()
    names = {vhost["name"] for vhost in broker.management.call("GET", "vhosts")}
    existing.stop()
    left = {vhost["name"] for vhost in broker.management.call("GET", "vhosts")}
    assert len(names - left) == 2
    assert vhost_of(borrowed) in left
    broker.delete_vhost(borrowed)


def _management_url(broker: Broker, amqp_url: str) -> str:
    user = amqp_url.removeprefix("amqp://").partition("@")[0]
    return broker.management.url.replace("://", f"://{user}@")


def test_password_shows_nowhere(broker: Broker) -> None:
    secret = broker.new_vhost().split(":")[2].split("@")[0]
    assert secret not in repr(broker.management)
    with pytest.raises(BrokerUnavailable) as refusal:
        ExistingBroker(f"amqp://someone:{secret}@127.0.0.1:1/", f"http://someone:{secret}@127.0.0.1:1/")
    assert secret not in str(refusal.value)
    assert "CALLSHEET_MANAGEMENT_URL" in str(refusal.value)
