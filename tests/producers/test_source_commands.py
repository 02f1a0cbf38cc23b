"""``callsheet-producer sync`` for each kind of source: a plan, from a source as people have it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.documents import DOCS, blocks
from tests.producers.command import run_here
from tests.producers.samples import write

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Callsheet//Tests//EN
BEGIN:VEVENT
UID:rota
DTSTAMP:20260101T000000Z
DTSTART:20260101T080000
DURATION:PT8H
RRULE:FREQ=DAILY
SUMMARY:Night desk
END:VEVENT
END:VCALENDAR
"""


def planned(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    state = folder / "state.sqlite"
    done = run_here("sync", *map(str, arguments), "--state", str(state), "--plan", "--json")
    assert done.exit_code == 0, done.stderr
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


def test_a_calendar_of_somebody_gives_each_instance_in_the_window(tmp_path: Path) -> None:
    calendar = write(tmp_path / "rota.ics", CALENDAR.replace("\n", "\r\n"))
    directory = write(tmp_path / "directory.toml", '[person]\n7 = "night@example.com"\n')
    window = ("--days-before", "0", "--days-after", "6", "--timezone", "Europe/Copenhagen")
    plan = planned(tmp_path, "icalendar", calendar, "--of", "person:7", "--directory", directory, *window)
    events = plan["events"]
    assert len(events) == 7
    assert {event["mailbox"] for event in events} == {"night@example.com"}
    assert {event["data"]["title"] for event in events} == {"Night desk"}
    assert {event["data"]["start"][10:19] for event in events} == {"T08:00:00"}


def test_a_table_with_addresses_of_its_own_needs_no_directory(tmp_path: Path) -> None:
    page = DOCS / "producers" / "csv.md"
    table = write(tmp_path / "rota.csv", blocks(page, "csv")[0])
    mapping = write(tmp_path / "rota.toml", blocks(page, "toml")[0])
    plan = planned(tmp_path, "csv", table, "--mapping", mapping)
    assert (plan["source"], plan["events"][0]["mailbox"]) == ("rota://soho", "aase@example.com")
    assert plan["events"][0]["data"]["title"] == "Feature X / Mix"
    assert [item["id"] for item in plan["unmapped"]] == ["Bo", "Suite 4"]
    named = planned(tmp_path, "csv", table, "--mapping", mapping, "--source", "rota://paris")
    assert named["source"] == "rota://paris"


def test_times_without_an_offset_are_meant_in_the_zone_of_the_window(tmp_path: Path) -> None:
    table = write(
        tmp_path / "rota.csv",
        "booking,title,start,end,people\n1,Mix,2026-12-01 09:00,2026-12-01 10:00,Anna <anna@example.com>\n",
    )
    plan = planned(tmp_path, "csv", table, "--timezone", "America/New_York")
    assert plan["events"][0]["data"]["start"] == "2026-12-01T09:00:00-05:00"


def test_an_export_of_farmerswife(tmp_path: Path) -> None:
    page = DOCS / "producers" / "farmerswife.md"
    export = write(tmp_path / "view.xml", blocks(page, "xml")[0])
    people = '[person]\n11 = "anna@example.com"\n[room]\n21 = "suite-4@example.com"\n'
    directory = write(tmp_path / "directory.toml", people)
    mapping = write(tmp_path / "view.toml", blocks(page, "toml")[0])
    plan = planned(tmp_path, "farmerswife", export, "--mapping", mapping, "--directory", directory)
    assert [event["mailbox"] for event in plan["events"]] == ["anna@example.com", "suite-4@example.com"]
    assert {event["data"]["title"] for event in plan["events"]} == {"Feature X / Grading / Reel 3"}
    assert {event["data"]["notes"] for event in plan["events"]} == {"Nordfilm"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["icalendar", "no-such.ics"], "expected --days-after"),
        (["icalendar", "no-such.ics", "--days-after", "7", "--timezone", "UTC"], "does not exist"),
        (["icalendar", "ftp://x/y.ics", "--days-after", "7", "--timezone", "UTC"], "an address like https"),
        (["icalendar", "x.ics", "--of", "anna"], "an object, like person:123"),
        (["csv", "no-such.csv"], "does not exist"),
        (["farmerswife", "no-such.xml"], "does not exist"),
        (["postgres", "no=such=dsn", __file__], "expected host="),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_here("sync", *arguments, "--state", str(tmp_path / "state.sqlite"))
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "state.sqlite").exists()


def test_a_database_that_is_away_is_a_source_that_failed(tmp_path: Path) -> None:
    query = write(tmp_path / "query.sql", "SELECT 1")
    state = str(tmp_path / "state.sqlite")
    done = run_here("sync", "postgres", "host=/no/such/socket dbname=x", str(query), "--state", state)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "PostgreSQL" in line
