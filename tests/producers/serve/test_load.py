"""A thousand requests a second: each is answered, and what is answered 202 is in the broker exactly once."""

import asyncio
import time
from collections import Counter

from contract.codec import encode
from tests.producers.samples import changed_event
from tests.producers.serve.conftest import STUDIO, Service
from tests.producers.topology import Arrivals

REQUESTS = 3000
PER_SECOND = 1000
CONNECTIONS = 48


async def test_a_thousand_requests_a_second_are_confirmed_or_refused(amqp_url: str, service: Service) -> None:
    """Of ten requests eight are good, one is no event and one is for a mailbox that the token may not write to."""
    wrong, forbidden = {3}, {7}
    statuses: dict[int, int] = {}
    slowest = 0.0
    numbers = iter(range(REQUESTS))
    began = time.perf_counter()

    async def client() -> None:
        nonlocal slowest
        async with service.connect(STUDIO) as connection:
            for number in numbers:
                await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
                mailbox = "bo@example.com" if number % 10 in forbidden else f"m{number % 300}@studio.example.com"
                body = b"{}" if number % 10 in wrong else encode(changed_event(number, mailbox))
                asked = time.perf_counter()
                statuses[number] = (await connection.post_event(body)).status
                slowest = max(slowest, time.perf_counter() - asked)

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    seconds = time.perf_counter() - began
    counts = Counter(statuses.values())
    print(
        f"\n{REQUESTS} requests in {seconds:.2f} s, {REQUESTS / seconds:.0f} a second on {CONNECTIONS} connections: "
        f"{dict(sorted(counts.items()))}, slowest {slowest * 1000:.0f} ms"
    )
    assert len(statuses) == REQUESTS
    assert set(counts) <= {202, 400, 403, 429, 503}
    assert all(status in (400, 429) for number, status in statuses.items() if number % 10 in wrong)
    assert all(status in (403, 429) for number, status in statuses.items() if number % 10 in forbidden)
    confirmed = {f"event-{number}" for number, status in statuses.items() if status == 202}
    assert len(confirmed) > REQUESTS / 10
    unconfirmed = {f"event-{number}" for number, status in statuses.items() if status == 503}
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: {message.message_id for message in messages} >= confirmed)
    arrived = Counter(event.id for event in arrivals.events)
    assert all(arrived[event_id] == 1 for event_id in confirmed)
    assert arrived.keys() - confirmed <= unconfirmed
