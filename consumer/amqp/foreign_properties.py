"""Messages whose properties cannot be read, from clients that send what AMQP does not forbid or brokers do not check.

A message id that is not UTF-8, or a timestamp after the year 9999, makes pamqp raise while it reads the frame, and the
connection is of no use from then on. The broker would deliver the message again to the next connection, and to the
next replica: one such message would stop its partition for ever, and nobody could list or drop it where it is parked.
"""

import struct
from typing import Final

from pamqp.commands import Basic
from pamqp.header import ContentHeader

_FIXED_PART: Final = struct.Struct(">HHQ")
"""Class, weight and size of the body, which stand before the properties (AMQP 0-9-1, section 2.3.5.2)."""

_read_in_full: Final = ContentHeader.unmarshal


def accept_foreign_properties() -> None:
    """From now on a message whose properties cannot be read comes without any, in the whole process.

    Its body is what counts: it is applied, or parked with its reason, like any other. Can be called again.
    """
    # By assignment to the class, because pamqp makes its headers itself and offers no other way in.
    setattr(ContentHeader, "unmarshal", _read_what_can_be_read)  # noqa: B010 - mypy forbids assigning to a method


def _read_what_can_be_read(header: ContentHeader, data: bytes) -> None:
    try:
        _read_in_full(header, data)
    except (ValueError, OverflowError, OSError, RecursionError, TypeError, KeyError, IndexError, struct.error):
        header.class_id, header.weight, header.body_size = _FIXED_PART.unpack(data[: _FIXED_PART.size])
        header.properties = Basic.Properties()
