"""The command line as people and scripts meet it: exit codes, summaries, bad lines, settings."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from contract.codec import encode
from contract.event import MAX_SNAPSHOT_BYTES, Event, now_in_ms
from tests.producers.command import nobody, run, run_here
from tests.producers.samples import cancelled_event, changed_event
from tests.producers.topology import Arrivals, declare_topology


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
