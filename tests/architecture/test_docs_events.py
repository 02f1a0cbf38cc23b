"""docs/events.md tells a producer what is so: its examples run, its tables are complete."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from aio_pika import connect

from consumer.amqp.topology import declare
from contract import names
from contract.codec import decode
from contract.event import ChangedEvent, EventType
from contract.partition import partition_of
from contract.reasons import Reason
from tests.architecture.documents import DOCS, blocks, section, text_of


def test_every_reason_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", section(DOCS / "events.md", "When it goes wrong"), re.MULTILINE)
    assert rows == [str(reason) for reason in Reason]


def test_every_field_is_explained() -> None:
    table = section(DOCS / "events.md", "The fields")
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(?:data\.)?(\w+)`", row)}
    data = ChangedEvent.model_fields["data"].annotation
    assert data is not None
    attributes = ChangedEvent.model_fields.keys() - {"specversion", "type", "data"}
    assert named == attributes | data.model_fields.keys()


def test_example_events_are_events() -> None:
    shown = [decode(block.encode()) for block in blocks(DOCS / "events.md", "json")]
    assert [event.type for event in shown] == [EventType.CHANGED, EventType.CANCELLED, EventType.SNAPSHOT]


def test_the_partition_rule_in_the_document_is_ours() -> None:
    rule, _ = blocks(DOCS / "events.md", "python")
    result = subprocess.run([sys.executable, "-c", rule], capture_output=True, text=True, timeout=20, check=True)
    mailboxes = re.findall(r'routing_key\("([^"]+@[^"]+)"\)', rule)
    assert len(mailboxes) == 3
    assert result.stdout.split() == [names.routing_key(partition_of(mailbox)) for mailbox in mailboxes]
    assert f"It prints `{result.stdout.strip()}`" in text_of(DOCS / "events.md")


async def test_the_producer_in_the_document_publishes(amqp_url: str, tmp_path: Path) -> None:
    _, producer = blocks(DOCS / "events.md", "python")
    file = tmp_path / "first_steps.py"
    file.write_text(producer, encoding="utf-8")
    mailbox = "anna@example.com"
    await declare(amqp_url, names.DEFAULT_PARTITIONS, [("30s", 30.0)])
    async with await connect(amqp_url) as connection:
        channel = await connection.channel()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(file), mailbox),
            env={**os.environ, "CALLSHEET_AMQP_URL": amqp_url},
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        queue = await channel.get_queue(names.partition_queue(partition_of(mailbox)))
        taken = []
        async with queue.iterator(timeout=10) as messages:
            async for message in messages:
                await message.ack()
                taken.append(message)
                if len(taken) == 2:
                    break
    events = [decode(message.body) for message in taken]
    assert [message.message_id for message in taken] == [event.id for event in events]
    assert all(isinstance(event, ChangedEvent) and event.mailbox == mailbox for event in events)
    first, second = (event.data for event in events if isinstance(event, ChangedEvent))
    assert (first.booking, first.revision + 1) == (second.booking, second.revision)
    assert {message.content_type for message in taken} == {names.CONTENT_TYPE}
