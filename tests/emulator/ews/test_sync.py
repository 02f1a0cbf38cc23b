"""SyncFolderItems: what changed since a client last looked."""

import pytest

from tests.emulator.ews.soap import (
    CALENDAR,
    Server,
    booking,
    distinguished,
    field_uri,
    item_id,
    set_field,
    set_subject,
)

KINDS = ("Create", "Update", "Delete", "ReadFlagChange")


def sync(
    server: Server, state: str = "", *, most: int = 512, ignore: str = "", folder: str = CALENDAR
) -> tuple[str, list[tuple[str, str]], bool]:
    """(new state, [(kind, item id)], whether that was all)."""
    given = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    answer = server.ask(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f"<m:SyncFolderId>{folder}</m:SyncFolderId>{given}{ignore}<m:MaxChangesReturned>{most}</m:MaxChangesReturned>"
        "<m:SyncScope>NormalItems</m:SyncScope></m:SyncFolderItems>"
    )
    assert answer.codes == ("NoError",), answer.reply.body
    changes = [
        (change.tag.rpartition("}")[2], str(next(iter(change.iter("{*}ItemId"))).get("Id")))
        for change in answer.one("m:Changes")
    ]
    return answer.text("m:SyncState"), changes, answer.text("m:IncludesLastItemInRange") == "true"


def test_create_update_and_delete(server: Server) -> None:
    first, second, third = server.create(booking("1"), booking("2"), booking("3")).ids()
    state, changes, last = sync(server)
    assert (changes, last) == ([("Create", one[0]) for one in (first, second, third)], True)
    assert sync(server, state)[1:] == ([], True)
    server.update(second, set_subject("x"))
    server.delete(first)
    server.delete(third, how="MoveToDeletedItems")
    fourth = server.create(booking("4")).ids()[0]
    fleeting = server.create(booking("5")).ids()[0]
    server.delete(fleeting)
    changes = sync(server, state)[1]
    assert changes == [("Update", second[0]), ("Delete", first[0]), ("Delete", third[0]), ("Create", fourth[0])]


def test_pages_miss_nothing(server: Server) -> None:
    pairs = server.create(*(booking(str(n)) for n in range(7))).ids()
    state, seen, last, rounds = "", [], False, 0
    while not last:
        state, changes, last = sync(server, state, most=3)
        seen += changes
        rounds += 1
        if rounds == 1:
            # changed while the client was still reading: it comes again at the end, and still as a creation
            server.update(pairs[0], set_subject("x"))
            server.update(pairs[5], set_subject("x"))
    order = [*pairs[:5], pairs[6], pairs[0], pairs[5]]
    assert seen == [("Create", one[0]) for one in order]
    assert rounds == 3
    assert sync(server, state)[1] == []


def test_the_read_flag_alone(server: Server) -> None:
    pair = server.create("<t:Message/>", folder="").ids()[0]
    drafts = distinguished("drafts")
    state = sync(server, folder=drafts)[0]
    read = set_field(field_uri("message:IsRead"), "<t:IsRead>false</t:IsRead>", "Message")
    fresh = server.update(pair, read, sent="").ids()[0]
    assert sync(server, state, folder=drafts)[1] == [("ReadFlagChange", pair[0])]
    subject = set_field(field_uri("item:Subject"), "<t:Subject>x</t:Subject>", "Message")
    server.update(fresh, subject, sent="")
    assert sync(server, state, folder=drafts)[1] == [("Update", pair[0])]


def test_ignored_items(server: Server) -> None:
    first, second = server.create(booking("1"), booking("2")).ids()
    ignore = f"<m:Ignore>{item_id(first)}</m:Ignore>"
    assert sync(server, ignore=ignore)[1] == [("Create", second[0])]


@pytest.mark.parametrize(
    ("state", "folder", "most", "code"),
    [
        ("nonsense", CALENDAR, 10, "ErrorInvalidSyncStateData"),
        ("U1lOQw==", CALENDAR, 10, "ErrorInvalidSyncStateData"),
        ("other", distinguished("inbox"), 10, "ErrorInvalidSyncStateData"),
        ("", distinguished("nowhere"), 10, "ErrorSyncFolderNotFound"),
        ("", CALENDAR, 0, "ErrorSchemaValidation"),
        ("", CALENDAR, 513, "ErrorSchemaValidation"),
    ],
)
def test_refused(server: Server, state: str, folder: str, most: int, code: str) -> None:
    if state == "other":
        state = sync(server)[0]
    given = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    answer = server.ask(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f"<m:SyncFolderId>{folder}</m:SyncFolderId>{given}<m:MaxChangesReturned>{most}</m:MaxChangesReturned>"
        "</m:SyncFolderItems>"
    )
    assert answer.codes == (code,)
