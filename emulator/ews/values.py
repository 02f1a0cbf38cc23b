"""Scalar values of the schema: read from text, checked, and written in the one form the server gives.

Instants are whole seconds since 1970 and are always written in UTC (``2026-12-01T07:00:00Z``): clients exist that
refuse fractions of a second.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from time import gmtime
from typing import TypeVar

from lxml import etree

from emulator.ews.failure import SchemaViolationError
from emulator.ews.xmltext import attribute, text

_DATE_TIME = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z")
_GUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\Z")
_T = TypeVar("_T")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def parse_instant(given: str, zone: tzinfo = UTC) -> int:
    """Seconds since 1970 of an xs:dateTime. An offset in it wins; without one it is read in ``zone``.

    Raises ValueError for what is no xs:dateTime.
    """
    given = given.strip()
    if _DATE_TIME.match(given) is None:
        raise ValueError(f"'{given}' is not a valid DateTime value.")
    try:
        when = datetime.fromisoformat(given)
        if when.tzinfo is None:
            when = when.replace(tzinfo=zone)
        return int(when.timestamp() // 1)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"'{given}' is not a valid DateTime value.") from error


def format_instant(seconds: float) -> str:
    """The xs:dateTime of seconds since 1970, in UTC, in whole seconds."""
    at = gmtime(seconds)
    return f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}T{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}Z"


def parse_boolean(given: str) -> bool:
    """An xs:boolean; 1 and 0 are accepted. Raises ValueError."""
    found = _BOOLEANS.get(given.strip())
    if found is None:
        raise ValueError(f"'{given}' is not a valid Boolean value.")
    return found


def parse_integer(given: str, bits: int = 32) -> int:
    """A signed integer of that many bits. Raises ValueError."""
    try:
        value = int(given)
    except ValueError as error:
        raise ValueError(f"'{given}' is not a valid integer.") from error
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise ValueError(f"'{given}' does not fit into {bits} bits.")
    return value


def format_boolean(value: object) -> str:
    """``true`` or ``false``."""
    return "true" if value else "false"


def parse_guid(given: str) -> str:
    """A GUID in lower case. Raises ValueError."""
    if _GUID.match(given) is None:
        raise ValueError(f"'{given}' is not a valid GUID.")
    return given.lower()


def parse_binary(given: str) -> str:
    """Base64 in its canonical form. Raises ValueError."""
    try:
        return base64.b64encode(binascii.a2b_base64("".join(given.split()), strict_mode=True)).decode()
    except (ValueError, binascii.Error) as error:
        raise ValueError("the value is not valid base64.") from error


def checked(parse: Callable[[str], _T], element: etree._Element) -> _T:
    """``parse`` the text of ``element``; what it refuses is a violation of the schema."""
    try:
        return parse(element.text or "")
    except ValueError as error:
        name = etree.QName(element).localname
        violation = f"The '{name}' element is invalid - {error}"
        raise SchemaViolationError(violation, element) from error


def text_attributes(element: etree._Element) -> list[tuple[str, str]]:
    """The attributes of an element, in their order."""
    return [(str(key), str(value)) for key, value in element.attrib.items()]


def outer_xml(element: etree._Element) -> str:
    """An element as XML text with prefix ``t`` and nothing but elements, attributes and text."""
    name = etree.QName(element).localname
    attributes = "".join(f" {key}={attribute(value)}" for key, value in text_attributes(element) if "{" not in key)
    content = "".join(outer_xml(child) for child in element) if len(element) else text(element.text or "")
    return f"<t:{name}{attributes}>{content}</t:{name}>" if content else f"<t:{name}{attributes}/>"
