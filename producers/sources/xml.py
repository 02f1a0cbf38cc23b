"""XML as small trees that know where each element stood, safe against files that were made to do harm."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn
from xml.parsers import expat

from producers.sources.damaged import DamagedFile

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of the file after decompression."""
_MAX_DEPTH: Final = 64
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(slots=True)
class Element:
    """An element with its place in the file. ``text`` is the text directly inside it, in one piece."""

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    children: "list[Element]" = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> "Iterator[Element]":
        """The children of that name, in order."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> "Element | None":
        """The first child of that name."""
        return next(self.all(name), None)

    def text_of(self, name: str) -> str:
        """The trimmed text of the first child of that name; empty where there is none."""
        child = self.first(name)
        return child.text.strip() if child is not None else ""


def read_xml(path: Path) -> Element:
    """The root element of an XML file, gzipped or not.

    Entity declarations, more than 64 levels and more than 64 MiB are refused. Raises :class:`DamagedFile`; OSError when
    the file cannot be read.
    """
    return _Reader(str(path)).read(_contents(path))


def _contents(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(2)
        file.seek(0)
        try:
            contents = (gzip.GzipFile(fileobj=file) if head == _GZIP_MAGIC else file).read(MAX_BYTES + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DamagedFile(str(path), f"the compressed data are damaged or incomplete ({error})") from None
    if len(contents) > MAX_BYTES:
        raise DamagedFile(str(path), f"more than {MAX_BYTES // 2**20} MiB of XML, expected a schedule")
    if not contents.strip():
        raise DamagedFile(str(path), "the file is empty, expected XML", 1)
    return contents


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._root: Element | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._entity

    def read(self, contents: bytes) -> Element:
        try:
            self._parser.Parse(contents, True)
        except expat.ExpatError as error:
            problem = f"not well-formed XML: {expat.ErrorString(error.code)}"
            raise DamagedFile(self._file, problem, error.lineno, error.offset + 1) from None
        except (ValueError, LookupError) as error:  # an encoding that Python does not know
            raise DamagedFile(self._file, f"not readable XML: {error}", 1) from None
        if self._root is None:
            raise DamagedFile(self._file, "no element in it, expected XML", 1)
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name, attributes, *self._place())
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.append([])
        if len(self._open) > _MAX_DEPTH:
            raise DamagedFile(self._file, f"more than {_MAX_DEPTH} levels of elements", *self._place())

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _characters(self, text: str) -> None:
        self._texts[-1].append(text)

    def _entity(self, name: str, *_: object) -> NoReturn:
        problem = f"declares the entity {name!r}: entities are refused, because they can be made to fill the memory"
        raise DamagedFile(self._file, problem, *self._place())

    def _place(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
