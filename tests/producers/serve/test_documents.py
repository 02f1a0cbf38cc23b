"""The examples of docs/producers/python.md and http.md run as they stand there."""

import asyncio
import os
import sys
from pathlib import Path

import orjson

from contract.event import CancelledEvent, ChangedEvent
from producers.commands import app
from producers.serve.limits import Limits
from producers.serve.problems import STATUS_OF
from producers.serve.token_file import read_tokens
from producers.serve.update import UpdateNow
from tests.architecture.documents import DOCS, blocks, section
from tests.producers.serve.conftest import StartService
from tests.producers.topology import Arrivals, declare_topology

PYTHON = DOCS / "producers" / "python.md"
HTTP = DOCS / "producers" / "http.md"


async def run(folder: Path, program: str, *arguments: str, **settings: str) -> str:
    """Runs a block as a program of its own; its output."""
    file = folder / "example.py"
    file.write_text(program, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(file), *arguments),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(40):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def test_the_publisher_in_the_document_publishes(amqp_url: str, tmp_path: Path) -> None:
    await declare_topology(amqp_url)
    program, _ = blocks(PYTHON, "python")
    await run(tmp_path, program, "anna@example.com", "suite-4@example.com", CALLSHEET_AMQP_URL=amqp_url)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 3)
    found = {(type(event), event.subject) for event in arrivals.events}
    assert found == {
        (ChangedEvent, "anna@example.com"),
        (ChangedEvent, "suite-4@example.com"),
        (CancelledEvent, "anna@example.com"),
    }


async def test_the_blocking_publisher_in_the_document_publishes(amqp_url: str, tmp_path: Path) -> None:
    await declare_topology(amqp_url)
    _, program = blocks(PYTHON, "python")
    await run(tmp_path, program, "anna@example.com", "bo@example.com", CALLSHEET_AMQP_URL=amqp_url)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 2)
    assert {event.subject for event in arrivals.events} == {"anna@example.com", "bo@example.com"}


async def test_the_client_in_the_document_publishes_with_a_token_made_as_it_says(
    amqp_url: str, start_service: StartService, tmp_path: Path
) -> None:
    await declare_topology(amqp_url)
    commands = blocks(HTTP, "sh")[0].splitlines()
    assert commands[1] == "callsheet-producer serve --tokens tokens.toml"
    process = await asyncio.create_subprocess_shell(
        commands[0],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, shown = await process.communicate()
    assert process.returncode == 0
    service = await start_service(amqp_url, "--tokens", str(tmp_path / "tokens.toml"))
    (program,) = blocks(HTTP, "python")
    token = shown.decode().split()[-1]
    url = f"http://127.0.0.1:{service.port}"
    assert await run(tmp_path, program, ENTRANCE_TOKEN=token, ENTRANCE_URL=url) == "published 2\n"
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 2)


def test_every_code_is_explained_with_its_status() -> None:
    rows = [line.split("|") for line in section(HTTP, "What it answers").splitlines() if line.startswith("| `")]
    assert {row[1].strip(" `"): int(row[2]) for row in rows[1:]} == {str(code): int(s) for code, s in STATUS_OF.items()}


def test_what_the_document_shows_is_what_there_is(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    (shown,) = blocks(HTTP, "toml")
    file.write_text(shown)
    (token,) = read_tokens(file)
    assert token.sync
    _, update = blocks(HTTP, "json")
    UpdateNow.model_validate(orjson.loads(update))
    text = HTTP.read_text(encoding="utf-8")
    assert f"{Limits().batch_events} events, {Limits().body_bytes // 2**20} MiB" in text
    assert f"`events_per_second` ({Limits().events_per_second:g} if left out" in text
    assert {"serve", "publish"} <= {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
