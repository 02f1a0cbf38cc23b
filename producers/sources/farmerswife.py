"""Schedules in farmerswife's XML export.

Its documentation says: one file for each view, with ``ViewGroups/ViewGroup`` (viewGroupID, name), ``Objects/Object``
(type, displayName, objectType, objectID; the types are user1 to user3, machine, resource, room and other) and
``ObjectClasses/ObjectClass``, and bookings. It does not say what the elements of a booking are called. Those names are
defaults of the mapping below, **not verified against an export**: compare them with one of yours.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from producers.sources.damaged import DamagedFile
from producers.sources.table.mapping import Columns, Names, Strict, TableMapping, read_mapping
from producers.sources.table.rows import Attendance, BadCell, Cells, RowReader
from producers.sources.xml import Element, read_xml
from producers.sync.schedule import ObjectKind, Schedule, ScheduledObject

_PEOPLE: Final = ("user1", "user2", "user3")
_THINGS: Final = ("machine", "resource", "room", "other")
_KINDS: Final = dict.fromkeys(_PEOPLE, "person") | dict.fromkeys(_THINGS, "room")


class BookingFields(Columns):
    """Attributes or child elements of a booking. None of these names is documented."""

    booking: Names = ("bookingID",)
    title: Names = ("projectName", "containerName", "bookingName")
    start: Names = ("startDate", "startTime")
    end: Names = ("endDate", "endTime")
    notes: Names = ("companyName", "clientName")
    categories: Names = ("className",)


class Elements(Strict):
    """Where bookings and the ids of their objects stand. Neither is documented.

    ``booking``: the name of an element, anywhere in the file. ``objects``: paths below it, like ``Objects/Object/id``.
    """

    booking: str = "Booking"
    objects: Names = ("objectID", "Object/objectID", "Objects/Object/objectID")


class FarmerswifeMapping(TableMapping):
    """What the export leaves to be said. ``kinds`` adds types of objects, as ``person`` or ``room``."""

    columns: BookingFields = BookingFields()
    elements: Elements = Elements()
    kinds: Mapping[str, Literal["person", "room"]] = {}


def read_farmerswife(
    path: Path, mapping_file: Path | None = None, *, source: str | None = None, timezone: str | None = None
) -> Schedule:
    """The schedule in an XML export, gzipped or not. Several elements of one booking are one booking.

    ``source`` goes before the mapping's; without both it is ``farmerswife://`` and the file's name. ``timezone`` is for
    times without an offset where the mapping names none. Users are persons, everything else rooms, by their objectID.

    Raises :class:`DamagedFile` with line and column, and OSError when the file cannot be read.
    """
    mapping = read_mapping(mapping_file, FarmerswifeMapping)
    file = str(path)
    root = read_xml(path)
    objects = _objects(file, root, mapping)
    if not objects:
        raise DamagedFile(file, "no <Object> with an objectID in it, expected an XML export of a view", root.line)
    reader = RowReader(mapping, timezone)
    for booking in _below(root, mapping.elements.booking):
        try:
            reader.add(_cells(booking), booking.line, _for(booking, objects, mapping))
        except BadCell as error:
            raise DamagedFile(file, str(error), booking.line, booking.column) from None
    return reader.schedule(source or mapping.source or f"farmerswife://{path.stem.replace(' ', '-')}")


def _objects(file: str, root: Element, mapping: FarmerswifeMapping) -> dict[str, Attendance]:
    kinds = _KINDS | dict(mapping.kinds)
    found: dict[str, Attendance] = {}
    for group in _below(root, "Objects"):
        for element in group.all("Object"):
            object_id = _value(element, "objectID")
            written = _value(element, "objectType")
            if not object_id or not written:
                continue  # a reference to an object, not the object itself
            if written.lower() not in kinds:
                problem = f"objectType {written!r}, expected one of {', '.join(kinds)}, or a line for it under [kinds]"
                raise DamagedFile(file, problem, element.line, element.column)
            item = ScheduledObject(ObjectKind(kinds[written.lower()]), object_id)
            found[object_id] = Attendance(item, _value(element, "displayName") or object_id)
    return found


def _for(booking: Element, objects: Mapping[str, Attendance], mapping: FarmerswifeMapping) -> list[Attendance]:
    """Raises :class:`BadCell` for an object that the file does not have."""
    ids = list(dict.fromkeys(value for path in mapping.elements.objects for value in _values(booking, path.split("/"))))
    strangers = [object_id for object_id in ids if object_id not in objects]
    if strangers:
        raise BadCell(f"a booking for the object {strangers[0]}, which is not among the <Objects>")
    return [objects[object_id] for object_id in ids]


def _below(element: Element, name: str) -> Iterator[Element]:
    for child in element.children:
        if child.name == name:
            yield child
        yield from _below(child, name)


def _cells(booking: Element) -> Cells:
    return lambda names: [_value(booking, name) for name in names]


def _value(element: Element, name: str) -> str:
    """An attribute, or the text of a child element."""
    return element.attributes.get(name, "").strip() or element.text_of(name)


def _values(element: Element, path: Sequence[str]) -> Iterator[str]:
    name, *rest = path
    if rest:
        for child in element.all(name):
            yield from _values(child, rest)
        return
    if element.attributes.get(name, "").strip():
        yield element.attributes[name].strip()
    yield from (child.text.strip() for child in element.all(name) if child.text.strip())
