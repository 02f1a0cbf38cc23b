"""The comparison finds every kind of planted difference, and nothing where there is none."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.calendars import read_calendars
from deploy.sandbox.children import ChildError
from deploy.sandbox.comparison import Item, compare, expected_calendars, shown_title
from deploy.sandbox.directory import Entry
from deploy.sandbox.edition import prepare
from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import StartEmulator
from tests.sandbox.soap import create_items

ANNA, BO, SUITE = "anna@example.com", "bo@example.com", "suite@example.com"


def item(number: int, title: str = "Grading") -> Item:
    start = datetime(2026, 12, 1, 8, tzinfo=UTC) + timedelta(days=number)
    return Item(f"{number:032x}", f"B-{number}", title, start, start + timedelta(hours=8), "Suite 1", "Grading")


EXPECTED = {ANNA: {entry.key: entry for entry in (item(1), item(2))}, BO: {item(1).key: item(1)}, SUITE: {}}
AS_EXPECTED = {ANNA: [item(1), item(2)], BO: [item(1)], SUITE: []}


def test_nothing_where_there_is_nothing() -> None:
    verdict = compare(EXPECTED, AS_EXPECTED)
    assert verdict.differences == ()
    assert verdict.summary(7, 3) == (
        "demo: calendars=3 items=3 missing=0 extra=0 wrong=0 duplicates=0 ews_requests=7 changes=3"
    )


@pytest.mark.parametrize(
    "changed",
    [
        replace(item(2), title="grading"),
        replace(item(2), start=item(2).start + timedelta(seconds=1)),
        replace(item(2), end=item(2).end - timedelta(hours=1)),
        replace(item(2), place="Suite 2"),
        replace(item(2), category=""),
        replace(item(2), booking="B-3"),
        replace(item(2), show_as="Free"),
        replace(item(2), all_day=True),
        replace(item(2), private=True),
        replace(item(2), reminder=True),
    ],
)
def test_every_field_counts(changed: Item) -> None:
    verdict = compare(EXPECTED, {**AS_EXPECTED, ANNA: [item(1), changed]})
    assert [difference.kind for difference in verdict.differences] == ["wrong"]
    assert ANNA in str(verdict.differences[0])


def test_missing_extra_and_duplicates() -> None:
    found = {ANNA: [item(1), item(1), item(1)], BO: [item(1), replace(item(9), key="")], SUITE: [item(2)]}
    verdict = compare(EXPECTED, found)
    assert {kind: verdict.count(kind) for kind in ("missing", "extra", "wrong", "duplicates")} == {
        "missing": 1,
        "extra": 2,
        "wrong": 0,
        "duplicates": 2,
    }


def test_a_calendar_that_was_not_read_is_missing() -> None:
    assert compare(EXPECTED, {BO: [item(1)], SUITE: []}).count("missing") == 2


@given(st.text(max_size=400))
def test_titles_fit(title: str) -> None:
    if any(0xD800 <= ord(character) <= 0xDFFF for character in title):
        return
    shown = shown_title(title)
    units = len(shown.encode("utf-16-le")) // 2
    assert units <= 255
    line = " ".join(title.split("\n")).strip()
    assert shown == line or (shown.endswith("…") and line.startswith(shown[:-1]))


def test_model_of_the_sample(tmp_path: Path) -> None:
    edition = prepare(tmp_path, None, 1, date(2026, 11, 23))
    calendars = expected_calendars(edition.versions[-1], edition.directory, "s")
    assert len(calendars) == 210
    in_mailboxes = sum(1 + len(session.persons) for session in edition.versions[-1].sessions)
    assert sum(len(items) for items in calendars.values()) == in_mailboxes


def test_shared_mailbox_has_a_session_once(tmp_path: Path) -> None:
    edition = prepare(tmp_path, None, 1, date(2026, 11, 23))
    shared = [replace(entry, mailbox="All@Example.com") for entry in edition.directory]
    calendars = expected_calendars(edition.versions[-1], shared, "s")
    assert {mailbox: len(items) for mailbox, items in calendars.items()} == {
        "all@example.com": len(edition.versions[-1].sessions)
    }
    assert expected_calendars(edition.versions[-1], [Entry("person", "nobody", ANNA, "")], "s") == {ANNA: {}}


@pytest.fixture
def emulator(start_emulator: StartEmulator) -> RunningEmulator:
    return start_emulator([ANNA, BO, {"address": SUITE, "kind": "room"}])


def test_real_calendars_read_back_as_they_are(emulator: RunningEmulator, tmp_path: Path) -> None:
    for mailbox, items in AS_EXPECTED.items():
        create_items(emulator, mailbox, items)
    found = read_calendars(emulator, [ANNA, BO, SUITE], tmp_path / "readback")
    assert compare(EXPECTED, found).differences == ()


def test_planted_differences_are_found_in_real_calendars(emulator: RunningEmulator, tmp_path: Path) -> None:
    create_items(emulator, ANNA, [item(1), replace(item(2), title="Colour <b>&amp;</b> 🎬")])
    create_items(emulator, BO, [item(1), item(1)])
    create_items(emulator, SUITE, [replace(item(5), key="", booking="")])
    verdict = compare(EXPECTED, read_calendars(emulator, [ANNA, BO, SUITE], tmp_path / "readback"))
    assert [(difference.kind, difference.mailbox) for difference in verdict.differences] == [
        ("wrong", ANNA),
        ("duplicates", BO),
        ("extra", SUITE),
    ]
    assert "Colour <b>&amp;</b> 🎬" in str(verdict.differences[0])


def test_a_mailbox_that_cannot_be_read_is_named(emulator: RunningEmulator, tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"nobody@example\.com cannot be read"):
        read_calendars(emulator, [ANNA, "nobody@example.com"], tmp_path / "readback")
