"""Many small things in little room: kept as a few hundred bytes of JSON each, and made an object when asked for.

As objects, what is remembered of one booking takes nearly twice that, and the collector walks over all of it. A round
of a lane looks at the few keys that have changed, so packing costs it some microseconds, however much stands in the
mailbox.
"""

from abc import abstractmethod
from collections.abc import Iterator, MutableMapping
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson

Value = TypeVar("Value")

RECORD_OVERHEAD: Final = 150
"""Bytes that Python takes for a record besides its content: key, place in the table, headers of both. Measured."""


class Packed(MutableMapping[str, Value]):
    """A mapping from keys to values that are packed. Values are equal to what was put in, not the same objects."""

    __slots__ = ("_bytes", "_records")

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}
        self._bytes = 0

    @staticmethod
    @abstractmethod
    def pack(value: Value) -> bytes:
        """A value as a record."""

    @staticmethod
    @abstractmethod
    def unpack(key: str, record: bytes) -> Value:
        """The value that was packed under this key."""

    @property
    def size(self) -> int:
        """About how many bytes all records take."""
        return self._bytes + RECORD_OVERHEAD * len(self._records)

    def __getitem__(self, key: str) -> Value:
        return self.unpack(key, self._records[key])

    def __setitem__(self, key: str, value: Value) -> None:
        record = self.pack(value)
        self._bytes += len(record) - len(self._records.get(key, b""))
        self._records[key] = record

    def __delitem__(self, key: str) -> None:
        self._bytes -= len(self._records.pop(key))

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"


def row(*values: object) -> bytes:
    """Values as a record: texts, numbers, truth values, instants and tuples of them."""
    # A copy: what orjson answers keeps the whole of the buffer in which it was written, 4 KiB for 300 bytes.
    return bytes(memoryview(orjson.dumps(values)))


def values(record: bytes) -> Any:
    """The values of a record, as a list. An instant is a text in it, a tuple is a list."""
    return orjson.loads(record)


instant: Final = datetime.fromisoformat
"""The instant that a record holds as a text."""
