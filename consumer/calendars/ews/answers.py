"""Reading what Exchange answered: our items, ledger entries, results of writes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.remedies import remedy_of
from consumer.calendars.ews.soap import MESSAGES, TYPES, back_off_seconds
from consumer.core.coverage import Coverage
from consumer.core.digest import Digest, OwnedFields, others_of, ours_of
from consumer.core.mailbox import Floor, Item, ItemRef, Tombstone, TombstoneState
from consumer.core.repair import repaired_at
from contract import names

_SHOW_AS: Final = {
    "Busy": "busy",
    "Free": "free",
    "Tentative": "tentative",
    "OOF": "oof",
    "WorkingElsewhere": "working_elsewhere",
}
_INTERVAL: Final = r"from (\S+) to (\S+)"
_TOMBSTONE: Final = re.compile(rf"(cancelled|outside|absent) until (\S+) dead_up_to (-?\d+)(?: {_INTERVAL})?")
_FLOOR: Final = re.compile(rf"floor as_of (\d+) {_INTERVAL}")
_FAR_PAST: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of one folder: elements, how many there are in all, and whether this was the last part."""

    elements: list[Any]
    total: int
    is_last: bool


def error_of(message: Any) -> CalendarError | None:
    """The error in a response message, None for success."""
    if message.get("ResponseClass") == "Success":
        return None
    code = (message.findtext(f"{MESSAGES}ResponseCode") or "").strip()
    text = (message.findtext(f"{MESSAGES}MessageText") or "").strip()
    return CalendarError(code.removeprefix("Error"), text[:500], remedy_of(code), back_off_seconds(message))


def succeeded(message: Any) -> Any:
    """The response message itself. Raises its error as :class:`CalendarError`."""
    error = error_of(message)
    if error is not None:
        raise error
    return message


def written_ref(message: Any) -> ItemRef | CalendarError:
    """Id and change key of what was written (empty after a deletion), or the error."""
    error = error_of(message)
    if error is not None:
        return error
    identifier = next(message.iter(f"{TYPES}ItemId"), None)
    if identifier is None:
        return ItemRef("", "")
    return ItemRef(identifier.get("Id", ""), identifier.get("ChangeKey", ""))


def first_folder_id(message: Any) -> str | None:
    """The id of the first folder in a response message."""
    identifier = next(succeeded(message).iter(f"{TYPES}FolderId"), None)
    return None if identifier is None else str(identifier.get("Id"))


def page(message: Any) -> Page:
    """One folder's part of a FindItem answer. Raises its error."""
    root = succeeded(message).find(f"{MESSAGES}RootFolder")
    if root is None:
        raise CalendarError("BadAnswer", "FindItem without a RootFolder", Remedy.LOOK_FIRST)
    items = root.find(f"{TYPES}Items")
    return Page(
        elements=[] if items is None else list(items),
        total=int(root.get("TotalItemsInView", "0")),
        is_last=root.get("IncludesLastItemInRange", "true") == "true",
    )


def items_of(elements: list[Any]) -> Iterator[Item]:
    """Our items among the elements of a calendar folder; what no longer has the form of ours is passed over."""
    for element in elements:
        marks = _marks(element)
        if names.PROPERTY_KEY not in marks:
            continue
        start, end = _instant(element, "Start"), _instant(element, "End")
        digest = marks.get(names.PROPERTY_DIGEST, "")
        categories = tuple(text.text or "" for text in element.iterfind(f"{TYPES}Categories/{TYPES}String"))
        fields = OwnedFields(
            title=_text(element, "Subject"),
            start=start,
            end=end,
            all_day=_text(element, "IsAllDayEvent") == "true",
            location=_text(element, "Location"),
            show_as=_SHOW_AS.get(_text(element, "LegacyFreeBusyStatus"), ""),
            private=_text(element, "Sensitivity") == "Private",
            categories=ours_of(categories, digest),
        )
        yield Item(
            ref=_ref(element),
            key=marks[names.PROPERTY_KEY],
            source=marks.get(names.PROPERTY_SOURCE, ""),
            revision=_revision(marks),
            digest=digest,
            start=start,
            end=end,
            other_categories=others_of(categories, digest),
            as_written=fields.digest() == Digest.parse(digest).fields,
            plain=_is_plain(element),
        )


def tombstones_of(elements: list[Any]) -> Iterator[Tombstone]:
    """The tombstones among the elements of the ledger folder."""
    for element in elements:
        marks = _marks(element)
        said = _TOMBSTONE.fullmatch(_text(element, "Subject"))
        if _text(element, "ItemClass") != names.TOMBSTONE_CLASS or names.PROPERTY_KEY not in marks or said is None:
            continue
        state, expires, dead_up_to, start, end = said.groups()
        revision = _revision(marks)
        yield Tombstone(
            ref=_ref(element),
            key=marks[names.PROPERTY_KEY],
            source=marks.get(names.PROPERTY_SOURCE, ""),
            revision=revision,
            state=TombstoneState(state),
            digest=marks.get(names.PROPERTY_DIGEST, ""),
            expires=datetime.fromisoformat(expires),
            dead_up_to=int(dead_up_to),
            absent=None if start is None else _coverage(start, end, revision),
        )


def floors_of(elements: list[Any]) -> Iterator[Floor]:
    """The floors among the elements of the ledger folder."""
    for element in elements:
        marks = _marks(element)
        if _text(element, "ItemClass") == names.FLOOR_CLASS and names.PROPERTY_SOURCE in marks:
            said = _FLOOR.fullmatch(_text(element, "Subject"))
            last = None if said is None else _coverage(said[2], said[3], int(said[1]))
            yield Floor(_ref(element), marks[names.PROPERTY_SOURCE], _revision(marks), last)


def repairs_of(elements: list[Any]) -> Iterator[tuple[str, datetime]]:
    """Key and time of every repair that our items show."""
    for element in elements:
        marks = _marks(element)
        at = repaired_at(marks.get(names.PROPERTY_EVENT, ""))
        if at is not None and names.PROPERTY_KEY in marks:
            yield marks[names.PROPERTY_KEY], at


def item_id(element: Any) -> str:
    """The id of an item element."""
    return _ref(element).item_id


def _ref(element: Any) -> ItemRef:
    identifier = element.find(f"{TYPES}ItemId")
    return ItemRef(identifier.get("Id", ""), identifier.get("ChangeKey", ""))


def _marks(element: Any) -> dict[str, str]:
    """Our extended properties on an element, by name."""
    marks = {}
    for extended in element.iterfind(f"{TYPES}ExtendedProperty"):
        uri = extended.find(f"{TYPES}ExtendedFieldURI")
        if uri is not None and (uri.get("PropertySetId") or "").lower() == names.PROPERTY_SET:
            marks[uri.get("PropertyName")] = extended.findtext(f"{TYPES}Value") or ""
    return marks


def _coverage(start: str, end: str, as_of: int) -> Coverage:
    return Coverage(datetime.fromisoformat(start), datetime.fromisoformat(end), as_of)


def _revision(marks: dict[str, str]) -> int:
    """-1 where somebody wrote something else over it: then any change is newer."""
    text = marks.get(names.PROPERTY_REVISION, "")
    return int(text) if text.isascii() and text.isdigit() else -1


def _is_plain(element: Any) -> bool:
    return _text(element, "IsMeeting") != "true" and _text(element, "CalendarItemType") in ("", "Single")


def _text(element: Any, name: str) -> str:
    return element.findtext(f"{TYPES}{name}") or ""


def _instant(element: Any, name: str) -> datetime:
    text = _text(element, name)
    return datetime.fromisoformat(text).astimezone(UTC) if text else _FAR_PAST
