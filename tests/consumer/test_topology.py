"""Declaring through a broker that gives up in the middle, as one that is just starting does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import aio_pika
from pamqp import commands, frame

from consumer.amqp.topology import declare, missing

RUNGS = [("30s", 30.0)]
GIVES_UP = frame.marshal(commands.Connection.Close(541, "INTERNAL_ERROR", 0, 0), 0)


@asynccontextmanager
async def giving_up(amqp_url: str, *, times: int) -> AsyncIterator[tuple[str, list[int]]]:
    """The same broker behind a port where the first connections are closed with 541 after some answers.

    Yields the URL of that port, and a list that grows by one for each connection.
    """
    broker = urlsplit(amqp_url)
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(len(connections))
        gives_up = len(connections) <= times
        from_broker, to_broker = await asyncio.open_connection(broker.hostname, broker.port)
        upstream = asyncio.create_task(pass_on(reader, to_broker, limit=None))
        await pass_on(from_broker, writer, limit=10 if gives_up else None)
        if gives_up:
            writer.write(GIVES_UP)
        for end in (to_broker, writer):
            end.close()
            with suppress(OSError):
                await end.wait_closed()
        await upstream

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield amqp_url.replace(f":{broker.port}/", f":{port}/"), connections


async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None) -> None:
    """Until the end, or for so many reads."""
    while (limit is None or limit > 0) and (data := await source.read(65536)):
        sink.write(data)
        limit = None if limit is None else limit - 1


async def test_what_the_broker_gave_up_on_is_declared_again(amqp_url: str) -> None:
    async with giving_up(amqp_url, times=2) as (url, connections):
        assert len(await declare(url, 16, RUNGS)) == 19
    assert len(connections) == 3
    async with await aio_pika.connect(amqp_url) as connection:
        assert await missing(await connection.channel(), 16, RUNGS) is None
