"""Schedules in CSV: one row for each booking, or for each person of a booking."""

import csv
from io import StringIO
from pathlib import Path
from typing import Final

from producers.sources.damaged import DamagedFile
from producers.sources.table.mapping import TableMapping, read_mapping
from producers.sources.table.rows import BadCell, RowReader, cells_of, missing_columns
from producers.sync.schedule import Schedule

MAX_BYTES: Final = 64 * 1024 * 1024
_DELIMITERS: Final = ",;\t|"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def read_csv(
    path: Path, mapping_file: Path | None = None, *, source: str | None = None, timezone: str | None = None
) -> Schedule:
    """The schedule in a CSV file with a header.

    ``source`` goes before the mapping's; without both it is ``csv://`` and the file's name. ``timezone`` is for times
    without an offset where neither row nor mapping names one. The encoding is that of the mapping, of the byte order
    mark, or UTF-8; the delimiter that of the mapping, or the one of ``, ; tab |`` that the header has most of.

    Raises :class:`DamagedFile` with the line for anything that is not as expected: one bad row makes all of it
    suspect. Raises OSError when the file cannot be read.
    """
    mapping = read_mapping(mapping_file, TableMapping)
    file = str(path)
    text = _text(path, mapping.file.encoding)
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    if not header_line:
        raise DamagedFile(file, "the file is empty, expected a header with the names of columns", 1)
    delimiter = mapping.file.delimiter or max(_DELIMITERS, key=header_line.count)
    reader = RowReader(mapping, timezone)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(file, row, mapping, rows.line_num)
                continue
            if len(row) != len(header):
                raise DamagedFile(file, f"{len(row)} columns, expected {len(header)} as in the header", rows.line_num)
            reader.add(cells_of(dict(zip(header, row, strict=True))), rows.line_num)
    except csv.Error as error:
        raise DamagedFile(file, f"not CSV: {error}", rows.line_num) from None
    except BadCell as error:
        raise DamagedFile(file, str(error), rows.line_num) from None
    return reader.schedule(source or mapping.source or f"csv://{path.stem.replace(' ', '-')}")


def _text(path: Path, encoding: str | None) -> str:
    with path.open("rb") as opened:
        contents = opened.read(MAX_BYTES + 1)
    if len(contents) > MAX_BYTES:
        raise DamagedFile(str(path), f"more than {MAX_BYTES // 2**20} MiB of CSV, expected a schedule")
    if encoding is None:
        encoding = "utf-16" if contents.startswith(_UTF_16_MARKS) else "utf-8-sig"
    try:
        return contents.decode(encoding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"not {encoding} text: name its encoding under [file] in the mapping, like cp1252"
        raise DamagedFile(str(path), problem, line) from None
    except LookupError:
        raise DamagedFile(str(path), f"file.encoding {encoding!r}, expected a name like utf-8 or cp1252") from None


def _header(file: str, row: list[str], mapping: TableMapping, line: int) -> list[str]:
    names = [cell.strip() for cell in row]
    repeated = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if repeated:
        raise DamagedFile(file, f"the header has {', '.join(repeated)} more than once", line)
    missing = missing_columns(mapping, names)
    if missing:
        problem = (
            f"no column {', '.join(missing)}; there are {', '.join(names)}: name yours under [columns] in a mapping"
        )
        raise DamagedFile(file, problem, line)
    return names
