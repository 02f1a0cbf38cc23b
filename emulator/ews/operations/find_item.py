"""FindItem (MS-OXWSSRCH 3.1.4.2) and its calendar view (MS-OXWSMTGS 2.2.4.12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from lxml import etree

from emulator.ews import access, values
from emulator.ews.call import Call
from emulator.ews.extended import ExtendedPath
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.fields import ANY_PATH, ENUMERATIONS
from emulator.ews.messages import Reply
from emulator.ews.paging import page
from emulator.ews.properties import reader
from emulator.ews.restriction import Lookup, Operand, Predicate, compile_restriction
from emulator.ews.shapes import Shape, read_path, read_shape
from emulator.ews.values import format_boolean
from emulator.ews.xmltext import M
from emulator.store import Folder, Item, MailboxStore, Value

RESTRICTED_LIMIT = 250
"""A find with a restriction gives no more items than this in one page."""
FIND_LIMIT = 1000
"""A find without one gives no more than this (EwsFindCountLimit of the default throttling policy)."""
LONGEST_VIEW = 2 * 366 * 86_400
"""Two years in seconds: what a CalendarView may span."""
_QUERYABLE_BODIES = ("item:Body",)


@dataclass(frozen=True, slots=True)
class _Search:
    shape: Shape
    view: etree._Element | None
    matches: Predicate[Item] | None
    sort: Callable[[list[Item]], list[Item]] | None
    traversal: str
    refused: ResponseError | None = None


def find_item(call: Call) -> Reply:
    """Find items in one or several folders; one response message for each folder, in order."""
    traversal = call.choice("Traversal", ("Shallow", "SoftDeleted", "Associated"), required=True)
    search = _read(call, str(traversal))
    return call.batch(call.listed("ParentFolderIds"), partial(_find, call, search))


def _read(call: Call, traversal: str) -> _Search:
    element = call.element
    shape = read_shape(element.find(f"{M}ItemShape"), find=True)
    views = [child for child in element if str(child.tag).endswith("View")]
    view = views[0] if views else None
    restriction, order = element.find(f"{M}Restriction"), element.find(f"{M}SortOrder")
    try:
        _check_combination(element, view, filtered=restriction is not None or order is not None)
        if call.mailbox is None:
            return _Search(shape, view, None, None, traversal)
        lookup = _lookup(call.mailbox)
        matches = compile_restriction(restriction, lookup) if restriction is not None else None
        sort = _read_order(order, lookup) if order is not None else None
    except ResponseError as error:
        return _Search(shape, view, None, None, traversal, error)
    return _Search(shape, view, matches, sort, traversal)


def _check_combination(element: etree._Element, view: etree._Element | None, *, filtered: bool) -> None:
    if element.find(f"{M}QueryString") is not None or element.find(f"{M}GroupBy") is not None:
        raise ResponseError("ErrorUnsupportedQueryFilter", "This server does not know QueryString and GroupBy.")
    if view is not None and view.tag == f"{M}CalendarView" and filtered:
        message = "Restrictions and sort order may not be specified for a CalendarView."
        raise ResponseError("ErrorInvalidOperation", message)


def _lookup(mailbox: MailboxStore) -> Lookup[Item]:
    def operand(path: str | ExtendedPath) -> Operand[Item]:
        if isinstance(path, ExtendedPath):
            key, kind = path.key, "list" if path.mapi.endswith("Array") else path.mapi
        else:
            key, known = path, ANY_PATH.get(path)
            if known is None or not (known.searchable or path in _QUERYABLE_BODIES):
                raise ResponseError("ErrorUnsupportedPathForQuery", f"Property '{path}' cannot be searched.")
            kind = known.type
        read = reader(key)
        return Operand(lambda item: read(item, mailbox), kind)

    return operand


def _read_order(element: etree._Element, lookup: Lookup[Item]) -> Callable[[list[Item]], list[Item]]:
    keys: list[tuple[Callable[[Item], tuple[bool, object]], bool]] = []
    for order in element:
        direction = order.get("Order")
        if direction not in ("Ascending", "Descending") or len(order) != 1:
            raise SchemaViolationError(f"The 'Order' attribute is invalid - '{direction}'.", order)
        try:
            operand = lookup(read_path(order[0]))
        except ResponseError as error:
            raise ResponseError("ErrorUnsupportedPathForSortGroup", error.message) from error
        keys.append((_sort_key(operand), direction == "Descending"))

    def sort(items: list[Item]) -> list[Item]:
        for key, descending in reversed(keys):
            items.sort(key=key, reverse=descending)
        return items

    return sort


def _sort_key(operand: Operand[Item]) -> Callable[[Item], tuple[bool, object]]:
    """Nulls first, then by value: text without regard to case, enumerations in the order of their values."""
    order: tuple[str, ...] = ENUMERATIONS.get(operand.type, ())

    def key(item: Item) -> tuple[bool, object]:
        value: Value | None = operand.read(item)
        if value is None:
            return False, 0
        if isinstance(value, list):
            return True, [one.casefold() for one in value]
        if isinstance(value, str):
            return True, order.index(value) if order else value.casefold()
        return True, value

    return key


def _find(call: Call, search: _Search, element: etree._Element) -> str:
    folder = access.folder(call, element)
    if search.refused is not None:
        raise search.refused
    mailbox, view = call.own_mailbox(), search.view
    table = _table(mailbox, folder, search.traversal)
    if view is not None and view.tag == f"{M}CalendarView":
        return _calendar_view(call, folder, search, view)
    found: Sequence[Item] = list(table.values())
    if search.matches is not None:
        found = list(filter(search.matches, found))
    if search.sort is not None:
        found = search.sort(list(found))
    part = page(found, view, limit=FIND_LIMIT if search.matches is None else RESTRICTED_LIMIT)
    return _root_folder(part.attributes, search.shape, part.things, mailbox)


def _table(mailbox: MailboxStore, folder: Folder, traversal: str) -> dict[int, Item]:
    if traversal == "Associated":
        return folder.associated
    if traversal == "SoftDeleted":
        # Since Exchange 2010 what is soft-deleted lies in the dumpster folder, not behind each folder.
        return {}
    return mailbox.folders[folder.number].items


def _root_folder(attributes: str, shape: Shape, items: Sequence[Item], mailbox: MailboxStore) -> str:
    content = "".join([shape.write(item, mailbox) for item in items])
    return f"<m:RootFolder{attributes}><t:Items>{content}</t:Items></m:RootFolder>"


def _calendar_view(call: Call, folder: Folder, search: _Search, view: etree._Element) -> str:
    """Items that end at or after the view's start and start before its end, by start (recurrences are kept as data)."""
    if folder.kind != "CalendarFolder":
        code = "ErrorCalendarFolderIsInvalidForCalendarView"
        raise ResponseError(code, "CalendarView can be used with a calendar folder only.")
    try:
        start = values.parse_instant(view.get("StartDate", ""), call.zone)
        end = values.parse_instant(view.get("EndDate", ""), call.zone)
        most = values.parse_integer(view.get("MaxEntriesReturned", "2147483647"))
    except ValueError as error:
        raise SchemaViolationError(f"The 'CalendarView' is invalid - {error}", view) from error
    if end < start:
        code = "ErrorCalendarEndDateIsEarlierThanStartDate"
        raise ResponseError(code, "EndDate is earlier than StartDate")
    if end - start > LONGEST_VIEW:
        message = "The requested time range is too long: a CalendarView may span two years."
        raise ResponseError("ErrorCalendarViewRangeTooBig", message)
    if most < 1:
        raise ResponseError("ErrorInvalidPagingMaxRows", "MaxEntriesReturned must be greater than zero.")
    found = [item for item in folder.items.values() if _within(item, start, end)]
    found.sort(key=lambda item: (item.values["calendar:Start"], item.number))
    attributes = f' TotalItemsInView="{len(found)}" IncludesLastItemInRange="{format_boolean(len(found) <= most)}"'
    return _root_folder(attributes, search.shape, found[:most], call.own_mailbox())


def _within(item: Item, start: int, end: int) -> bool:
    starts, ends = item.values.get("calendar:Start"), item.values.get("calendar:End")
    return isinstance(starts, int) and isinstance(ends, int) and ends >= start and starts < end
