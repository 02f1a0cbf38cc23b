"""The operator's commands, called as an operator's script would: as processes, with nobody at the terminal."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
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

_EACH = """
import contextlib, io, json, sys
from consumer.commands import app
ended = []
for command in json.loads(sys.argv[1]):
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(command)
        except SystemExit as end:
            code = end.code
    ended.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(ended))
"""


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


def call_each(desk: Desk, *commands: Sequence[str]) -> list[Called]:
    """Run several commands one after the other, in one process, to spare the start of Python."""
    ended = _run(desk, ["-c", _EACH, orjson.dumps([list(command) for command in commands]).decode()], {})
    assert ended.code == 0, ended.err
    called = [Called(*one) for one in orjson.loads(ended.out)]
    assert len(called) == len(commands)
    return called


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
