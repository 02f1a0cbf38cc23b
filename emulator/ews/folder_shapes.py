"""Properties of folders: reading, writing and searching them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from emulator.ews.extended import ExtendedPath, parse_extended
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.properties import EFFECTIVE_RIGHTS
from emulator.ews.restriction import Operand
from emulator.ews.shapes import read_path
from emulator.ews.xmltext import T, text
from emulator.store import Folder, MailboxStore, Value
from emulator.store.ids import change_key, folder_id
from emulator.store.model import FOLDER_KINDS


def folder_id_element(folder: Folder, mailbox: MailboxStore, name: str = "FolderId") -> str:
    """``t:FolderId`` (or another ``name``) with the ChangeKey of now."""
    key = change_key(folder.number, folder.change)
    return f'<t:{name} Id="{folder_id(mailbox.number, folder.number)}" ChangeKey="{key}"/>'


def _parent(folder: Folder, mailbox: MailboxStore) -> str:
    parent = mailbox.folders.get(folder.parent, folder)
    return folder_id_element(parent, mailbox, "ParentFolderId")


def _total(folder: Folder, mailbox: MailboxStore) -> str:
    del mailbox
    return f"<t:TotalCount>{len(folder.items)}</t:TotalCount>"


def _children(folder: Folder, mailbox: MailboxStore) -> str:
    return f"<t:ChildFolderCount>{sum(1 for _ in mailbox.children(folder.number))}</t:ChildFolderCount>"


def _unread(folder: Folder, mailbox: MailboxStore) -> str:
    del mailbox
    if folder.kind in ("CalendarFolder", "ContactsFolder"):
        return ""
    count = sum(item.values.get("message:IsRead") is False for item in folder.items.values())
    return f"<t:UnreadCount>{count}</t:UnreadCount>"


def _folder_class(folder: Folder, mailbox: MailboxStore) -> str:
    del mailbox
    return f"<t:FolderClass>{text(folder.folder_class)}</t:FolderClass>" if folder.folder_class else ""


def _distinguished(folder: Folder, mailbox: MailboxStore) -> str:
    del mailbox
    return f"<t:DistinguishedFolderId>{folder.distinguished}</t:DistinguishedFolderId>" if folder.distinguished else ""


_Writer = Callable[[Folder, MailboxStore], str]
_WRITERS: dict[str, tuple[int, str, _Writer]] = {
    # path: (order of the schema, shapes that hold it: Default, All, writer)
    "folder:FolderId": (0, "IDA", folder_id_element),
    "folder:ParentFolderId": (1, "A", _parent),
    "folder:FolderClass": (2, "A", _folder_class),
    "folder:DisplayName": (3, "DA", lambda folder, _mailbox: f"<t:DisplayName>{text(folder.name)}</t:DisplayName>"),
    "folder:TotalCount": (4, "DA", _total),
    "folder:ChildFolderCount": (5, "DA", _children),
    "folder:EffectiveRights": (8, "A", lambda _folder, _mailbox: EFFECTIVE_RIGHTS),
    "folder:DistinguishedFolderId": (9, "", _distinguished),
    "folder:UnreadCount": (20, "DA", _unread),
}
_EXTENDED_ORDER = 6
_KNOWN_EMPTY = ("folder:PermissionSet", "folder:SharingEffectiveRights", "folder:ManagedFolderInformation",
                "folder:SearchParameters", "folder:PolicyTag", "folder:ArchiveTag", "folder:ReplicaList")  # fmt: skip
"""Properties that no folder here has; asking for them is allowed."""


@dataclass(frozen=True, slots=True)
class FolderShape:
    """A FolderShape as asked for."""

    base: str = "IdOnly"
    paths: tuple[str, ...] = ()
    extended: tuple[ExtendedPath, ...] = ()

    def write(self, folder: Folder, mailbox: MailboxStore) -> str:
        """The folder as an element of the reply."""
        mark = {"IdOnly": "I", "Default": "D", "AllProperties": "A"}[self.base]
        parts = [
            (order, writer(folder, mailbox))
            for path, (order, shapes, writer) in _WRITERS.items()
            if mark in shapes or path in self.paths
        ]
        for one in self.extended:
            value = folder.values.get(one.key)
            if value is not None:
                parts.append((_EXTENDED_ORDER, one.render(value)))
        parts.sort(key=lambda pair: pair[0])
        return f"<t:{folder.kind}>{''.join(content for _, content in parts)}</t:{folder.kind}>"


def read_folder_shape(element: etree._Element | None) -> FolderShape:
    """Read ``m:FolderShape``. Raises SchemaViolationError, and ResponseError for an impossible property path."""
    if element is None:
        raise SchemaViolationError("The request has no 'FolderShape'.")
    base = (element.findtext(f"{T}BaseShape") or "").strip()
    if base not in ("IdOnly", "Default", "AllProperties"):
        raise SchemaViolationError(f"The 'BaseShape' element is invalid - '{base}'.", element)
    paths: list[str] = []
    extended: list[ExtendedPath] = []
    additional = element.find(f"{T}AdditionalProperties")
    for child in () if additional is None else additional:
        path = read_path(child)
        if isinstance(path, ExtendedPath):
            extended.append(path)
        elif path in _WRITERS or path in _KNOWN_EMPTY:
            paths.append(path)
        else:
            raise ResponseError("ErrorInvalidPropertyRequest", f"Property '{path}' is not valid for this object type.")
    return FolderShape(base, tuple(paths), tuple(dict.fromkeys(extended)))


def operand(path: str | ExtendedPath, mailbox: MailboxStore) -> Operand[Folder]:
    """A property of folders in a search; names are compared without regard to case. Raises ResponseError."""
    if isinstance(path, ExtendedPath):
        key, kind = path.key, path.mapi
        return Operand(lambda folder: folder.values.get(key), "list" if kind.endswith("Array") else kind)
    if path == "folder:DisplayName":
        return Operand(lambda folder: folder.name, "string", ignore_case=True)
    if path == "folder:FolderClass":
        return Operand(lambda folder: folder.folder_class, "string", ignore_case=True)
    if path == "folder:TotalCount":
        return Operand(lambda folder: len(folder.items), "int")
    if path == "folder:ChildFolderCount":
        return Operand(lambda folder: sum(1 for _ in mailbox.children(folder.number)), "int")
    raise ResponseError("ErrorUnsupportedPathForQuery", f"Property '{path}' cannot be searched.")


@dataclass(slots=True)
class FolderDraft:
    """A folder as a client described it."""

    kind: str
    name: str = ""
    folder_class: str | None = None
    values: dict[str, Value] = field(default_factory=dict)


_SETTABLE_ORDER = ("FolderClass", "DisplayName", "ExtendedProperty")


def read_folder(element: etree._Element) -> FolderDraft:
    """Read ``t:Folder``, ``t:CalendarFolder``, … of a CreateFolder. Raises ResponseError, SchemaViolationError."""
    kind = etree.QName(element).localname
    if kind not in FOLDER_KINDS or kind == "SearchFolder":
        raise ResponseError("ErrorInvalidFolderTypeForOperation", f"This server cannot make a {kind}.")
    draft, last = FolderDraft(kind), 0
    for child in element:
        name = etree.QName(child).localname
        if name not in _SETTABLE_ORDER:
            if f"folder:{name}" in (*_WRITERS, *_KNOWN_EMPTY):
                message = f"Set action is invalid for property 'folder:{name}'."
                raise ResponseError("ErrorInvalidPropertySet", message)
            raise SchemaViolationError(f"The element '{kind}' has invalid child element '{name}'.", child)
        if _SETTABLE_ORDER.index(name) < last:
            violation = f"The element '{kind}' has its child element '{name}' out of order."
            raise SchemaViolationError(violation, child)
        last = _SETTABLE_ORDER.index(name)
        if name == "DisplayName":
            draft.name = child.text or ""
        elif name == "FolderClass":
            draft.folder_class = child.text or None
        else:
            uri = child.find(f"{T}ExtendedFieldURI")
            if uri is None:
                raise SchemaViolationError("An 'ExtendedProperty' has no 'ExtendedFieldURI'.", child)
            extended = parse_extended(uri)
            draft.values[extended.key] = extended.parse(child)
    return draft
