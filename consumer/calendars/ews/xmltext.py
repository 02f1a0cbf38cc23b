"""XML as text: fields by their names, values escaped. Text is escaped here and nowhere else."""

from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from contract import names
from contract.text import without_illegal_characters

PROPERTIES: Final = (
    names.PROPERTY_KEY,
    names.PROPERTY_REVISION,
    names.PROPERTY_DIGEST,
    names.PROPERTY_SOURCE,
    names.PROPERTY_BOOKING,
    names.PROPERTY_EVENT,
)


def _property_uri(name: str) -> str:
    return f'<t:ExtendedFieldURI PropertySetId="{names.PROPERTY_SET}" PropertyName="{name}" PropertyType="String"/>'


URI: Final = {name: _property_uri(name) for name in PROPERTIES}


def field_uri(path: str) -> str:
    """A field of the schema by its path, like ``calendar:Start``."""
    return f'<t:FieldURI FieldURI="{path}"/>'


def instant(value: datetime) -> str:
    """An instant in UTC, in whole seconds."""
    # Not strftime, which takes three times as long: every item that is written has two of these.
    return value.astimezone(UTC).isoformat()[:19] + "Z"


def extended(name: str, value: str) -> str:
    """One of our extended properties with its value."""
    return f"<t:ExtendedProperty>{URI[name]}<t:Value>{text(value)}</t:Value></t:ExtendedProperty>"


def boolean(value: bool) -> str:
    """``true`` or ``false``."""
    return "true" if value else "false"


def text(value: str) -> str:
    """A value as the content of an element: legal characters only, escaped."""
    # A carriage return would come back as a line feed from any XML parser (XML 1.0, section 2.11).
    return escape(without_illegal_characters(value)).replace("\r", "&#13;")


def attribute(value: str) -> str:
    """A value as it may stand between double quotes."""
    return escape(value, {'"': "&quot;"})
