"""Extended properties (MS-OXWSXPROP): how they are named, and values of each MAPI type.

A property is named by a property tag, or by a property set (GUID or distinguished name) with a name or an id. Its key
here is a text that is the same however the property was named: ``x:{set}:n:{name}:{type}``, ``x:{set}:i:{id}:{type}``
or ``x:{tag}:{type}``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from emulator.ews import values
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.xmltext import T, attribute, text
from emulator.store import Value

_SETS = {
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "Common": "00062008-0000-0000-c000-000000000046",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Address": "00062004-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
    "Task": "00062003-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
}


def _float(given: str) -> float:
    return float(given.replace("INF", "inf"))


def _long(given: str) -> int:
    return values.parse_integer(given, 64)


def _short(given: str) -> int:
    return values.parse_integer(given, 16)


_PARSE: dict[str, Callable[[str], Value]] = {
    "ApplicationTime": _float,
    "Binary": values.parse_binary,
    "Boolean": values.parse_boolean,
    "CLSID": values.parse_guid,
    "Currency": _long,
    "Double": _float,
    "Float": _float,
    "Integer": values.parse_integer,
    "Long": _long,
    "Short": _short,
    "String": str,
    "SystemTime": values.parse_instant,
}
_WITHOUT_VALUES = ("Error", "Null", "Object", "ObjectArray")


def _format(mapi: str, value: object) -> str:
    if mapi == "Boolean":
        return values.format_boolean(value)
    if mapi == "SystemTime" and isinstance(value, int):
        return values.format_instant(value)
    return text(str(value))


@dataclass(frozen=True, slots=True)
class ExtendedPath:
    """One extended property as a request named it: ``key``, MAPI type, and the ExtendedFieldURI to echo in replies."""

    key: str
    mapi: str
    uri: str

    def parse(self, element: etree._Element) -> Value:
        """The value in a ``t:ExtendedProperty`` element. Raises ResponseError, SchemaViolationError."""
        single, several = element.find(f"{T}Value"), element.find(f"{T}Values")
        if single is None and several is None:
            raise SchemaViolationError("The 'ExtendedProperty' element has no 'Value' or 'Values'.", element)
        if self.mapi.endswith("Array"):
            if several is None:
                raise _invalid("an array property needs Values")
            return [_format(self.mapi[:-5], self.parse_text(value.text or "")) for value in several]
        if single is None:
            raise _invalid("a property of one value needs Value, not Values")
        return self.parse_text(single.text or "")

    def parse_text(self, given: str) -> Value:
        """One value of this property's (element) type. Raises ResponseError."""
        parse = _PARSE.get(self.mapi.removesuffix("Array"))
        if parse is None or self.mapi in _WITHOUT_VALUES:
            raise ResponseError("ErrorUnsupportedMapiPropertyType", f"Values of type {self.mapi} cannot be used.")
        try:
            return parse(given)
        except ValueError as error:
            raise _invalid(str(error)) from error

    def render(self, value: Value) -> str:
        """The whole ``t:ExtendedProperty`` element."""
        if isinstance(value, list):
            content = "".join(f"<t:Value>{text(one)}</t:Value>" for one in value)
            return (
                f"<t:ExtendedProperty>{self.uri}<t:Values>{content}</t:Values></t:ExtendedProperty>" if content else ""
            )
        return f"<t:ExtendedProperty>{self.uri}<t:Value>{_format(self.mapi, value)}</t:Value></t:ExtendedProperty>"


def _invalid(reason: str) -> ResponseError:
    message = f"The extended property attribute or value is invalid: {reason}."
    return ResponseError("ErrorInvalidExtendedPropertyValue", message)


def _combination(reason: str) -> ResponseError:
    message = f"The combination of extended property attributes is invalid: {reason}."
    return ResponseError("ErrorInvalidExtendedProperty", message)


_known: dict[tuple[tuple[str, str], ...], ExtendedPath] = {}
_KNOWN_LIMIT = 10_000


def parse_extended(uri: etree._Element) -> ExtendedPath:
    """Read a ``t:ExtendedFieldURI``. Raises ResponseError for an impossible combination of attributes."""
    given = tuple(values.text_attributes(uri))
    found = _known.get(given)
    if found is None:
        found = _read(uri)
        if len(_known) < _KNOWN_LIMIT:
            _known[given] = found
    return found


def _read(uri: etree._Element) -> ExtendedPath:
    tag, named_set, guid = uri.get("PropertyTag"), uri.get("DistinguishedPropertySetId"), uri.get("PropertySetId")
    name, number, mapi = uri.get("PropertyName"), uri.get("PropertyId"), uri.get("PropertyType")
    if (
        mapi is None
        or (mapi.removesuffix("Array") not in _PARSE and mapi not in _WITHOUT_VALUES)
        or mapi == "BooleanArray"
    ):
        raise SchemaViolationError(f"The 'PropertyType' attribute is invalid - '{mapi}'.", uri)
    try:
        if tag is not None:
            if named_set or guid or name or number:
                raise _combination("PropertyTag stands alone with PropertyType")
            value = int(tag, 16 if tag[:2].lower() == "0x" else 10)
            if not 0 <= value <= 0xFFFF:
                raise SchemaViolationError(f"The 'PropertyTag' attribute is invalid - '{tag}'.", uri)
            if value >= 0x8000:
                code = "ErrorNoPropertyTagForCustomProperties"
                raise ResponseError(code, "Properties from 0x8000 on are named by a property set, not by a tag.")
            key = f"x:{value:#06x}:{mapi}"
        else:
            if (named_set is None) == (guid is None):
                raise _combination("one of DistinguishedPropertySetId and PropertySetId is needed")
            if (name is None) == (number is None):
                raise _combination("one of PropertyName and PropertyId is needed")
            if named_set is not None and named_set not in _SETS:
                violation = f"The 'DistinguishedPropertySetId' attribute is invalid - '{named_set}'."
                raise SchemaViolationError(violation, uri)
            where = _SETS[named_set] if named_set is not None else values.parse_guid(guid or "")
            key = f"x:{where}:n:{name}:{mapi}" if number is None else f"x:{where}:i:{int(number)}:{mapi}"
    except ValueError as error:
        raise SchemaViolationError(f"The 'ExtendedFieldURI' element is invalid - {error}", uri) from error
    written = "".join(f" {attr}={attribute(value)}" for attr, value in values.text_attributes(uri))
    return ExtendedPath(key, mapi, f"<t:ExtendedFieldURI{written}/>")
