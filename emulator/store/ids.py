"""Ids and change keys as clients see them: opaque text, checked when it comes back.

Clients must not read anything into them; here they are base64 of a mark, numbers and a checksum, so that text that was
never given out by this server is told apart from the id of something that is gone.
"""

from __future__ import annotations

import binascii
import struct
from hashlib import blake2b
from zlib import crc32

_ID = struct.Struct(">3sBQQ")
_CHECKED_ID = struct.Struct(">20sI")
_KEY = struct.Struct(">2sQQ")
_CHECKED_KEY = struct.Struct(">18sI")
_ITEM, _FOLDER = 1, 2


class MalformedIdError(ValueError):
    """The text is no id that this server ever gave out."""


class WrongKindOfIdError(ValueError):
    """A folder's id stands where an item's must, or the other way round."""


def mailbox_number(address: str) -> int:
    """A number for a mailbox that stays the same when the server starts again."""
    return int.from_bytes(blake2b(address.encode(), digest_size=8).digest(), "big")


def _write(kind: int, mailbox: int, number: int) -> str:
    packed = _ID.pack(b"EWS", kind, mailbox, number)
    return binascii.b2a_base64(_CHECKED_ID.pack(packed, crc32(packed)), newline=False).decode()


def item_id(mailbox: int, number: int) -> str:
    """The ItemId of an item of a mailbox (:func:`mailbox_number`)."""
    return _write(_ITEM, mailbox, number)


def folder_id(mailbox: int, number: int) -> str:
    """The FolderId of a folder of a mailbox."""
    return _write(_FOLDER, mailbox, number)


def _read(wanted: int, given: str) -> tuple[int, int]:
    try:
        packed, check = _CHECKED_ID.unpack(binascii.a2b_base64(given.encode("ascii"), strict_mode=True))
    except (ValueError, struct.error) as error:
        raise MalformedIdError("the id is malformed") from error
    mark, kind, mailbox, number = _ID.unpack(packed)
    if mark != b"EWS" or check != crc32(packed):
        raise MalformedIdError("the id is malformed")
    if kind != wanted:
        raise WrongKindOfIdError("the id names an object of another kind")
    return mailbox, number


def read_item_id(given: str) -> tuple[int, int]:
    """(mailbox number, item number). Raises MalformedIdError, WrongKindOfIdError."""
    return _read(_ITEM, given)


def read_folder_id(given: str) -> tuple[int, int]:
    """(mailbox number, folder number). Raises MalformedIdError, WrongKindOfIdError."""
    return _read(_FOLDER, given)


def change_key(number: int, change: int) -> str:
    """The ChangeKey of an item or folder at a certain change."""
    packed = _KEY.pack(b"CK", number, change)
    return binascii.b2a_base64(_CHECKED_KEY.pack(packed, crc32(packed)), newline=False).decode()


def read_change_key(key: str) -> tuple[int, int]:
    """(number of the item or folder, change). Raises MalformedIdError."""
    try:
        packed, check = _CHECKED_KEY.unpack(binascii.a2b_base64(key.encode("ascii"), strict_mode=True))
    except (ValueError, struct.error) as error:
        raise MalformedIdError("the change key is malformed") from error
    mark, number, change = _KEY.unpack(packed)
    if mark != b"CK" or check != crc32(packed):
        raise MalformedIdError("the change key is malformed")
    return number, change
