"""Restrictions (MS-OXWSSRCH): from XML to one function that tells whether something matches.

Exchange's own comparisons are not documented to the letter. Chosen here: string comparisons other than Contains and
folder names are exact; a property that is absent equals nothing, is unequal to everything and is neither less nor
greater.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lxml import etree

from emulator.ews import values
from emulator.ews.extended import ExtendedPath
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.fields import ENUMERATIONS
from emulator.ews.shapes import read_path
from emulator.ews.xmltext import T
from emulator.store import Value

_X = TypeVar("_X")
Predicate = Callable[[_X], bool]
Read = Callable[[_X], Value | None]
FILTER_LIMIT = 255
"""More filter expressions than this in one restriction are refused (ErrorRestrictionTooComplex)."""


@dataclass(frozen=True, slots=True)
class Operand(Generic[_X]):
    """A property in a search: how to read it, and what type its values have (as in the tables of fields, or MAPI)."""

    read: Read[_X]
    type: str
    ignore_case: bool = False


Lookup = Callable[[str | ExtendedPath], Operand[_X]]
"""Finds a property by its path. Raises ResponseError ErrorUnsupportedPathForQuery."""

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
}
_INTEGERS = ("int", "Integer", "Long", "Short", "Currency")
_INSTANTS = ("instant", "SystemTime")
_BOOLEANS = ("boolean", "Boolean")
_FLOATS = ("Double", "Float", "ApplicationTime")
_LISTS = ("strings", "list")


class _Compiler(Generic[_X]):
    def __init__(self, lookup: Lookup[_X]) -> None:
        self._lookup = lookup
        self._count = 0

    def compile(self, element: etree._Element) -> Predicate[_X]:
        self._count += 1
        if self._count > FILTER_LIMIT:
            message = f"A restriction may hold at most {FILTER_LIMIT} filter expressions."
            raise ResponseError("ErrorRestrictionTooComplex", message)
        name = etree.QName(element).localname
        if name in _COMPARISONS:
            return self._comparison(name, element)
        if name == "And":
            parts = [self.compile(child) for child in element]
            return lambda one: all(part(one) for part in parts)
        if name == "Or":
            parts = [self.compile(child) for child in element]
            return lambda one: any(part(one) for part in parts)
        if name == "Not" and len(element) == 1:
            part = self.compile(element[0])
            return lambda one: not part(one)
        if name == "Exists":
            read = self._operand(element).read
            return lambda one: read(one) is not None
        if name == "Contains":
            return self._contains(element)
        if name == "Excludes":
            return self._excludes(element)
        raise SchemaViolationError(f"The element '{name}' is not a search expression.", element)

    def _operand(self, element: etree._Element) -> Operand[_X]:
        if len(element) == 0:
            raise SchemaViolationError("A search expression has no property path.", element)
        return self._lookup(read_path(element[0]))

    def _comparison(self, name: str, element: etree._Element) -> Predicate[_X]:
        left, compare = self._operand(element), _COMPARISONS[name]
        other = element.find(f"{T}FieldURIOrConstant")
        if other is None or len(other) == 0:
            raise SchemaViolationError(f"'{name}' has no 'FieldURIOrConstant'.", element)
        read, absent = left.read, name == "IsNotEqualTo"
        if other[0].tag != f"{T}Constant":
            return _between(read, self._lookup(read_path(other[0])).read, compare, absent=absent)
        constant = parse_constant(left, other[0].get("Value", ""))
        if left.type in _LISTS:
            # "Any element": a list equals a constant when one of its elements does.
            return lambda one: _any(read(one), constant, compare, absent=absent)
        order: tuple[str, ...] = ENUMERATIONS.get(left.type, ())
        if order and name not in ("IsEqualTo", "IsNotEqualTo"):
            rank, wanted = order.index, order.index(str(constant))
            return lambda one: (value := read(one)) is not None and compare(rank(str(value)), wanted)
        if left.ignore_case and isinstance(constant, str):
            folded = constant.casefold()
            return lambda one: (value := read(one)) is not None and compare(str(value).casefold(), folded)

        def matches(one: _X) -> bool:
            value = read(one)
            return absent if value is None else compare(value, constant)

        return matches

    def _contains(self, element: etree._Element) -> Predicate[_X]:
        operand = self._operand(element)
        if operand.type in (*_INTEGERS, *_INSTANTS, *_BOOLEANS, *_FLOATS, "Binary", "CLSID"):
            message = "Contains can be used with properties that are text only."
            raise ResponseError("ErrorContainsFilterWrongType", message)
        constant = element.find(f"{T}Constant")
        if constant is None:
            raise SchemaViolationError("'Contains' has no 'Constant'.", element)
        matches = _containment(
            element.get("ContainmentMode", "FullString"),
            element.get("ContainmentComparison", "Exact"),
            constant.get("Value", ""),
        )
        read = operand.read

        def predicate(one: _X) -> bool:
            value = read(one)
            if isinstance(value, list):
                return any(matches(part) for part in value)
            return value is not None and matches(str(value))

        return predicate

    def _excludes(self, element: etree._Element) -> Predicate[_X]:
        operand, bitmask = self._operand(element), element.find(f"{T}Bitmask")
        if operand.type not in _INTEGERS:
            raise ResponseError("ErrorInvalidExcludesRestriction", "Excludes needs a property that is an integer.")
        given = "" if bitmask is None else bitmask.get("Value", "")
        try:
            mask = int(given, 16 if given[:2].lower() == "0x" else 10)
        except ValueError as error:
            raise SchemaViolationError(f"The 'Bitmask' is invalid - '{given}'.", element) from error
        read = operand.read
        return lambda one: isinstance(value := read(one), int) and value & mask == 0


def compile_restriction(element: etree._Element, lookup: Lookup[_X]) -> Predicate[_X]:
    """The predicate of a ``m:Restriction``. Raises ResponseError, SchemaViolationError."""
    if len(element) != 1:
        raise SchemaViolationError("A 'Restriction' holds one search expression.", element)
    return _Compiler(lookup).compile(element[0])


def parse_constant(operand: Operand[_X], given: str) -> Value:
    """A constant as a value of the property's own type. Raises ResponseError ErrorInvalidValueForProperty."""
    kind = operand.type.removesuffix("Array")
    try:
        if kind in _INTEGERS:
            return values.parse_integer(given, 64)
        if kind in _INSTANTS:
            return values.parse_instant(given)
        if kind in _BOOLEANS:
            return values.parse_boolean(given)
        if kind in _FLOATS:
            return float(given)
        if kind == "Binary":
            return values.parse_binary(given)
        if kind == "CLSID":
            return values.parse_guid(given)
        if kind in ENUMERATIONS:
            return ENUMERATIONS[kind][ENUMERATIONS[kind].index(given)]
    except ValueError as error:
        message = f"The value '{given}' is not valid for the property."
        raise ResponseError("ErrorInvalidValueForProperty", message) from error
    return given


def _between(
    left: Read[_X], right: Read[_X], compare: Callable[[object, object], bool], *, absent: bool
) -> Predicate[_X]:
    def matches(one: _X) -> bool:
        first, second = left(one), right(one)
        if first is None or second is None or type(first) is not type(second):
            return absent
        return compare(first, second)

    return matches


def _any(value: Value | None, wanted: Value, compare: Callable[[object, object], bool], *, absent: bool) -> bool:
    if not isinstance(value, list):
        return absent
    if absent:
        return all(compare(part, wanted) for part in value)
    return any(compare(part, wanted) for part in value)


def _containment(mode: str, comparison: str, constant: str) -> Callable[[str], bool]:
    fold = _folding(comparison)
    wanted = fold(constant)
    if mode == "FullString":
        return lambda value: fold(value) == wanted
    if mode == "Prefixed":
        return lambda value: fold(value).startswith(wanted)
    if mode == "Substring":
        return lambda value: wanted in fold(value)
    if mode == "PrefixOnWords":
        prefix = re.compile(r"\b" + re.escape(wanted))
        return lambda value: prefix.search(fold(value)) is not None
    if mode == "ExactPhrase":
        phrase = re.compile(r"(?<!\w)" + re.escape(wanted) + r"(?!\w)")
        return lambda value: phrase.search(fold(value)) is not None
    raise SchemaViolationError(f"The 'ContainmentMode' attribute is invalid - '{mode}'.")


def _folding(comparison: str) -> Callable[[str], str]:
    ignore_case = comparison in ("IgnoreCase", "IgnoreCaseAndNonSpacingCharacters", "Loose", "LooseAndIgnoreCase",
                                 "LooseAndIgnoreCaseAndIgnoreNonSpace")  # fmt: skip
    ignore_marks = comparison in ("IgnoreNonSpacingCharacters", "IgnoreCaseAndNonSpacingCharacters", "Loose",
                                  "LooseAndIgnoreNonSpace", "LooseAndIgnoreCaseAndIgnoreNonSpace")  # fmt: skip
    if not ignore_case and not ignore_marks and comparison != "Exact":
        raise SchemaViolationError(f"The 'ContainmentComparison' attribute is invalid - '{comparison}'.")

    def fold(value: str) -> str:
        if ignore_case:
            value = value.casefold()
        if ignore_marks:
            value = "".join(one for one in unicodedata.normalize("NFD", value) if not unicodedata.combining(one))
        return value

    return fold
