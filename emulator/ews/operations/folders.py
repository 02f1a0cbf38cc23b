"""GetFolder, FindFolder, CreateFolder and DeleteFolder (MS-OXWSFOLD 3.1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lxml import etree

from emulator.ews import access
from emulator.ews.call import Call
from emulator.ews.extended import ExtendedPath
from emulator.ews.failure import ResponseError
from emulator.ews.folder_shapes import FolderDraft, FolderShape, operand, read_folder, read_folder_shape
from emulator.ews.messages import Reply
from emulator.ews.operations.items import DISPOSALS
from emulator.ews.paging import page
from emulator.ews.restriction import Operand, compile_restriction
from emulator.ews.xmltext import M
from emulator.store import Folder, MailboxStore

FOLDER_LIMIT = 1000
_CLASSES = {"Folder": "IPF.Note", "CalendarFolder": "IPF.Appointment", "ContactsFolder": "IPF.Contact",
            "TasksFolder": "IPF.Task"}  # fmt: skip


def get_folder(call: Call) -> Reply:
    """Give folders by id, in order. A folder that is not there is ErrorFolderNotFound."""
    shape = read_folder_shape(call.element.find(f"{M}FolderShape"))

    def get(element: etree._Element) -> str:
        folder = access.folder(call, element)
        return f"<m:Folders>{shape.write(folder, call.own_mailbox())}</m:Folders>"

    return call.batch(call.listed("FolderIds"), get)


def find_folder(call: Call) -> Reply:
    """Find subfolders, directly below (Shallow) or at any depth (Deep); without a match RootFolder is still there."""
    traversal = call.choice("Traversal", ("Shallow", "Deep", "SoftDeleted"), required=True)
    shape = read_folder_shape(call.element.find(f"{M}FolderShape"))
    return call.batch(call.listed("ParentFolderIds"), partial(_find, call, shape, str(traversal)))


def _find(call: Call, shape: FolderShape, traversal: str, element: etree._Element) -> str:
    parent, mailbox = access.folder(call, element), call.own_mailbox()
    found = [] if traversal == "SoftDeleted" else list(_below(mailbox, parent, deep=traversal == "Deep"))
    restriction = call.element.find(f"{M}Restriction")
    if restriction is not None:

        def lookup(path: str | ExtendedPath) -> Operand[Folder]:
            return operand(path, mailbox)

        found = list(filter(compile_restriction(restriction, lookup), found))
    views = [child for child in call.element if str(child.tag).endswith("PageFolderView")]
    part = page(found, views[0] if views else None, limit=FOLDER_LIMIT)
    content = "".join(shape.write(folder, mailbox) for folder in part.things)
    return f"<m:RootFolder{part.attributes}><t:Folders>{content}</t:Folders></m:RootFolder>"


def _below(mailbox: MailboxStore, parent: Folder, *, deep: bool) -> Iterator[Folder]:
    for child in mailbox.children(parent.number):
        yield child
        if deep:
            yield from _below(mailbox, child, deep=True)


def create_folder(call: Call) -> Reply:
    """Create folders. A second one of the same name, in any case of letters, is ErrorFolderExists.

    DisplayName is required (MS-OXWSFOLD_R71021).
    """
    drafts = [_draft(element) for element in call.listed("Folders")]
    try:
        given = next(iter(call.needed("ParentFolderId")), None)
        parent: Folder | ResponseError = access.folder(call, given, missing="ErrorParentFolderNotFound")
    except ResponseError as error:
        parent = error
    return call.batch(drafts, partial(_create, call, parent))


def _draft(element: etree._Element) -> FolderDraft | ResponseError:
    try:
        return read_folder(element)
    except ResponseError as error:
        return error


def _create(call: Call, parent: Folder | ResponseError, draft: FolderDraft | ResponseError) -> str:
    if isinstance(parent, ResponseError):
        raise parent
    if isinstance(draft, ResponseError):
        raise draft
    mailbox = call.own_mailbox()
    if not draft.name.strip():
        raise ResponseError("ErrorFolderSavePropertyError", "A folder needs a DisplayName.")
    if mailbox.child_named(parent.number, draft.name) is not None:
        message = f"A folder with the specified name already exists, {draft.name}"
        raise ResponseError("ErrorFolderExists", message)
    folder_class = draft.folder_class or _CLASSES.get(draft.kind)
    folder = Folder(
        mailbox.next_number(),
        parent.number,
        draft.kind,
        draft.name,
        folder_class,
        None,
        draft.values,
        mailbox.next_change(),
    )
    mailbox.keep_folder(folder)
    call.created += 1
    return f"<m:Folders>{FolderShape().write(folder, mailbox)}</m:Folders>"


def delete_folder(call: Call) -> Reply:
    """Delete folders with all they hold (MS-OXWSFOLD_R34301 to R34303). Standard folders are kept."""
    how = call.choice("DeleteType", DISPOSALS, required=True)
    return call.batch(call.listed("FolderIds"), partial(_delete, call, str(how)))


def _delete(call: Call, how: str, element: etree._Element) -> str:
    folder, mailbox = access.folder(call, element), call.own_mailbox()
    if folder.distinguished is not None:
        raise ResponseError("ErrorDeleteDistinguishedFolder", "A distinguished folder cannot be deleted.")
    where = {"SoftDelete": "recoverableitemsdeletions", "MoveToDeletedItems": "deleteditems"}.get(how)
    target = mailbox.distinguished[where] if where else None
    if target is None or folder.parent == target.number:
        mailbox.drop_folder(folder)
    else:
        while mailbox.child_named(target.number, folder.name) is not None:
            folder.name += " (1)"
        folder.parent, folder.change = target.number, mailbox.next_change()
        mailbox.keep_folder(folder)
    call.deleted += 1
    return ""
