"""Views that give a part of what was found (MS-OXWSSRCH: IndexedPageViewType, FractionalPageViewType)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from lxml import etree

from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.values import format_boolean, parse_integer

_X = TypeVar("_X")


@dataclass(frozen=True, slots=True)
class Page(Generic[_X]):
    """Some of what was found, and the attributes of RootFolder that tell how to go on."""

    things: Sequence[_X]
    attributes: str


def page(found: Sequence[_X], view: etree._Element | None, *, limit: int) -> Page[_X]:
    """The part of ``found`` that ``view`` asks for, at most ``limit`` of them. ``view`` None: from the beginning.

    Raises ResponseError: ErrorInvalidPagingMaxRows, ErrorInvalidIndexedPagingParameters,
    ErrorInvalidFractionalPagingParameters.
    """
    total = len(found)
    if view is None:
        last = total <= limit
        return Page(found[:limit], _attributes(total, last=last, offset=None if last else limit))
    size = _number(view, "MaxEntriesReturned", default=limit)
    if size < 1:
        raise ResponseError("ErrorInvalidPagingMaxRows", "MaxEntriesReturned must be greater than zero.")
    size = min(size, limit)
    if etree.QName(view).localname.startswith("FractionalPage"):
        return _fractional(found, view, size)
    offset, base = _number(view, "Offset"), view.get("BasePoint")
    if base not in ("Beginning", "End"):
        raise SchemaViolationError(f"The 'BasePoint' attribute is invalid - '{base}'.", view)
    if offset < 0:
        raise ResponseError("ErrorInvalidIndexedPagingParameters", "Offset must not be negative.")
    if base == "End":
        stop = max(total - offset, 0)
        start = max(stop - size, 0)
        return Page(found[start:stop], _attributes(total, last=start == 0, offset=total - start))
    things = found[offset : offset + size]
    reached = min(offset, total) + len(things)
    return Page(things, _attributes(total, last=reached >= total, offset=reached))


def _fractional(found: Sequence[_X], view: etree._Element, size: int) -> Page[_X]:
    numerator, denominator = _number(view, "Numerator"), _number(view, "Denominator")
    if denominator < 1 or not 0 <= numerator <= denominator:
        message = "The numerator must lie between zero and the denominator, which must be greater than zero."
        raise ResponseError("ErrorInvalidFractionalPagingParameters", message)
    total = len(found)
    start = total * numerator // denominator
    things = found[start : start + size]
    reached = start + len(things)
    attributes = f' NumeratorOffset="{reached}" AbsoluteDenominator="{total}"'
    return Page(things, attributes + _attributes(total, last=reached >= total, offset=None))


def _attributes(total: int, *, last: bool, offset: int | None) -> str:
    indexed = "" if offset is None else f' IndexedPagingOffset="{offset}"'
    return f'{indexed} TotalItemsInView="{total}" IncludesLastItemInRange="{format_boolean(last)}"'


def _number(view: etree._Element, name: str, default: int | None = None) -> int:
    given = view.get(name)
    if given is None and default is not None:
        return default
    try:
        return parse_integer(given or "")
    except ValueError as error:
        raise SchemaViolationError(f"The '{name}' attribute is invalid - {error}", view) from error
