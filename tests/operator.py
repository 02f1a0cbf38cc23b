"""The operator's commands, called as an operator's script would: as processes, with nobody at the terminal."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aio_pika
import orjson
from aio_pika.abc import AbstractIncomingMessage

from contract import names
from contract.codec import encode
from contract.event import Event
from deploy.sandbox.children import CHECKOUT, Child

LIMIT_SECONDS = 40


class Desk(Protocol):
    """Where an operator works: the environment of his commands, and the broker."""

    settings: dict[str, str]
    amqp_url: str


@dataclass(frozen=True)
class Called:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return orjson.loads(self.out)


def call(desk: Desk, *arguments: str, **settings: str) -> Called:
    """Run ``callsheet-consumer`` to its end."""
    return _run(desk, ["-m", "consumer", *arguments], settings)


def thirty_times(desk: Desk, *arguments: str) -> Called:
    """Run the same command thirty times; what all of them said. In one process, to spare the start of Python."""
    code = "import sys\nfrom consumer.commands import app\nfor _ in range(30): app(sys.argv[1:], standalone_mode=False)"
    return _run(desk, ["-c", code, *arguments], {})


def start(desk: Desk, log: Path, *arguments: str) -> Child:
    """Start ``callsheet-consumer`` and let it run."""
    return Child(
        log.stem, [sys.executable, "-m", "consumer", *arguments], log=log, environment=desk.settings, directory=CHECKOUT
    )


def _run(desk: Desk, arguments: list[str], settings: dict[str, str]) -> Called:
    ended = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", *arguments],
        env={**desk.settings, **settings},
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return Called(ended.returncode, ended.stdout, ended.stderr)


async def put_aside(desk: Desk, event: Event | bytes, reason: str, **headers: Any) -> None:
    """Park a message as the consumer does."""
    body = event if isinstance(event, bytes) else encode(event)
    message = aio_pika.Message(
        body,
        headers={names.HEADER_REASON: reason, names.HEADER_ERROR: "why", names.HEADER_ATTEMPTS: 3, **headers},
        content_type=names.CONTENT_TYPE,
        message_id=None if isinstance(event, bytes) else event.id,
        delivery_mode=2,
    )
    async with await aio_pika.connect(desk.amqp_url) as connection:
        channel = await connection.channel(on_return_raises=True)
        await channel.default_exchange.publish(message, names.PARKED_QUEUE, mandatory=True)


async def take_all(desk: Desk, queue: str) -> list[AbstractIncomingMessage]:
    """Take every message that is in a queue. By a consumer: a single active consumer's queue answers no basic.get."""
    taken: list[AbstractIncomingMessage] = []
    async with await aio_pika.connect(desk.amqp_url) as connection:
        channel = await connection.channel()
        there = await channel.declare_queue(queue, passive=True)
        count = there.declaration_result.message_count or 0
        arrived = asyncio.Event()

        async def take(message: AbstractIncomingMessage) -> None:
            taken.append(message)
            if len(taken) >= count:
                arrived.set()

        if count:
            await there.consume(take, no_ack=True)
            async with asyncio.timeout(10):
                await arrived.wait()
    return taken


async def count_of(desk: Desk, queue: str) -> int:
    """Messages in a queue that wait to be delivered."""
    async with await aio_pika.connect(desk.amqp_url) as connection:
        there = await (await connection.channel()).declare_queue(queue, passive=True)
        return there.declaration_result.message_count or 0
