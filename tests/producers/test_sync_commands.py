"""``callsheet-producer sync`` as people and scripts meet it: what it publishes, refuses, plans and says."""

import json
from pathlib import Path

import pytest

from contract.event import CancelledEvent, SnapshotEvent, highest_revision
from tests.producers.command import Studio, nobody, run_here
from tests.producers.samples import event_xml, many, schedule_xml, write
from tests.producers.topology import Arrivals, declare_topology

FIRST = schedule_xml({"Suite 4": [event_xml("g-1", persons=("1",)), event_xml("g-2", persons=("1", "3"))]})
SECOND = schedule_xml({"Suite 4": [event_xml("g-1", persons=("2",)), event_xml("g-2", persons=("1", "3"))]})


async def test_sync_publishes_only_what_changed_and_again_sends_everything(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, amqp_url)
    done = studio.sync(schedule=FIRST)
    assert done.returncode == 0, done.stderr
    assert "changed=4 cancelled=0 sent_again=0 snapshots=0 mailboxes=2 unmapped=1 " in done.stdout
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
    assert (again["changed"], again["sent_again"], again["snapshots"], again["mailboxes"]) == (0, 1, 1, 1)
    resent = Arrivals(amqp_url)
    await resent.collect(lambda messages: len(messages) == 2)
    first_sent = {(e.subject, e.type, e.data.model_dump_json()) for e in arrivals.events}
    (cancelled,) = [event for event in resent.events if isinstance(event, CancelledEvent)]
    assert (cancelled.subject, cancelled.type, cancelled.data.model_dump_json()) in first_sent
    (snapshot,) = [event for event in resent.events if isinstance(event, SnapshotEvent)]
    assert snapshot.subject == "anna@example.com"
    assert snapshot.data.as_of == again["revision"] > moved["revision"]
    (listed,) = snapshot.data.bookings
    assert ("anna@example.com", "schedule.booking.changed.v1", listed.model_dump_json()) in first_sent
    everybody = json.loads(studio.sync("--again", "--json").stdout)
    assert (everybody["sent_again"], everybody["snapshots"], everybody["mailboxes"]) == (1, 3, 3)


async def test_update_now_puts_the_calendars_right_of_those_who_are_named(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, amqp_url)
    assert studio.sync(schedule=FIRST).returncode == 0
    bo = json.loads(studio.sync("person:2", "--now", "--json", schedule=SECOND).stdout)
    assert (bo["changed"], bo["cancelled"], bo["snapshots"], bo["mailboxes"]) == (1, 0, 1, 1)
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 6)
    (snapshot,) = [event for event in arrivals.events if isinstance(event, SnapshotEvent)]
    assert [booking.booking for booking in snapshot.data.bookings] == ["g-1"]
    of_bo = [event for event in arrivals.events if event.subject == "bo@example.com"]
    assert of_bo[-1] == snapshot
    rest = json.loads(studio.sync("--json").stdout)
    assert (rest["changed"], rest["cancelled"], rest["mailboxes"]) == (1, 1, 2)
    everybody = json.loads(studio.sync("--now", "--json").stdout)
    assert (everybody["changed"], everybody["sent_again"], everybody["snapshots"]) == (0, 0, 3)


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
    assert "2 bookings of it stand in calendars" in emptied.stderr
    assert "cancelled=4 " in studio.sync("--allow-empty").stdout


async def test_a_plan_shows_what_would_be_published_and_publishes_nothing(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, nobody())
    planned = json.loads(studio.sync("--plan", "--json", schedule=FIRST).stdout)
    assert not studio.state.exists()
    assert {(event["mailbox"], event["booking"], event["action"]) for event in planned["events"]} == {
        ("anna@example.com", "g-1", "new"),
        ("anna@example.com", "g-2", "new"),
        ("suite-4@example.com", "g-1", "new"),
        ("suite-4@example.com", "g-2", "new"),
    }
    assert planned["events"][0]["data"]["title"] == "Grading"
    assert planned["unmapped"] == [{"kind": "person", "id": "3", "name": "Person 3"}]
    assert Studio(tmp_path, amqp_url).sync().returncode == 0
    before = studio.state.read_bytes()
    shown = studio.sync("--plan", "--now", schedule=SECOND)
    assert shown.returncode == 0, shown.stderr
    rows = [line.split() for line in shown.stdout.splitlines() if "2026-12-01" in line]
    assert len(rows) == 3
    for words in (["anna@example.com", "cancel", "g-1"], ["bo@example.com", "new", "g-1"], ["change", "g-1"]):
        assert any(set(words) <= set(row) for row in rows), shown.stdout
    assert "events=3 snapshots=3 mailboxes=3 unmapped=1; nothing was published" in shown.stdout
    assert studio.state.read_bytes() == before


async def test_a_plan_that_would_be_refused_is_shown_and_fails(tmp_path: Path, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    studio = Studio(tmp_path, amqp_url)
    studio.sync(schedule=many(20))
    shown = studio.sync("--plan", schedule=many(8))
    assert shown.returncode == 1
    assert shown.stdout.count("cancel") == 36
    assert "12 of 20 bookings" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--days-after", "30"], "--days-after needs --timezone"),
        (["--at", "06:00"], "--at needs --timezone"),
        (["--at", "24:00", "--timezone", "UTC"], "a time of day like 06:00"),
        (["--every", "5"], "a time like 60s, 5m or 1h"),
        (["--timezone", "Europe/Kopenhagen"], "an IANA time zone name"),
        (["--statuses", "confirmed,perhaps"], "confirmed,tentative"),
        (["--now", "--again"], "expected one of them"),
        (["--plan", "--every", "5s"], "--plan shows one update"),
        (["--http-port", "0"], "expected --every or --at"),
        (["--now", "car:1"], "an SMTP address"),
        (["--settings", "no-such-file"], "does not exist"),
    ],
)
def test_options_that_make_no_sense_are_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    write(tmp_path / "schedule.xml", FIRST)
    files = [str(tmp_path / "schedule.xml"), "--state", str(tmp_path / "state.sqlite")]
    done = run_here("sync", "pentabarf", *files, *arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "state.sqlite").exists()
