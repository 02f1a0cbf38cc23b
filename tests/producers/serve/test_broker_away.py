"""When the broker is away, slow or not set up: clean refusals, no lie in any 202, and back by itself."""

import asyncio

from contract import names
from contract.partition import partition_of
from tests.producers.conftest import FragileBroker
from tests.producers.samples import changed_event
from tests.producers.serve.client import Answer, ask
from tests.producers.serve.conftest import EVERYTHING, Service, StartService
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually_async


async def publish(service: Service, number: int) -> Answer:
    async with service.connect() as connection:
        return await connection.publish(changed_event(number, f"m{number}@example.com"))


async def arrive(fragile: FragileBroker, ids: set[str]) -> None:
    """Waits until they are all there; what other tests on this broker have left may be there, too."""
    await Arrivals(fragile.amqp_url).collect(lambda messages: {message.message_id for message in messages} >= ids)


async def ready(service: Service) -> bool:
    return (await ask(service.port, "/readyz")).status == 200


async def test_it_starts_before_the_topology_and_says_what_is_missing(
    amqp_url: str, start_service: StartService
) -> None:
    service = await start_service(amqp_url, ready=False)
    await eventually_async(lambda: service.said("broker"))
    answer = await ask(service.port, "/readyz")
    assert answer.status == 503
    assert "callsheet-consumer topology" in answer.json["broker"]
    refused = await publish(service, 1)
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "broker_away", "5")
    await declare_topology(amqp_url)
    await eventually_async(lambda: ready(service))
    assert (await publish(service, 1)).status == 202


async def test_a_broker_that_is_killed_is_waited_for(fragile: FragileBroker, start_service: StartService) -> None:
    await asyncio.to_thread(fragile.settle)
    service = await start_service(fragile.amqp_url, "--wait", "3")
    answers = {number: await publish(service, number) for number in range(1, 20)}
    fragile.node.kill()
    await eventually_async(lambda: service.records("broker")[-1]["state"] != "ok", 20)
    refused = await publish(service, 100)
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "broker_away", "5")
    assert "nothing was published" in refused.json["detail"]
    assert (await ask(service.port, "/healthz")).status == 200
    await asyncio.to_thread(fragile.node.start)
    await eventually_async(lambda: ready(service), 30)
    answers[101] = await publish(service, 101)
    assert {answer.status for answer in answers.values()} == {202}
    await arrive(fragile, {f"event-{number}" for number in answers})


async def test_too_much_in_flight_is_refused_and_what_waits_is_finished(
    fragile: FragileBroker, start_service: StartService
) -> None:
    service = await start_service(fragile.amqp_url, "--max-batch", "3", "--max-in-flight", "3", "--wait", "30")
    fragile.node.pause()
    try:
        waiting = [asyncio.create_task(publish(service, number)) for number in range(1, 4)]

        async def full() -> bool:
            return b"callsheet_ingress_events_in_flight 3.0" in (await ask(service.port, "/metrics")).body

        await eventually_async(full)
        refused = await publish(service, 4)
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "overloaded", "1")
    finally:
        fragile.node.resume()
    assert [answer.status for answer in await asyncio.gather(*waiting)] == [202] * 3
    await arrive(fragile, {"event-1", "event-2", "event-3"})


async def test_a_broker_that_does_not_confirm_is_a_503_at_the_deadline(
    fragile: FragileBroker, start_service: StartService
) -> None:
    service = await start_service(fragile.amqp_url, "--wait", "0.5")
    fragile.node.pause()
    try:
        async with service.connect() as connection:
            answer = await connection.publish(changed_event(1), changed_event(2))
    finally:
        fragile.node.resume()
    assert (answer.status, answer.code, answer.json["confirmed"]) == (503, "broker_away", [])
    assert "send the whole request again" in answer.json["detail"]
    assert 'outcome="unconfirmed"} 2.0' in (await ask(service.port, "/metrics")).body.decode()
    await eventually_async(lambda: ready(service))
    async with service.connect() as connection:  # what the client was told to do
        assert (await connection.publish(changed_event(1), changed_event(2))).status == 202
    await arrive(fragile, {"event-1", "event-2"})


async def test_events_without_a_queue_are_no_success(amqp_url: str, start_service: StartService) -> None:
    await declare_topology(amqp_url, partitions=1)
    service = await start_service(amqp_url)
    boxes = [f"m{number}@example.com" for number in range(200)]
    there = [box for box in boxes if partition_of(box) == 0][:5]
    nowhere = next(box for box in boxes if partition_of(box) == 3)
    events = [changed_event(number, box) for number, box in enumerate([*there, nowhere])]
    async with service.connect() as connection:
        answer = await connection.publish(*events)
        assert (answer.status, answer.code) == (503, "broker_away")
        assert set(answer.json["confirmed"]) <= {0, 1, 2, 3, 4}
        assert (await connection.publish(*events[:5])).status == 202
    arrivals = Arrivals(amqp_url, partitions=1)
    await arrivals.collect(lambda messages: {m.message_id for m in messages} == {event.id for event in events[:5]})
    assert any(names.routing_key(3) in record["error"] for record in service.records("not_confirmed"))
    assert EVERYTHING not in service.child.log.read_text()
