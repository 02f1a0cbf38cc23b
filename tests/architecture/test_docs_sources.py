"""docs/producers: the files, mappings and programs on each page of a source do what the page says."""

import asyncio
import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.sandbox.postgres import PrivatePostgres
from producers.sources.csv_file import read_csv
from producers.sources.farmerswife import FarmerswifeMapping
from producers.sources.table.mapping import Columns, read_mapping
from tests.architecture.documents import CHECKOUT, DOCS, blocks, text_of
from tests.producers.topology import Arrivals, declare_topology

PAGES = DOCS / "producers"
SHELL = shutil.which("sh") or "/bin/sh"


def lay_out(page: Path, folder: Path, **files: str) -> None:
    """The first block of each language as a file."""
    for language, name in files.items():
        (folder / name).write_text(blocks(page, language)[0], encoding="utf-8")


def run(page: Path, folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """The program of the page prints what the page says that it prints."""
    (program,) = blocks(page, "python")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    promised = re.search(r"^It prints (`.*)", text_of(page), re.MULTILINE)
    assert promised, page
    assert done.stdout.splitlines() == re.findall(r"`([^`]+)`(?=,|\.| and )", promised[1])


def test_csv(tmp_path: Path) -> None:
    page = PAGES / "csv.md"
    lay_out(page, tmp_path, csv="rota.csv", toml="rota.toml")
    run(page, tmp_path)


def test_csv_columns_are_all_named(tmp_path: Path) -> None:
    introduction = text_of(PAGES / "csv.md").partition("They mean")[0]
    assert re.findall(r"^`.*", introduction, re.MULTILINE)
    assert re.findall(r"`(\w+)`", introduction) == list(Columns.model_fields)
    with (tmp_path / "plain.csv").open("w", newline="") as file:
        csv.writer(file).writerows([list(Columns.model_fields), ["B-1", "Mix", "2026-12-01", "2026-12-02", *[""] * 12]])
    assert read_csv(tmp_path / "plain.csv").bookings.keys() == {"B-1"}


def test_icalendar(tmp_path: Path) -> None:
    page = PAGES / "icalendar.md"
    lay_out(page, tmp_path, ical="team.ics")
    run(page, tmp_path)


def test_farmerswife(tmp_path: Path) -> None:
    page = PAGES / "farmerswife.md"
    lay_out(page, tmp_path, xml="view.xml", toml="mapping.toml")
    run(page, tmp_path)


def test_the_farmerswife_mapping_shows_the_defaults(tmp_path: Path) -> None:
    lay_out(PAGES / "farmerswife.md", tmp_path, toml="mapping.toml")
    shown = read_mapping(tmp_path / "mapping.toml", FarmerswifeMapping)
    defaults = FarmerswifeMapping()
    assert (shown.elements, shown.columns) == (defaults.elements, defaults.columns)
    assert shown.model_fields_set == {"source", "timezone", "elements", "columns"}


async def test_pentabarf(amqp_url: str, tmp_path: Path) -> None:
    page = PAGES / "pentabarf.md"
    lay_out(page, tmp_path, xml="schedule.xml", csv="directory.csv")
    await declare_topology(amqp_url)
    await shell(blocks(page, "sh")[0], tmp_path, CALLSHEET_AMQP_URL=amqp_url)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 2)
    assert {event.mailbox for event in arrivals.events} == {"anna@example.com", "suite-4@example.com"}


async def test_postgresql(postgres: PrivatePostgres, amqp_url: str, tmp_path: Path) -> None:
    page = PAGES / "postgresql.md"
    dsn = postgres.new_database()
    table, functions, query = blocks(page, "sql")
    load, follow = blocks(page, "sh")
    await declare_topology(amqp_url)
    await shell(load, tmp_path, DSN=dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(table.encode())
        connection.execute(functions.encode())
    await shell(follow.replace(" --follow", ""), tmp_path, DSN=dsn, CALLSHEET_AMQP_URL=amqp_url)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 5)
    told = sorted((event.mailbox, event.type.split(".")[2], _data(event).revision) for event in arrivals.events)
    assert told == [
        ("anna@example.com", "cancelled", 2),
        ("anna@example.com", "cancelled", 5),
        ("anna@example.com", "changed", 1),
        ("anna@example.com", "changed", 4),
        ("bo@example.com", "changed", 3),
    ]
    (tmp_path / "jobs.sql").write_text(query)
    await asyncio.to_thread(run, page, tmp_path, {"DSN": dsn})


def _data(event: Any) -> Any:
    return event.data


async def shell(command: str, folder: Path, **environment: str) -> None:
    """A command of a page, with this checkout's programs on the path."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CALLSHEET_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *(SHELL, "-euc", command),
        cwd=folder,
        env={**clean, "PYTHONPATH": str(CHECKOUT), **environment, "PATH": path},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(50):
        _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_every_page_is_in_an_index(page: Path) -> None:
    link = f"producers/{page.name}"
    assert link in text_of(DOCS / "producers.md") or link in text_of(DOCS / "README.md")
