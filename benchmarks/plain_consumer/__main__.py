"""``python -m benchmarks.plain_consumer``: one look-up and one write for each event, eight at a time.

Settings: PLAIN_AMQP_URL, PLAIN_QUEUE, PLAIN_EWS_URL, PLAIN_EWS_USER, PLAIN_EWS_PASSWORD.
"""

import asyncio
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from benchmarks.plain_consumer.calendars import Calendars

THREADS: Final = 8


async def main() -> None:
    """Consume until SIGTERM."""
    settings = {name.removeprefix("PLAIN_"): value for name, value in os.environ.items() if name.startswith("PLAIN_")}
    calendars = Calendars(settings["EWS_URL"], settings["EWS_USER"], settings["EWS_PASSWORD"], THREADS)
    threads = ThreadPoolExecutor(THREADS)
    # A few more than there are threads, so that none of them ever waits for the broker.
    logger = logging.getLogger("plain_consumer")
    broker = RabbitBroker(settings["AMQP_URL"], default_channel=Channel(prefetch_count=2 * THREADS), logger=logger)
    queue = RabbitQueue(settings["QUEUE"], queue_type=QueueType.QUORUM, durable=True, declare=False)

    @broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def on_change(body: bytes) -> None:
        event = json.loads(body)
        apply = calendars.apply_cancelled if event["type"] == "schedule.booking.cancelled.v1" else calendars.apply
        await asyncio.get_running_loop().run_in_executor(threads, apply, event["subject"], event["data"])

    await FastStream(broker, logger=logger).run(log_level=logging.WARNING)


if __name__ == "__main__":
    asyncio.run(main())
