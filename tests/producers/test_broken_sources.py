"""Sources that are broken in every way: nothing is deleted, and each says what it did."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from contract.event import CancelledEvent
from tests.producers.command import Studio
from tests.producers.samples import directory_csv, many, schedule_xml, write
from tests.producers.topology import Arrivals, declare_topology

WHOLE = many(20)
STANDING = 60
"""Twenty bookings for two persons and a room."""


def standing(state: Path) -> int:
    """How many places of the state have a booking."""
    with sqlite3.connect(state) as database:
        (count,) = database.execute("SELECT count(*) FROM entry WHERE content IS NOT NULL").fetchone()
    database.close()
    return int(count)


@pytest.fixture
async def studio(tmp_path: Path, amqp_url: str) -> Studio:
    """A studio whose schedule has been published."""
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, amqp_url)
    assert studio.sync(schedule=WHOLE).returncode == 0
    assert standing(studio.state) == STANDING
    return studio


async def nothing_was_published(amqp_url: str) -> None:
    """No more than what the first sync published is in the queues."""
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) >= STANDING)
    assert len(arrivals.events) == STANDING
    assert not any(isinstance(event, CancelledEvent) for event in arrivals.events)


CUT_IN_A_TAG = WHOLE[: WHOLE.index("<title>", len(WHOLE) // 2) + 4]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        pytest.param("", "schedule.xml:1: the file is empty", id="an empty file"),
        pytest.param(
            CUT_IN_A_TAG,
            "not well-formed XML: unclosed token",
            id="cut in the middle of a tag",
        ),
        pytest.param(schedule_xml({}), "no booking at all, and 20 bookings of it stand", id="no booking"),
        pytest.param(many(10), "10 of 20 bookings that stand in calendars are no longer", id="half of it gone"),
        pytest.param(
            WHOLE.replace('<person id="1">Person 1</person>', "").replace('<person id="2">Person 2</person>', ""),
            "the schedule has lost 40 of them",
            id="nobody in it any more",
        ),
    ],
)
async def test_a_broken_file_deletes_nothing_and_says_what_it_did(
    studio: Studio, amqp_url: str, schedule: str, said: str
) -> None:
    for options in ((), ("--now",), ("--again",)):
        done = studio.sync(*options, schedule=schedule)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert said in line
        assert not done.stdout
    assert standing(studio.state) == STANDING
    await nothing_was_published(amqp_url)


async def test_what_is_meant_is_published_when_a_person_says_so(studio: Studio, amqp_url: str) -> None:
    assert "cancelled=18 " in studio.sync(schedule=many(14)).stdout  # 6 of 20 are not more than 30 %
    refused = studio.sync(schedule=many(8))
    assert refused.returncode == 1
    assert "say --accept-shrink" in refused.stderr
    assert "cancelled=18 " in studio.sync("--accept-shrink").stdout
    assert studio.sync("--accept-shrink", schedule=schedule_xml({})).returncode == 1
    assert "cancelled=24 " in studio.sync("--allow-empty").stdout
    assert standing(studio.state) == 0


async def test_a_source_that_does_not_answer_in_time_deletes_nothing(studio: Studio, amqp_url: str) -> None:
    studio.schedule.unlink()
    os.mkfifo(studio.schedule)  # opening it waits for a writer that never comes
    status = studio.schedule.with_name("status.json")
    done = studio.sync("--source-timeout", "0.3s", "--status", str(status))
    assert done.returncode == 1
    assert "the source has not been read within 0.3 s" in done.stderr
    assert "Nothing was published" in done.stderr
    told = json.loads(status.read_bytes())
    assert (told["updates"], told["failures"]["source"], told["last_success"]) == (1, 1, None)
    assert told["last"]["failure"] == "source"
    assert "has not been read within 0.3 s" in told["last"]["error"]
    assert standing(studio.state) == STANDING
    await nothing_was_published(amqp_url)


@pytest.mark.parametrize(
    ("directory", "code", "said"),
    [
        pytest.param("", 1, "directory.csv:1: no entry in it", id="empty"),
        pytest.param("kind,id,mailbox\nperson,1,ann", 1, "expected an SMTP address", id="cut short"),
        pytest.param(directory_csv({"7": "x@example.com"}, {}), 1, "none of the 3 people and rooms", id="of others"),
        pytest.param(directory_csv({"1": "anna@example.com"}, {}), 0, "no mailbox for person 2", id="half of it"),
    ],
)
async def test_a_directory_without_a_mapping_deletes_nothing(
    studio: Studio, amqp_url: str, directory: str, code: int, said: str
) -> None:
    write(studio.directory, directory)
    done = studio.sync()
    assert done.returncode == code
    assert said in done.stderr
    assert standing(studio.state) == STANDING
    await nothing_was_published(amqp_url)
