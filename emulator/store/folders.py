"""The folders every mailbox has, and how deep they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.store.model import Folder

_ROOT = "root"
_TOP = "msgfolderroot"

STANDARD: tuple[tuple[str, str | None, str, str, str | None], ...] = (
    # distinguished id, parent, kind, display name, folder class
    (_ROOT, None, "Folder", "Root", None),
    (_TOP, _ROOT, "Folder", "Top of Information Store", None),
    ("calendar", _TOP, "CalendarFolder", "Calendar", "IPF.Appointment"),
    ("contacts", _TOP, "ContactsFolder", "Contacts", "IPF.Contact"),
    ("conversationhistory", _TOP, "Folder", "Conversation History", "IPF.Note"),
    ("deleteditems", _TOP, "Folder", "Deleted Items", "IPF.Note"),
    ("drafts", _TOP, "Folder", "Drafts", "IPF.Note"),
    ("inbox", _TOP, "Folder", "Inbox", "IPF.Note"),
    ("journal", _TOP, "Folder", "Journal", "IPF.Journal"),
    ("junkemail", _TOP, "Folder", "Junk Email", "IPF.Note"),
    ("notes", _TOP, "Folder", "Notes", "IPF.StickyNote"),
    ("outbox", _TOP, "Folder", "Outbox", "IPF.Note"),
    ("sentitems", _TOP, "Folder", "Sent Items", "IPF.Note"),
    ("tasks", _TOP, "TasksFolder", "Tasks", "IPF.Task"),
    ("syncissues", _TOP, "Folder", "Sync Issues", "IPF.Note"),
    ("conflicts", "syncissues", "Folder", "Conflicts", "IPF.Note"),
    ("localfailures", "syncissues", "Folder", "Local Failures", "IPF.Note"),
    ("serverfailures", "syncissues", "Folder", "Server Failures", "IPF.Note"),
    ("recipientcache", "contacts", "ContactsFolder", "Recipient Cache", "IPF.Contact.RecipientCache"),
    ("quickcontacts", "contacts", "ContactsFolder", "Quick Contacts", "IPF.Contact.MOC.QuickContacts"),
    ("imcontactlist", "contacts", "ContactsFolder", "IM Contact List", "IPF.Contact.MOC.ImContactList"),
    ("searchfolders", _ROOT, "Folder", "Finder", None),
    ("recoverableitemsroot", _ROOT, "Folder", "Recoverable Items", None),
    ("recoverableitemsdeletions", "recoverableitemsroot", "Folder", "Deletions", None),
    ("recoverableitemsversions", "recoverableitemsroot", "Folder", "Versions", None),
    ("recoverableitemspurges", "recoverableitemsroot", "Folder", "Purges", None),
)


def standard_folders(next_number: Callable[[], int]) -> Iterator[Folder]:
    """New folders for an empty mailbox, each after its parent. The root is its own parent's child: parent 0."""
    numbers: dict[str | None, int] = {None: 0}
    for distinguished, parent, kind, name, folder_class in STANDARD:
        numbers[distinguished] = next_number()
        yield Folder(numbers[distinguished], numbers[parent], kind, name, folder_class, distinguished)
