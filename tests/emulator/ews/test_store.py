"""The stores: the same behaviour in memory and with a file, which survives a restart; what a page reads from them."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator.store import MemoryStore, SqliteStore, Store
from emulator.store.ids import (
    MalformedIdError,
    WrongKindOfIdError,
    change_key,
    folder_id,
    item_id,
    read_change_key,
    read_folder_id,
    read_item_id,
)
from tests.emulator.ews.soap import ANNA, BO, Server, booking, distinguished, extended, prop, set_subject
from tests.emulator.ews.test_folders import create as create_folder
from tests.emulator.ews.test_folders import find as find_folder
from tests.emulator.ews.test_folders import folder
from tests.emulator.ews.test_folders import folder_id as given_folder_id
from tests.emulator.ews.test_sync import sync


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.sqlite")
    yield made
    made.close()


def test_the_page_sees_a_calendar(store: Store) -> None:
    server = Server(store=store)
    server.create(
        booking("late", "2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z", after="<t:Location>Suite 4</t:Location>"),
        booking(
            "early", "2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00",
            before='<t:Sensitivity>Private</t:Sensitivity><t:Body BodyType="Text">b</t:Body>'
            "<t:Categories><t:String>Grading</t:String></t:Categories>",
            after="<t:IsAllDayEvent>true</t:IsAllDayEvent><t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>"
            '<t:StartTimeZone Id="Romance Standard Time"/>',
        ),
        booking("other week", "2026-12-20T08:00:00Z", "2026-12-20T09:00:00Z"),
    )  # fmt: skip
    assert store.mailboxes() == [ANNA]
    entries = store.calendar(ANNA, datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC))
    assert [entry.subject for entry in entries] == ["early", "late"]
    early, late = entries
    assert (early.start, early.end) == (datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, 23, tzinfo=UTC))
    assert (early.all_day, early.private, early.free_busy) == (True, True, "OOF")
    assert (early.categories, early.time_zone, early.body) == (("Grading",), "Romance Standard Time", "b")
    assert (late.location, late.private, late.free_busy) == ("Suite 4", False, "Busy")
    assert store.calendar(BO, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == []


def test_watchers_hear_of_every_write_and_of_nothing_else(store: Store) -> None:
    heard: list[str] = []
    end = store.watch(heard.append)
    server = Server(store=store)
    pair = server.create(booking(), booking()).ids()[0]
    assert heard == [ANNA]
    server.find()
    server.get(pair)
    assert heard == [ANNA]
    server.update(pair, set_subject("x"))
    server.delete(pair)
    assert heard == [ANNA] * 3
    end()
    server.create(booking())
    assert heard == [ANNA] * 3


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], SqliteStore]]:
    opened: list[SqliteStore] = []

    def again() -> SqliteStore:
        for store in opened:
            store.close()
        opened.clear()
        opened.append(SqliteStore(tmp_path / "store.sqlite"))
        return opened[0]

    yield again
    for store in opened:
        store.close()


def test_everything_is_there_after_a_restart(reopen: Callable[[], SqliteStore]) -> None:
    """Items, folders, ids, change keys, conflicts and sync states mean the same in the next run."""
    server = Server(store=reopen())
    ledger = given_folder_id(create_folder(server, folder("Ledger")))
    many = extended(prop("Tags", "StringArray"), "a", "b", many=True) + extended(prop("N", "Double"), "1.5")
    kept, changed, gone = server.create(booking("kept", before=many), booking("changed"), booking("gone")).ids()
    server.create("<t:Message><t:Subject>t</t:Subject></t:Message>", folder=ledger)
    state = sync(server)[0]
    fresh = server.update(changed, set_subject("changed twice")).ids()[0]
    server.delete(gone)
    server.delete(kept, how="MoveToDeletedItems")
    before = server.find(base="AllProperties").reply.body
    deleted = server.find(folders=distinguished("deleteditems")).ids()[0]

    server = Server(store=reopen())
    assert server.find(base="AllProperties").reply.body == before
    assert find_folder(server).texts("t:DisplayName").count("Ledger") == 1
    assert len(server.find(folders=ledger).ids()) == 1
    got = server.get(deleted, extra=prop("Tags", "StringArray") + prop("N", "Double"))
    assert got.texts("t:Values/t:Value") == ["a", "b"]
    assert got.texts("t:ExtendedProperty/t:Value") == ["1.5"]
    assert sync(server, state)[1] == [("Update", changed[0]), ("Delete", gone[0]), ("Delete", kept[0])]
    assert server.update(changed, set_subject("x")).codes == ("ErrorIrresolvableConflict",)
    assert server.update(fresh, set_subject("x")).codes == ("NoError",)
    new = server.create(booking()).ids()[0]
    assert new[0] not in {one[0] for one in (kept, changed, gone, deleted)}


def test_mailboxes_share_a_file(reopen: Callable[[], SqliteStore]) -> None:
    store = reopen()
    Server(store=store).create(booking("Anna's"))
    Server(store=store, mailbox=BO).create(booking("Bo's"))
    store = reopen()
    assert store.mailboxes() == [ANNA, BO]
    assert Server(store=store, mailbox=BO).find(base="Default").texts("t:Subject") == ["Bo's"]


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(ValueError, match="another version"):
        SqliteStore(path)


def test_ids_are_told_apart_from_anything_else() -> None:
    assert read_item_id(item_id(7, 8)) == (7, 8)
    assert read_folder_id(folder_id(7, 8)) == (7, 8)
    assert read_change_key(change_key(8, 9)) == (8, 9)
    with pytest.raises(WrongKindOfIdError):
        read_item_id(folder_id(7, 8))
    good = item_id(7, 8)
    other = "B" if good[10] != "B" else "C"
    for bad in ("", "nonsense", good[:-4], good[:10] + other + good[11:], good + "AAAA", change_key(7, 8), "ø"):
        with pytest.raises(MalformedIdError):
            read_item_id(bad)
    for bad in ("", "nonsense", good):
        with pytest.raises(MalformedIdError):
            read_change_key(bad)
