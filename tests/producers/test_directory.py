"""The directory file: what it gives, and how it says that it is damaged."""

from pathlib import Path

import pytest

from producers.sources.damaged import DamagedFile
from producers.sync.directory import read_directory
from producers.sync.schedule import ObjectKind, ScheduledObject


def test_entries_with_more_columns_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "directory.csv"
    path.write_bytes(
        "\ufeffname,mailbox,kind,id\r\nAnna,Anna@Example.com,person,1\r\n\r\n"
        'Suite,suite-4@example.com,Room,"Suite 4, left"\r\n'.encode()
    )
    assert read_directory(path) == {
        ScheduledObject(ObjectKind.PERSON, "1"): "anna@example.com",
        ScheduledObject(ObjectKind.ROOM, "Suite 4, left"): "suite-4@example.com",
    }


@pytest.mark.parametrize(
    ("contents", "line", "said"),
    [
        (b"", 1, "no entry"),
        (b"kind,id,mailbox\n", 1, "no entry"),
        (b"kind;id;mailbox\nperson;1;a@example.com\n", 1, "0 columns named kind"),
        (b"kind,id,id,mailbox\nperson,1,1,a@example.com\n", 1, "2 columns named id"),
        (b"kind,id,mailbox\nperson,1,a@example.com\nperson,2\n", 3, "2 columns"),
        (b"kind,id,mailbox\ncar,1,a@example.com\n", 2, "expected person or room"),
        (b"kind,id,mailbox\nperson,,a@example.com\n", 2, "an empty id"),
        (b"kind,id,mailbox\nperson,1,\n", 2, "an SMTP address"),
        (b"kind,id,mailbox\nperson,1,anna\n", 2, "'anna', expected an SMTP address"),
        (b"kind,id,mailbox\nperson,1,a@example.com\nperson,1,b@example.com\n", 3, "another mailbox in line 2"),
        (b'kind,id,mailbox\nperson,"1,a@example.com\n', 2, "not CSV"),
        (b"kind,id,mailbox\nperson,1,\xe6@example.com\n", 2, "not UTF-8"),
    ],
)
def test_a_damaged_directory_says_where_and_what(tmp_path: Path, contents: bytes, line: int, said: str) -> None:
    path = tmp_path / "directory.csv"
    path.write_bytes(contents)
    with pytest.raises(DamagedFile) as caught:
        read_directory(path)
    assert caught.value.line == line
    assert said in str(caught.value)
