"""The blocking publisher against a real broker: threads, a broker that is away, and its end."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.sandbox.ports import free_ports
from producers import BlockingPublisher, BrokerAway, Unroutable
from tests.producers.conftest import FragileBroker
from tests.producers.samples import changed_event
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually


def collected(amqp_url: str, count: int) -> list[str]:
    arrivals = Arrivals(amqp_url)
    asyncio.run(arrivals.collect(lambda messages: len(messages) >= count))
    return sorted(event.id for event in arrivals.events)


def test_what_is_published_from_many_threads_arrives(amqp_url: str) -> None:
    asyncio.run(declare_topology(amqp_url))
    events = [changed_event(number, f"m{number}@example.com") for number in range(400)]
    confirmed: list[str] = []
    with BlockingPublisher(amqp_url) as publisher:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(publisher.publish, events[:200]))
        publisher.publish_all(iter(events[200:]), lambda event: confirmed.append(event.id))
        assert publisher.in_flight == 0
    assert sorted(confirmed) == sorted(event.id for event in events[200:])
    assert collected(amqp_url, 400) == sorted(event.id for event in events)
    assert not any(thread.name == "callsheet-publisher" for thread in threading.enumerate())


def test_its_errors_are_those_of_the_publisher(amqp_url: str) -> None:
    with pytest.raises(Unroutable, match="callsheet-consumer topology"), BlockingPublisher(amqp_url):
        pass
    (port,) = free_ports(1)
    with (
        pytest.raises(BrokerAway, match=r"has not taken the connection for 0\.5 s"),
        BlockingPublisher(f"amqp://127.0.0.1:{port}/", deadline_seconds=0.5),
    ):
        pass
    assert not any(thread.name == "callsheet-publisher" for thread in threading.enumerate())


def test_it_publishes_only_while_it_is_open(amqp_url: str) -> None:
    asyncio.run(declare_topology(amqp_url))
    publisher = BlockingPublisher(amqp_url)
    with pytest.raises(RuntimeError, match="not open here"):
        publisher.publish(changed_event(1))
    with publisher:
        publisher.publish(changed_event(2))
    with pytest.raises(RuntimeError, match="not open here"):
        publisher.publish(changed_event(3))
    with pytest.raises(RuntimeError, match="open already"), publisher:
        pass


def test_a_forked_process_is_told_to_make_its_own(amqp_url: str) -> None:
    asyncio.run(declare_topology(amqp_url))
    with BlockingPublisher(amqp_url) as publisher:
        child = os.fork()
        if child == 0:
            try:
                publisher.publish(changed_event(1))
            except RuntimeError:
                os._exit(17)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
        publisher.publish(changed_event(2))
    assert collected(amqp_url, 1) == ["event-2"]


def test_closing_ends_what_other_threads_wait_for(fragile: FragileBroker) -> None:
    failed: list[BrokerAway] = []
    with BlockingPublisher(fragile.amqp_url) as publisher:

        def publish() -> None:
            try:
                publisher.publish(changed_event(1))
            except BrokerAway as error:
                failed.append(error)

        fragile.node.pause()
        try:
            thread = threading.Thread(target=publish)
            thread.start()
            eventually(lambda: publisher.in_flight == 1)
            publisher.__exit__(None, None, None)
            thread.join(10)
        finally:
            fragile.node.resume()
    (error,) = failed
    assert "publish it again" in str(error)
