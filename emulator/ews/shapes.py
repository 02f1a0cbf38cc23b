"""Which properties a reply holds (ItemShape), compiled once into a list of writers for each item class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from emulator.ews import values
from emulator.ews.bodies import as_html, as_text
from emulator.ews.extended import ExtendedPath, parse_extended
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.fields import ANY_PATH, BODY_TYPE, BY_PATH, FIELDS, Field
from emulator.ews.properties import EFFECTIVE_RIGHTS, item_id_element, reader
from emulator.ews.reading import string_elements, write_zone
from emulator.ews.xmltext import T, text
from emulator.store import Item, MailboxStore, Value

Writer = Callable[[Item, MailboxStore], str]
"""Writes one property of an item, or nothing when the item has none."""

FOUND_LIMIT = 255
"""FindItem reads strings from a table that holds no more than this many characters of each."""
_BODIES = ("item:Body", "item:TextBody", "item:UniqueBody", "item:NormalizedBody")


@dataclass(frozen=True, slots=True)
class Shape:
    """An ItemShape as asked for. ``find``: FindItem asks, which gives less than GetItem does."""

    base: str = "IdOnly"
    body_type: str = "Best"
    mime: bool = False
    paths: tuple[str, ...] = ()
    extended: tuple[ExtendedPath, ...] = ()
    find: bool = False

    def write(self, item: Item, mailbox: MailboxStore) -> str:
        """The item as an element of the reply."""
        kind = item.kind
        content = "".join([write(item, mailbox) for write in _writers(self, kind)])
        return f"<t:{kind}>{content}</t:{kind}>"


def read_shape(element: etree._Element | None, *, find: bool = False) -> Shape:
    """Read ``m:ItemShape``. Raises SchemaViolationError, and ResponseError for an impossible property path."""
    if element is None:
        raise SchemaViolationError("The request has no 'ItemShape'.")
    base = (element.findtext(f"{T}BaseShape") or "").strip()
    if base not in ("IdOnly", "Default", "AllProperties"):
        raise SchemaViolationError(f"The 'BaseShape' element is invalid - '{base}'.", element)
    body_type = element.findtext(f"{T}BodyType") or "Best"
    if body_type not in ("Best", "HTML", "Text"):
        raise SchemaViolationError(f"The 'BodyType' element is invalid - '{body_type}'.", element)
    mime = element.findtext(f"{T}IncludeMimeContent") in ("true", "1")
    paths: list[str] = []
    extended: list[ExtendedPath] = []
    additional = element.find(f"{T}AdditionalProperties")
    for path in () if additional is None else additional:
        found = read_path(path)
        if isinstance(found, ExtendedPath):
            extended.append(found)
        else:
            paths.append(found)
    return Shape(base, body_type, mime, tuple(paths), tuple(dict.fromkeys(extended)), find)


def read_path(element: etree._Element) -> str | ExtendedPath:
    """Read a ``t:FieldURI``, ``t:IndexedFieldURI`` or ``t:ExtendedFieldURI``.

    Raises SchemaViolationError for what names nothing.
    """
    if element.tag == f"{T}ExtendedFieldURI":
        return parse_extended(element)
    if element.tag in (f"{T}FieldURI", f"{T}IndexedFieldURI"):
        uri = element.get("FieldURI", "")
        if ":" not in uri:
            raise SchemaViolationError(f"The 'FieldURI' attribute is invalid - '{uri}'.", element)
        return uri
    name = etree.QName(element).localname
    raise SchemaViolationError(f"The element '{name}' is not a property path.", element)


@lru_cache(maxsize=512)
def _writers(shape: Shape, kind: str) -> tuple[Writer, ...]:
    known = BY_PATH[kind]
    for path in shape.paths:
        if path not in ANY_PATH and not path.startswith(_FOREIGN):
            raise ResponseError("ErrorInvalidPropertyRequest", f"Property '{path}' is not valid for this object type.")
    asked = set(shape.paths)
    writers: list[tuple[int, Writer]] = []
    for one in FIELDS[kind]:
        if _wanted(one, shape) or one.path in asked:
            writer = _writer(one, shape)
            if writer is not None and (one.found or not shape.find):
                writers.append((one.order, writer))
    place = known["item:ExtendedProperty"].order
    writers += [(place, _extended_writer(one, find=shape.find)) for one in shape.extended]
    writers.sort(key=lambda pair: pair[0])
    return tuple(writer for _, writer in writers)


_FOREIGN = ("contacts:", "task:", "meeting:", "meetingRequest:", "postitem:", "conversation:", "folder:",
            "distributionlist:", "sharingMessage:", "persona:", "item:")  # fmt: skip
"""Paths of classes this server keeps no items of: asking for them is allowed, and gives nothing."""


def _wanted(one: Field, shape: Shape) -> bool:
    if one.path == "item:ItemId":
        return True
    if one.path == "item:MimeContent":
        return shape.mime
    if shape.base == "AllProperties":
        return one.all
    return shape.base == "Default" and one.default


def _writer(one: Field, shape: Shape) -> Writer | None:
    if one.path == "item:ItemId":
        return item_id_element
    if one.path in _BODIES:
        return _body_writer(one, shape)
    if one.type == "extended":
        return None
    if one.path == "item:EffectiveRights":
        return lambda _item, _mailbox: EFFECTIVE_RIGHTS
    read, render = reader(one.path), _renderer(one, find=shape.find)

    def write(item: Item, mailbox: MailboxStore) -> str:
        value = read(item, mailbox)
        return "" if value is None else render(value)

    return write


def _renderer(one: Field, *, find: bool) -> Callable[[Value], str]:
    name, kind = one.element, one.type
    opening, closing = f"<t:{name}>", f"</t:{name}>"
    if kind in ("xml", "computed"):
        return str
    if kind == "boolean":
        return lambda value: f"{opening}{values.format_boolean(value)}{closing}"
    if kind == "instant":
        return lambda value: f"{opening}{values.format_instant(float(str(value)))}{closing}"
    if kind == "strings":
        return lambda value: f"{opening}{string_elements(value)}{closing}" if isinstance(value, list) and value else ""
    if kind == "zone":
        return lambda value: write_zone(name, value) if isinstance(value, list) else ""
    if find:
        return lambda value: f"{opening}{text(str(value)[:FOUND_LIMIT])}{closing}"
    return lambda value: f"{opening}{text(str(value))}{closing}"


def _body_writer(one: Field, shape: Shape) -> Writer:
    name = one.element
    asked = "Text" if name == "TextBody" else shape.body_type

    def write(item: Item, mailbox: MailboxStore) -> str:
        del mailbox
        body, kept_as = str(item.values.get("item:Body", "")), str(item.values.get(BODY_TYPE, "Text"))
        given_as = kept_as if asked == "Best" else asked
        body = as_text(body, kept_as) if given_as == "Text" else as_html(body, kept_as)
        return f'<t:{name} BodyType="{given_as}">{text(body)}</t:{name}>'

    return write


def _extended_writer(one: ExtendedPath, *, find: bool) -> Writer:
    read, render = reader(one.key), one.render

    def write(item: Item, mailbox: MailboxStore) -> str:
        value = read(item, mailbox)
        if value is None:
            return ""
        return render(value[:FOUND_LIMIT] if find and isinstance(value, str) else value)

    return write
