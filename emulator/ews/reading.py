"""From the elements of a request to values: items to create, and the single properties of an update.

The order of elements is checked as the schema prescribes it, because Exchange refuses what is out of order and clients
must learn that before they meet a real server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from html import unescape

from lxml import etree

from emulator.ews import structures, values
from emulator.ews.extended import parse_extended
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.fields import BODY_TYPE, BY_ELEMENT, ENUMERATIONS, Field
from emulator.ews.xmltext import T, attribute, text
from emulator.ews.zones import canonical_id, zone
from emulator.store import Value

SUBJECT_LIMIT = 255
"""The server cuts a longer subject (MS-OXWSCORE_R74)."""
_T_LENGTH = len(T)
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*\Z")
_MEETING_ZONE = re.compile(r'<t:MeetingTimeZone TimeZoneName="([^"]*)"')


@dataclass(slots=True)
class Draft:
    """An item as a client described it. ``refused`` is why the server will not take it, if so."""

    kind: str
    values: dict[str, Value] = field(default_factory=dict)
    refused: ResponseError | None = None
    local: dict[str, str] = field(default_factory=dict)
    """Instants that came without an offset, by path: they are read in the item's own zone once that is known."""


def read_item(element: etree._Element, context: tzinfo = UTC) -> Draft:
    """Read ``t:CalendarItem``, ``t:Message`` or ``t:Item`` (which becomes a Message).

    ``context`` is the zone of the request's TimeZoneContext. Raises SchemaViolationError.
    """
    kind = item_kind(element)
    draft = Draft(kind)
    known, last, before = BY_ELEMENT[kind], -1, ""
    for child in element:
        tag = str(child.tag)
        found = known.get(tag[_T_LENGTH:]) if tag.startswith(T) else None
        if found is None or found.order < last or (found.order == last and found.type != "extended"):
            name, place = etree.QName(child).localname, etree.QName(element).localname
            why = f"after '{before}'" if found is not None else "here"
            violation = f"The element '{place}' has invalid child element '{name}' {why}."
            raise SchemaViolationError(violation, child)
        last, before = found.order, found.element
        try:
            read_property(found, child, draft)
        except ResponseError as error:
            draft.refused = draft.refused or error
    settle_local_times(draft, context)
    return draft


def item_kind(element: etree._Element) -> str:
    """The item class an element of a request names. Raises ResponseError for classes this server does not keep."""
    name = etree.QName(element).localname
    kind = "Message" if name == "Item" else name
    if kind not in BY_ELEMENT:
        code = "ErrorInvalidItemForOperationCreateItem"
        raise ResponseError(code, f"This server keeps calendar items and messages; it cannot keep a {name}.")
    return kind


def read_property(known: Field, element: etree._Element, draft: Draft) -> None:
    """Read one property into the draft. Raises ResponseError, SchemaViolationError."""
    kind = known.type
    if kind == "extended":
        uri = element.find(f"{T}ExtendedFieldURI")
        if uri is None:
            raise SchemaViolationError("An 'ExtendedProperty' has no 'ExtendedFieldURI'.", element)
        extended = parse_extended(uri)
        draft.values[extended.key] = extended.parse(element)
        return
    if not known.settable:
        raise ResponseError("ErrorInvalidPropertySet", f"Set action is invalid for property '{known.path}'.")
    draft.values[known.path] = _read_value(known, element, draft)


def _read_value(known: Field, element: etree._Element, draft: Draft) -> Value:
    kind = known.type
    if len(element) and kind not in ("strings", "zone", "xml"):
        raise SchemaViolationError(f"The element '{known.element}' may hold text only.", element)
    if kind == "language" and _LANGUAGE.match(element.text or "") is None:
        raise SchemaViolationError(f"The '{known.element}' element is invalid - '{element.text}'.", element)
    if kind in ("string", "language"):
        content = element.text or ""
        return content[:SUBJECT_LIMIT] if known.element == "Subject" else content
    if kind == "instant":
        given = (element.text or "").strip()
        if given[-1:] not in "Zz" and given[-6:-5] not in ("+", "-"):
            values.checked(values.parse_instant, element)
            draft.local[known.path] = given
            return 0
        return values.checked(values.parse_instant, element)
    if kind == "boolean":
        return values.checked(values.parse_boolean, element)
    if kind == "int":
        number = values.checked(values.parse_integer, element)
        if known.element == "ReminderMinutesBeforeStart" and not 0 <= number <= 2_629_800:
            raise SchemaViolationError(f"ReminderMinutesBeforeStart is out of range - {number}.", element)
        return number
    if kind == "strings":
        if any(child.tag != f"{T}String" or len(child) for child in element):
            raise SchemaViolationError(f"The element '{known.element}' holds something other than 'String'.", element)
        return [child.text or "" for child in element]
    if kind == "body":
        body_type = element.get("BodyType")
        if body_type not in ("HTML", "Text"):
            raise SchemaViolationError(f"The 'BodyType' attribute is invalid - '{body_type}'.", element)
        draft.values[BODY_TYPE] = body_type
        return element.text or ""
    if kind == "zone":
        return read_zone(element)
    if kind == "xml":
        return _kept_xml(known, element)
    given = element.text or ""
    if given not in ENUMERATIONS[kind]:
        violation = (
            f"The '{known.element}' element is invalid - The value '{given}' is not one of {ENUMERATIONS[kind]}."
        )
        raise SchemaViolationError(violation, element)
    return given


def _kept_xml(known: Field, element: etree._Element) -> str:
    if known.element == "Attachments":
        # GetAttachment is not among this server's operations: it keeps what is attached, not the content.
        for content in element.iter(f"{T}Content"):
            content.clear()
        for content in list(element.iter(f"{T}Content")):
            parent = content.getparent()
            if parent is not None:
                parent.remove(content)
    structures.check(element)
    return values.outer_xml(element)


def read_zone(element: etree._Element) -> list[str]:
    """A time zone as [Windows id, name, definition as XML]. Raises ResponseError for an unknown id alone."""
    structures.check(element)
    given = element.get("Id", "")
    content = "".join(values.outer_xml(child) for child in element)
    if zone(given) is None and not content:
        message = f"The time zone '{given}' is not known to this server."
        raise ResponseError("ErrorTimeZone", message)
    return [canonical_id(given), element.get("Name", ""), content]


def write_zone(name: str, kept: list[str]) -> str:
    """The element ``name`` for a zone kept by :func:`read_zone`."""
    shown = f" Name={attribute(kept[1])}" if kept[1] else ""
    end = f">{kept[2]}</t:{name}>" if kept[2] else "/>"
    return f"<t:{name} Id={attribute(kept[0])}{shown}{end}"


def zone_of(kept: dict[str, Value], context: tzinfo = UTC, path: str = "calendar:StartTimeZone") -> tzinfo:
    """The zone of an item: its StartTimeZone (or the one at ``path``), else its MeetingTimeZone, else ``context``."""
    for where in (path, "calendar:StartTimeZone"):
        given = kept.get(where)
        if isinstance(given, list):
            return zone(given[0]) or context
    return zone(meeting_zone_id(kept) or "") or context


def meeting_zone_id(kept: dict[str, Value]) -> str | None:
    """The Windows id in an item's MeetingTimeZone, which is all that Exchange 2007 knows of zones; None without one."""
    named = _MEETING_ZONE.match(str(kept.get("calendar:MeetingTimeZone", "")))
    found = unescape(named.group(1)) if named else ""
    return canonical_id(found) if zone(found) is not None else None


def settle_local_times(draft: Draft, context: tzinfo, standing: dict[str, Value] | None = None) -> None:
    """Turn instants without an offset into UTC by the item's zone; ``standing`` are values the item has already."""
    if not draft.local:
        return
    kept = {**(standing or {}), **draft.values}
    for path, given in draft.local.items():
        where = "calendar:EndTimeZone" if path == "calendar:End" else "calendar:StartTimeZone"
        draft.values[path] = values.parse_instant(given, zone_of(kept, context, where))
    draft.local.clear()


def string_elements(kept: list[str]) -> str:
    """``t:String`` elements."""
    return "".join(f"<t:String>{text(one)}</t:String>" for one in kept)
