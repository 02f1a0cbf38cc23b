"""DeleteItem in its three ways, and MoveItem."""

import pytest

from emulator.ews.exchange import ItemFault
from tests.emulator.ews.soap import (
    CALENDAR,
    Server,
    booking,
    distinguished,
    extended,
    field_uri,
    item_id,
    prop,
    set_subject,
)


def test_hard_delete_removes_for_good(server: Server) -> None:
    """MS-OXWSCORE_R1667."""
    pair = server.create(booking()).ids()[0]
    answer = server.delete(pair)
    assert (answer.codes, answer.reply.deleted) == (("NoError",), 1)
    assert server.get(pair).codes == ("ErrorItemNotFound",)
    assert server.delete(pair).codes == ("ErrorItemNotFound",)


@pytest.mark.parametrize(
    ("how", "where"),
    [
        ("MoveToDeletedItems", "deleteditems"),  # MS-OXWSCORE_R1668
        ("SoftDelete", "recoverableitemsdeletions"),  # MS-OXWSCORE_R1669
    ],
)
def test_the_other_ways_move_the_item_under_a_new_id(server: Server, how: str, where: str) -> None:
    pair = server.create(booking(before=extended(prop("CallsheetKey"), "k"))).ids()[0]
    assert server.delete(pair, how=how).codes == ("NoError",)
    assert server.get(pair).codes == ("ErrorItemNotFound",)
    found = server.find(f"<t:Exists>{prop('CallsheetKey')}</t:Exists>", folders=distinguished(where))
    assert len(found.ids()) == 1
    assert found.ids()[0][0] != pair[0]
    assert server.find().ids() == []


def test_delete_does_not_look_at_change_keys(server: Server) -> None:
    """There is no conditional delete."""
    pair = server.create(booking()).ids()[0]
    server.update(pair, set_subject("changed since"))
    assert server.delete(pair).codes == ("NoError",)


def test_a_calendar_item_needs_send_meeting_cancellations(server: Server) -> None:
    """MS-OXWSMTGS_R1213. A message does not."""
    pair = server.create(booking()).ids()[0]
    message = server.create("<t:Message/>", folder="").ids()[0]
    assert server.delete(pair, message, sent=False).codes == ("ErrorSendMeetingCancellationsRequired", "NoError")
    assert server.get(pair).codes == ("NoError",)


def test_a_delete_must_say_how(server: Server) -> None:
    pair = server.create(booking()).ids()[0]
    assert server.delete(pair, how="Shred").codes == ("ErrorSchemaValidation",)


def move(server: Server, pairs: list[tuple[str, str]], folder: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    answer = server.ask(
        f"<m:MoveItem><m:ToFolderId>{folder}</m:ToFolderId>"
        f"<m:ItemIds>{''.join(item_id(pair) for pair in pairs)}</m:ItemIds></m:MoveItem>"
    )
    return answer.codes, answer.ids()


def test_a_moved_item_has_a_new_id_and_keeps_the_rest(server: Server) -> None:
    pair = server.create(booking(before=extended(prop("CallsheetKey"), "k"))).ids()[0]
    codes, moved = move(server, [pair], distinguished("deleteditems"))
    assert codes == ("NoError",)
    assert moved[0][0] != pair[0]
    got = server.get(*moved, extra=prop("CallsheetKey") + field_uri("item:ParentFolderId"))
    assert (got.text("t:Subject"), got.text("t:Value")) == ("Grading", "k")
    assert move(server, [pair, *moved], CALENDAR)[0] == ("ErrorItemNotFound", "NoError")
    assert move(server, moved, distinguished("nowhere"))[0] == ("ErrorToFolderNotFound",)


def test_faults_on_demand(server: Server) -> None:
    """Any code, for one item or all; the codes after which Exchange gives up stop the rest of the batch."""
    body = (
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>'
        + "".join(booking(str(n)) for n in range(4))
        + "</m:Items></m:CreateItem>"
    )
    answer = server.ask(body, injected=ItemFault("ErrorItemSave", 1))
    assert answer.codes == ("NoError", "ErrorItemSave", "NoError", "NoError")
    answer = server.ask(body, injected=ItemFault("ErrorMailboxStoreUnavailable", 2))
    assert answer.codes == ("NoError", "NoError", "ErrorMailboxStoreUnavailable", "ErrorBatchProcessingStopped")
    assert answer.reply.created == 2
    assert server.ask(body, injected=ItemFault("ErrorItemSave")).codes == ("ErrorItemSave",) * 4
    answer = server.ask(body, injected=ItemFault(stop_after=1))
    assert answer.codes == ("NoError", *["ErrorBatchProcessingStopped"] * 3)
    assert len(server.find().ids()) == 6
