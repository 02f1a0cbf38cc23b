"""Who takes part, and that nobody else ever does."""

import os
from pathlib import Path

import pytest

from consumer.enrolment import Enrolment, EnrolmentError, EnrolmentFile, read_enrolment


@pytest.mark.parametrize(
    ("patterns", "mailbox", "covered"),
    [
        (["anna@example.com"], "anna@example.com", True),
        (["anna@example.com"], "ANNA@Example.COM", True),
        (["Anna@Example.COM"], "anna@example.com", True),
        ([" anna@example.com "], "anna@example.com", True),
        (["anna@example.com"], "anna@example.com.evil.org", False),
        (["anna@example.com"], "joanna@example.com", False),
        (["anna@example.com"], "annaXexample.com", False),
        (["anna.b@example.com"], "annaxb@example.com", False),
        (["*@example.com"], "anyone@example.com", True),
        (["*@example.com"], "anyone@sub.example.com", False),
        (["*@example.com"], "anyone@example.com.evil.org", False),
        (["*@example.com"], "anyone@evil.org,x@example.com", False),
        (["*@*.example.com"], "anyone@a.b.example.com", True),
        (["*@*.example.com"], "anyone@example.com", False),
        (["suite-?@example.com"], "suite-4@example.com", True),
        (["suite-?@example.com"], "suite-14@example.com", False),
        (["suite-[1-3]@example.com"], "suite-2@example.com", True),
        (["suite-[1-3]@example.com"], "suite-4@example.com", False),
        (["a*b*c@example.com"], "a-b-c@example.com", True),
        (["a*b*c@example.com"], "a-c-b@example.com", False),
        (["bo@example.com", "*@studio.example.com"], "anna@studio.example.com", True),
        (["*@studio.example.com", "bo@example.com"], "bo@example.com", True),
        ([], "anna@example.com", False),
    ],
)
def test_patterns(patterns: list[str], mailbox: str, covered: bool) -> None:
    assert Enrolment(tuple(patterns), ()).covers(mailbox) is covered


@pytest.mark.parametrize("mailbox", ["boss@example.com", "BOSS@EXAMPLE.COM", "x@vip.example.com"])
def test_deny_wins(mailbox: str) -> None:
    enrolment = Enrolment(("*@example.com", "*@vip.example.com", "boss@example.com"), ("Boss@*", "*@vip.example.com"))
    assert not enrolment.covers(mailbox)
    assert enrolment.covers("anna@example.com")


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "enrolment.toml"
    file.write_text('[enrolment]\nmailboxes = ["*@example.com"]\ndeny = ["boss@example.com"]\n')
    enrolment = read_enrolment(file)
    assert enrolment.covers("anna@example.com")
    assert not enrolment.covers("boss@example.com")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "has no enrolment; expected [enrolment] with mailboxes"),
        ("mailboxes = []", "has no enrolment; expected [enrolment] with mailboxes"),
        ("[enrolment]\n", "has no enrolment; expected [enrolment] with mailboxes"),
        ("enrolment = 3", "has no enrolment; expected [enrolment] with mailboxes"),
        ('[enrolment]\nmailboxes = "anna@example.com"', ": mailboxes is not a list of addresses or patterns; expected"),
        ("[enrolment]\nmailboxes = [1]", ": mailboxes is not a list of addresses or patterns; expected"),
        ('[enrolment]\nmailboxes = ["*"]', ": mailboxes is not a list of addresses or patterns; expected"),
        ('[enrolment]\nmailboxes = []\ndeny = ["boss"]', ": deny is not a list of addresses or patterns; expected"),
        ('[enrolment]\nmailboxes = []\ndenied = ["boss@a.b"]', ": denied is not known; expected"),
        ("[enrolment\n", "is not TOML: "),
        ("\udcff", "is not TOML: "),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "enrolment.toml"
    file.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(EnrolmentError) as caught:
        read_enrolment(file)
    assert problem in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match="cannot be read: No such file or directory"):
        EnrolmentFile(tmp_path / "enrolment.toml")


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "enrolment.toml"
    file.write_text('[enrolment]\nmailboxes = ["anna@example.com"]\n')
    enrolment = EnrolmentFile(file)
    assert not enrolment.refresh()
    file.write_text('[enrolment]\nmailboxes = ["bo@example.com", "anna@example.com"]\n')
    assert enrolment.refresh()
    assert not enrolment.refresh()
    assert enrolment.current.covers("bo@example.com")


def test_a_file_of_the_same_size_put_in_its_place(tmp_path: Path) -> None:
    """As a configuration map is changed: another file under the same name, perhaps with the old time."""
    file, other = tmp_path / "enrolment.toml", tmp_path / "other.toml"
    file.write_text('[enrolment]\nmailboxes = ["an@example.com"]\n')
    other.write_text('[enrolment]\nmailboxes = ["bo@example.com"]\n')
    stamp = file.stat()
    enrolment = EnrolmentFile(file)
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(file)
    assert enrolment.refresh()
    assert enrolment.current.covers("bo@example.com")
    assert not enrolment.current.covers("an@example.com")


def test_a_broken_file_leaves_the_last_good_one_in_force(tmp_path: Path) -> None:
    file = tmp_path / "enrolment.toml"
    file.write_text('[enrolment]\nmailboxes = ["anna@example.com"]\n')
    enrolment = EnrolmentFile(file)
    file.write_text("[enrolment]\nmailboxes = [")
    with pytest.raises(EnrolmentError):
        enrolment.refresh()
    assert enrolment.current.covers("anna@example.com")
    assert not enrolment.refresh(), "said once for each change"
    file.unlink()
    with pytest.raises(EnrolmentError):
        enrolment.refresh()
    assert enrolment.current.covers("anna@example.com")
    file.write_text('[enrolment]\nmailboxes = ["bo@example.com"]\n')
    assert enrolment.refresh()
    assert enrolment.current.covers("bo@example.com")
    assert not enrolment.current.covers("anna@example.com")
