"""Folders: the standard ones, making, finding and deleting others, and hiding them."""

import pytest

from tests.emulator.ews.soap import BO, CALENDAR, Answer, Server, booking, distinguished, extended, field_uri, prop

HIDDEN = '<t:ExtendedFieldURI PropertyTag="0x10F4" PropertyType="Boolean"/>'
ROOT = distinguished("msgfolderroot")
NAME = field_uri("folder:DisplayName")


def get(server: Server, *folders: str, base: str = "AllProperties", extra: str = "") -> Answer:
    additional = f"<t:AdditionalProperties>{extra}</t:AdditionalProperties>" if extra else ""
    return server.ask(
        f"<m:GetFolder><m:FolderShape><t:BaseShape>{base}</t:BaseShape>{additional}</m:FolderShape>"
        f"<m:FolderIds>{''.join(folders)}</m:FolderIds></m:GetFolder>"
    )


def create(server: Server, *folders: str, parent: str = ROOT) -> Answer:
    return server.ask(
        f"<m:CreateFolder><m:ParentFolderId>{parent}</m:ParentFolderId><m:Folders>{''.join(folders)}</m:Folders>"
        "</m:CreateFolder>"
    )


def folder(name: str, *, kind: str = "Folder", extra: str = "") -> str:
    return f"<t:{kind}><t:DisplayName>{name}</t:DisplayName>{extra}</t:{kind}>"


def find(
    server: Server, restriction: str = "", *, traversal: str = "Shallow", parent: str = ROOT, extra: str = NAME
) -> Answer:
    wanted = f"<m:Restriction>{restriction}</m:Restriction>" if restriction else ""
    return server.ask(
        f'<m:FindFolder Traversal="{traversal}"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{extra}</t:AdditionalProperties></m:FolderShape>{wanted}<m:ParentFolderIds>{parent}</m:ParentFolderIds>"
        "</m:FindFolder>"
    )


def named(name: str) -> str:
    return f'<t:IsEqualTo>{NAME}<t:FieldURIOrConstant><t:Constant Value="{name}"/></t:FieldURIOrConstant></t:IsEqualTo>'


def folder_id(answer: Answer, index: int = 0) -> str:
    found = answer.all("t:FolderId")[index]
    return f'<t:FolderId Id="{found.get("Id")}" ChangeKey="{found.get("ChangeKey")}"/>'


def test_the_standard_folders(server: Server) -> None:
    names = [
        *("root", "msgfolderroot", "calendar", "contacts", "deleteditems", "drafts", "inbox", "journal", "notes"),
        *("outbox", "sentitems", "tasks", "junkemail", "searchfolders"),
        *("recoverableitemsroot", "recoverableitemsdeletions"),
    ]
    server.create(booking())
    answer = get(server, *map(distinguished, names), extra=field_uri("folder:DistinguishedFolderId"))
    assert set(answer.codes) == {"NoError"}
    assert answer.texts("t:DistinguishedFolderId") == names
    calendar = answer.one("t:CalendarFolder")
    assert [calendar.findtext(f"{{*}}{name}") for name in ("DisplayName", "FolderClass", "TotalCount")] == [
        "Calendar", "IPF.Appointment", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["publicfoldersroot", "archiveroot", "nowhere"])
def test_a_folder_that_is_not_there(server: Server, name: str) -> None:
    assert get(server, CALENDAR, distinguished(name)).codes == ("NoError", "ErrorFolderNotFound")


def test_a_hidden_folder_comes_back_hidden(server: Server) -> None:
    """PidTagAttributeHidden round-trips, and a FindFolder can ask for it."""
    created = create(server, folder("Callsheet", extra=extended(HIDDEN, "true")))
    assert (created.codes, created.reply.created) == (("NoError",), 1)
    found = find(server, named("callsheet"), extra=NAME + HIDDEN)
    assert found.texts("t:DisplayName") == ["Callsheet"]
    assert found.texts("t:Value") == ["true"]
    hidden = (
        f'<t:IsEqualTo>{HIDDEN}<t:FieldURIOrConstant><t:Constant Value="true"/></t:FieldURIOrConstant></t:IsEqualTo>'
    )
    assert find(server, hidden).texts("t:DisplayName") == ["Callsheet"]
    assert get(server, folder_id(created), extra=HIDDEN).texts("t:Value") == ["true"]


def test_a_find_without_a_match_still_has_a_root_folder(server: Server) -> None:
    answer = find(server, named("Callsheet"))
    assert answer.codes == ("NoError",)
    assert answer.one("m:RootFolder").get("TotalItemsInView") == "0"


def test_a_second_folder_of_the_same_name(server: Server) -> None:
    """Names are compared without regard to case; the same name below another parent is another folder."""
    assert create(server, folder("Ledger"), folder("LEDGER")).codes == ("NoError", "ErrorFolderExists")
    assert create(server, folder("Ledger"), parent=distinguished("inbox")).codes == ("NoError",)
    assert len(find(server, named("ledger"), traversal="Deep").all("t:Folder")) == 2
    assert create(server, folder("x"), parent=distinguished("nowhere")).codes == ("ErrorParentFolderNotFound",)
    assert create(server, folder(" ")).codes == ("ErrorFolderSavePropertyError",)


def test_folders_of_other_kinds(server: Server) -> None:
    created = create(server, folder("Shifts", kind="CalendarFolder"), folder("Search", kind="SearchFolder"))
    assert created.codes == ("NoError", "ErrorInvalidFolderTypeForOperation")
    assert server.create(booking(), folder=folder_id(created)).codes == ("NoError",)
    assert get(server, folder_id(created)).text("t:FolderClass") == "IPF.Appointment"


def delete(server: Server, given: str, how: str = "HardDelete") -> tuple[str, ...]:
    body = f'<m:DeleteFolder DeleteType="{how}"><m:FolderIds>{given}</m:FolderIds></m:DeleteFolder>'
    return server.ask(body).codes


def test_deleting_a_folder_takes_its_items_along(server: Server) -> None:
    """MS-OXWSFOLD_R34301: HardDelete removes a folder permanently."""
    created = folder_id(create(server, folder("Shifts", kind="CalendarFolder")))
    pair = server.create(booking(), folder=created).ids()[0]
    assert delete(server, created) == ("NoError",)
    assert get(server, created).codes == ("ErrorFolderNotFound",)
    assert server.get(pair).codes == ("ErrorItemNotFound",)
    assert server.create(booking(), folder=created).codes == ("ErrorFolderNotFound",)


def test_deleting_a_folder_into_deleted_items(server: Server) -> None:
    """MS-OXWSFOLD_R34302. What it holds stays in it."""
    created = folder_id(create(server, folder("Shifts", kind="CalendarFolder")))
    pair = server.create(booking(), folder=created).ids()[0]
    assert delete(server, created, "MoveToDeletedItems") == ("NoError",)
    assert find(server, parent=distinguished("deleteditems")).texts("t:DisplayName") == ["Shifts"]
    assert server.get(pair).codes == ("NoError",)


def test_standard_folders_cannot_be_deleted(server: Server) -> None:
    assert delete(server, CALENDAR) == ("ErrorDeleteDistinguishedFolder",)


def test_a_folder_of_somebody_else(server: Server) -> None:
    """Naming another's mailbox, or an id from it, is refused; the own one may be named."""
    assert get(server, distinguished("calendar", "ANNA@example.com")).codes == ("NoError",)
    assert get(server, distinguished("calendar", BO)).codes == ("ErrorAccessDenied",)
    assert get(server, distinguished("calendar", "who@example.com")).codes == ("ErrorNonExistentMailbox",)
    theirs = folder_id(get(Server(store=server.store, mailbox=BO), CALENDAR))
    assert get(server, theirs, CALENDAR).codes == ("ErrorAccessDenied", "ErrorBatchProcessingStopped")


def test_ids_that_are_none(server: Server) -> None:
    pair = server.create(booking()).ids()[0]
    ids = [f'<t:FolderId Id="{given}"/>' for given in ("nonsense", pair[0], "")]
    assert get(server, *ids).codes == (
        "ErrorInvalidIdMalformed", "ErrorCannotUseItemIdForFolderId", "ErrorInvalidIdEmpty",
    )  # fmt: skip


def test_properties_of_folders_nobody_can_set_or_search(server: Server) -> None:
    counted = "<t:Folder><t:DisplayName>x</t:DisplayName><t:TotalCount>3</t:TotalCount></t:Folder>"
    assert create(server, counted).codes == ("ErrorInvalidPropertySet",)
    assert create(server, "<t:Folder><t:Mood/></t:Folder>").codes == ("ErrorSchemaValidation",)
    assert find(server, f"<t:Exists>{field_uri('folder:FolderId')}</t:Exists>").codes == (
        "ErrorUnsupportedPathForQuery",
    )
    assert find(server, f"<t:Exists>{prop('x')}</t:Exists>").codes == ("NoError",)
    assert get(server, CALENDAR, extra=field_uri("folder:Mood")).codes == ("ErrorInvalidPropertyRequest",)
