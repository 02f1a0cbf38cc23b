"""``callsheet-consumer topology``: declare exchanges and queues."""

import asyncio
from typing import Annotated

import typer

from consumer.amqp.topology import declare
from consumer.broker_settings import BrokerSettings, seconds
from consumer.commands.command_line import clear_broker_errors, print_json, settings_of


def topology(
    as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False,
) -> None:
    """Declare the exchanges and queues; does no harm where they are there already.

    Run it when you deploy, before the first producer and consumer, with a broker user who may configure,
    write and read `^schedule\\.`. On RabbitMQ 4.0 and later also set a policy without a delivery limit for it.
    """
    settings = settings_of(BrokerSettings)
    with clear_broker_errors():
        declared = asyncio.run(_declare(settings))
    if as_json:
        print_json({"queues": declared})
    else:
        typer.echo(f"{len(declared)} queues stand: {declared[0]} to {declared[-1]}")


async def _declare(settings: BrokerSettings) -> list[str]:
    delays = [(name, seconds(name)) for name in settings.retry_delays]
    return await declare(settings.amqp_url.get_secret_value(), settings.partitions, delays)
