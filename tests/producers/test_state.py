"""The state file: what it keeps, who may use it, and how it fails."""

import sqlite3
from pathlib import Path

import pytest

from producers.sync.difference import Change, Entry, Place
from producers.sync.schedule import Content, ObjectKind, ScheduledObject
from producers.sync.state import State, StateError

ANNA = ScheduledObject(ObjectKind.PERSON, "1")
SUITE = ScheduledObject(ObjectKind.ROOM, "Suite 4, »left«")
PLACE = Place("anna@example.com", "B-1")


def test_entries_come_back_and_cancellations_stay(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with State(path, "one") as state:
        assert state.highest_revision() == -1
        change = Change(PLACE, Content('{"title":"x"}'), frozenset([ANNA, SUITE]))
        state.announce([change], 7)
        assert state.entries() == {PLACE: Entry(7, change.content, change.holders, confirmed=False)}
        state.confirm([change], 7)
    with State(path, "one") as state:
        assert state.entries() == {PLACE: Entry(7, Content('{"title":"x"}'), frozenset([ANNA, SUITE]))}
        state.record([Change(PLACE, Content("ignored"), frozenset([ANNA]))])
        assert state.entries()[PLACE] == Entry(7, Content('{"title":"x"}'), frozenset([ANNA]))
        state.announce([Change(PLACE, None, frozenset())], 9)
    with State(path, "one") as state:
        assert state.highest_revision() == 9
        assert state.entries() == {PLACE: Entry(9, None, frozenset(), confirmed=False)}
        state.confirm([Change(PLACE, None, frozenset())], 9)
        state.announce([], 3)
        assert state.highest_revision() == 9
    with State(path, "two") as state:
        assert state.entries() == {}
        assert state.highest_revision() == -1
    with State(path, "one") as state:
        assert state.entries() == {PLACE: Entry(9, None, frozenset())}


def test_a_batch_is_recorded_whole_or_not_at_all(tmp_path: Path) -> None:
    def batch() -> "list[Change]":
        return [Change(Place(f"m{n}@example.com", "B"), Content("{}"), frozenset([ANNA])) for n in range(10)]

    path = tmp_path / "state.sqlite"
    State(path, "one").__exit__(None, None, None)
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON entry WHEN new.mailbox = 'm7@example.com' "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    database.close()
    with State(path, "one") as state:
        with pytest.raises(StateError, match="the disk is full"):
            state.confirm(batch(), 1)
        assert state.entries() == {}


def test_a_second_sync_on_the_same_file_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with State(path, "one"), pytest.raises(StateError, match="another sync is running"):
        State(path, "two")
    with State(path, "two"):
        pass


def test_files_that_are_not_ours_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_bytes(b"kind,id,mailbox\n" * 100)
    with pytest.raises(StateError, match="damaged or no state file"):
        State(text, "one")
    assert text.read_bytes() == b"kind,id,mailbox\n" * 100

    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE theirs (a)")
    database.close()
    with pytest.raises(StateError, match="another program"):
        State(foreign, "one")

    newer = tmp_path / "newer.sqlite"
    State(newer, "one").__exit__(None, None, None)
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StateError, match="schema version 99, this release knows 2"):
        State(newer, "one")

    with pytest.raises(StateError, match="unable to open"):
        State(tmp_path / "no" / "folder.sqlite", "one")


def test_an_entry_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with State(path, "one") as state:
        state.confirm([Change(PLACE, Content("{}"), frozenset([ANNA]))], 1)
    with sqlite3.connect(path) as database:
        database.execute('UPDATE entry SET holders = \'[["car", "1"]]\'')
    database.close()
    with State(path, "one") as state, pytest.raises(StateError, match="backup"):
        state.entries()
