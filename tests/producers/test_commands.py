"""The command line as people and scripts meet it: exit codes, summaries, bad lines, settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from contract.codec import encode
from contract.event import MAX_SNAPSHOT_BYTES, Event, highest_revision, now_in_ms
from deploy.sandbox.ports import free_ports
from producers.commands import app
from tests.producers.samples import cancelled_event, changed_event, directory_csv, event_xml, schedule_xml, write
from tests.producers.topology import Arrivals, declare_topology


def run(*arguments: str | Path, amqp_url: str = "", stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """``callsheet-producer`` in a process of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CALLSHEET_")}
    given = {**kept, "TERM": "dumb", **({"CALLSHEET_AMQP_URL": amqp_url} if amqp_url else {})}
    done = subprocess.run(
        [sys.executable, "-m", "producers", *map(str, arguments)],
        env=given,
        input=stdin,
        capture_output=True,
        timeout=50,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_here(*arguments: str, environment: Mapping[str, str] | None = None) -> Result:
    """The command in this process, which is quicker; it must not read standard input."""
    clean: dict[str, str | None] = {key: None for key in os.environ if key.startswith("CALLSHEET_")}
    return CliRunner().invoke(app, arguments, env={**clean, "TERM": "dumb", **(environment or {})})


def nobody() -> str:
    """The URL of a broker that is not there."""
    return f"amqp://guest:s3cret@127.0.0.1:{free_ports(1)[0]}/"


def lines(*bodies: bytes) -> bytes:
    return b"".join(body + b"\n" for body in bodies)


def with_data(number: int, **data: object) -> bytes:
    document = orjson.loads(encode(changed_event(number)))
    document["data"] |= data
    return orjson.dumps(document)


FUTURE = now_in_ms(datetime.now(UTC) + timedelta(hours=3))
BAD_LINES = [
    (b"{", "broken_json"),
    (with_data(2, end="2026-11-30T08:00:00Z"), "end_before_start"),
    (with_data(3, revision=FUTURE), "revision_in_future"),
    (with_data(4, revision="1"), "wrong_field: data.revision: found '1', expected a whole number"),
    (b'"' + b"x" * (MAX_SNAPSHOT_BYTES + 10) + b'"', f"too_large: message: found {MAX_SNAPSHOT_BYTES + 12} bytes"),
    (with_data(5, notes="\ud7ff" * 11_000), "too_large: data.notes"),
]


async def test_publish_names_the_bad_lines_and_publishes_the_good_ones(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    good: list[Event] = [changed_event(10), changed_event(11, "bo@example.com"), cancelled_event(12)]
    file = tmp_path / "changes.jsonl"
    file.write_bytes(lines(encode(good[0]), *(bad for bad, _ in BAD_LINES), b"", encode(good[1])))
    done = run("publish", file, "-", amqp_url=amqp_url, stdin=encode(good[2]))
    assert done.returncode == 1
    assert done.stdout.startswith("publish: 3 published, 6 bad, ")
    reported = done.stderr.splitlines()
    assert len(reported) == len(BAD_LINES)
    for number, (line, (_, reason)) in enumerate(zip(reported, BAD_LINES, strict=True), start=2):
        assert line.startswith(f"{file}:{number}: {reason}")
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 3)
    assert sorted(arrivals.events, key=lambda event: event.id) == sorted(good, key=lambda event: event.id)


async def test_publish_of_many_good_lines_is_exit_code_0_with_a_json_summary(amqp_url: str) -> None:
    await declare_topology(amqp_url)
    body = lines(*(encode(changed_event(number, f"m{number}@example.com")) for number in range(1500)))
    done = run("publish", "-", "--json", amqp_url=amqp_url, stdin=body)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["published"], summary["bad"], summary["bad_lines"]) == (1500, 0, [])
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 1500)
    assert len({message.message_id for message in arrivals.messages}) == 1500


def test_check_needs_no_broker() -> None:
    assert run("publish", "--check", "-", amqp_url=nobody(), stdin=encode(changed_event(1))).returncode == 0
    done = run("publish", "--check", "--json", "-", amqp_url=nobody(), stdin=lines(encode(changed_event(1)), b"{}"))
    assert done.returncode == 1
    summary = json.loads(done.stdout)
    assert (summary["good"], summary["published"], summary["bad"]) == (1, 0, 1)
    assert summary["bad_lines"][0]["line"] == 2
    assert summary["bad_lines"][0]["reason"] == "missing_field"


def test_a_broker_that_is_away_is_exit_code_1_without_the_password(tmp_path: Path) -> None:
    done = run("publish", "-", "--wait", "0.5", amqp_url=nobody(), stdin=encode(changed_event(1)))
    assert done.returncode == 1
    assert "has not taken the connection for 0.5 s" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1


async def test_publish_stops_with_one_line_when_the_topology_does_not_fit(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url, partitions=1)
    file = tmp_path / "many.jsonl"
    file.write_bytes(lines(*(encode(changed_event(number, f"m{number}@example.com")) for number in range(5000))))
    done = run("publish", file, amqp_url=amqp_url)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert "run `callsheet-consumer topology` with the same CALLSHEET_PARTITIONS" in said


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (
            ("publish", "-"),
            {"CALLSHEET_AMQP_URL": "http://user:s3cret@host/"},
            "CALLSHEET_AMQP_URL: expected an address",
        ),
        (("publish", "-", "--amqp-url", "amqp://u:s3cret@:99999/"), {}, "--amqp-url: expected an address"),
        (("publish", "-"), {"CALLSHEET_PARTITIONS": "0"}, "CALLSHEET_PARTITIONS: expected a whole number from 1"),
        (("publish", "-"), {"CALLSHEET_PARTITIONS": "many"}, "found 'many'"),
        (("publish", "no-such-file"), {}, "does not exist"),
        (("publish",), {}, "Missing argument"),
        (("sync", "pentabarf", "-"), {}, "FILE"),
        (("unknown",), {}, "No such command"),
    ],
)
def test_wrong_usage_and_settings_are_exit_code_2(
    arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    done = run_here(*arguments, environment=environment)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_help_teaches_with_examples() -> None:
    done = run_here("sync", "pentabarf", "--help")
    assert done.exit_code == 0
    assert "Examples" in done.stdout
    assert "kind,id,mailbox" in done.stdout
    assert "CALLSHEET_AMQP_URL" in run_here("--help").stdout
    assert "publish --check" in run_here("publish", "--help").stdout


class Studio:
    """A schedule, a directory and a state in a folder, and the command on them."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self.schedule = folder / "schedule.xml"
        self.directory = folder / "directory.csv"
        self.state = folder / "state.sqlite"
        self._amqp_url = amqp_url
        persons = {"1": "anna@example.com", "2": "bo@example.com"}
        write(self.directory, directory_csv(persons, {"Suite 4": "suite-4@example.com"}))

    def sync(self, *more: str, schedule: str | None = None) -> subprocess.CompletedProcess[str]:
        if schedule is not None:
            write(self.schedule, schedule)
        given = ("--directory", self.directory, "--state", self.state, "--wait", "5")
        return run("sync", "pentabarf", self.schedule, *given, *more, amqp_url=self._amqp_url)


FIRST = schedule_xml({"Suite 4": [event_xml("g-1", persons=("1",)), event_xml("g-2", persons=("1", "3"))]})
SECOND = schedule_xml({"Suite 4": [event_xml("g-1", persons=("2",)), event_xml("g-2", persons=("1", "3"))]})


async def test_sync_publishes_only_what_changed_and_again_sends_everything(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, amqp_url)
    done = studio.sync(schedule=FIRST)
    assert done.returncode == 0, done.stderr
    assert "changed=4 cancelled=0 sent_again=0 mailboxes=2 unmapped=1 " in done.stdout
    assert done.stderr == "no mailbox for person 3 (Person 3)\n"

    nothing = json.loads(studio.sync("--json").stdout)
    assert (nothing["changed"], nothing["cancelled"], nothing["revision"]) == (0, 0, None)
    assert nothing["unmapped"] == [{"kind": "person", "id": "3", "name": "Person 3"}]

    # Reassigned from Anna to Bo; the room's booking names its people, so that changes, too.
    moved = json.loads(studio.sync("--json", schedule=SECOND).stdout)
    assert (moved["changed"], moved["cancelled"], moved["mailboxes"]) == (2, 1, 3)

    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 7)
    revisions = {highest_revision(event) for event in arrivals.events}
    assert max(revisions) == moved["revision"]
    assert len(revisions) == 2

    again = json.loads(studio.sync("Anna@Example.com", "--again", "--json").stdout)
    assert (again["changed"], again["cancelled"], again["sent_again"], again["mailboxes"]) == (0, 0, 2, 1)
    resent = Arrivals(amqp_url)
    await resent.collect(lambda messages: len(messages) == 2)
    first_sent = {(e.subject, e.type, e.data.model_dump_json()) for e in arrivals.events}
    assert {(e.subject, e.type, e.data.model_dump_json()) for e in resent.events} <= first_sent
    assert {str(event.type) for event in resent.events} == {
        "schedule.booking.changed.v1",
        "schedule.booking.cancelled.v1",
    }
    everybody = json.loads(studio.sync("--again", "--json").stdout)
    assert (everybody["sent_again"], everybody["mailboxes"]) == (5, 3)


@pytest.mark.parametrize("damage", ["schedule", "directory", "empty directory"])
def test_a_damaged_file_changes_nothing_and_says_where(tmp_path: Path, damage: str) -> None:
    studio = Studio(tmp_path, nobody())
    if damage == "schedule":
        done = studio.sync(schedule=FIRST[:-30])
        assert f"{studio.schedule}:5:" in done.stderr
    else:
        write(studio.directory, "" if damage == "empty directory" else "kind,id,mailbox\nperson,1,anna\n")
        done = studio.sync(schedule=FIRST)
        assert f"{studio.directory}:{1 if damage == 'empty directory' else 2}: " in done.stderr
    assert done.returncode == 1
    assert not studio.state.exists()


async def test_what_nobody_can_have_meant_is_refused(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, amqp_url)
    assert studio.sync(schedule=FIRST).returncode == 0
    stranger = studio.sync("--again", "typo@example.com")
    assert stranger.returncode == 1
    assert "typo@example.com" in stranger.stderr
    assert studio.sync("anna@example.com").returncode == 2
    assert studio.sync("--again", "anna").returncode == 2
    assert studio.sync("--source", "with space").returncode == 2
    emptied = studio.sync(schedule=schedule_xml({}))
    assert emptied.returncode == 1
    assert "4 bookings" in emptied.stderr
    assert "cancelled=4 " in studio.sync("--allow-empty").stdout
