"""The digest: the same for what a server may have rewritten, another one for what somebody has changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.digest import Digest, OwnedFields, others_of, ours_of, write_digest

FIELDS = OwnedFields(
    title="Ærø / Grading",
    start=datetime(2026, 12, 1, 7, tzinfo=UTC),
    end=datetime(2026, 12, 1, 16, tzinfo=UTC),
    all_day=False,
    location="Suite 4",
    show_as="busy",
    private=False,
    categories=("Grading", "Nordlys"),
)


def test_the_digest_must_not_change_between_releases() -> None:
    """It stands on every item: another algorithm would take all of them for edited."""
    assert FIELDS.digest() == "6d2cdc70880f06cbee6feb982cc31424"
    assert write_digest(FIELDS, 15) == "6d2cdc70880f06cbee6feb982cc31424r15.201fc1.bc5dc5"


@pytest.mark.parametrize(
    "same",
    [
        {"title": "  Ærø / Grading\n"},
        {"location": "Suite 4 "},
        {"start": datetime(2026, 12, 1, 8, tzinfo=timezone(timedelta(hours=1)))},
        {"categories": ("Nordlys", "Grading")},
    ],
)
def test_what_is_the_same(same: dict[str, Any]) -> None:
    assert replace(FIELDS, **same).digest() == FIELDS.digest()


def test_composed_and_decomposed_characters_are_the_same() -> None:
    composed, decomposed = replace(FIELDS, title="Å é"), replace(FIELDS, title="A\u030a e\u0301")
    assert composed.digest() == decomposed.digest()


def test_line_breaks_are_the_same() -> None:
    texts = ("a\nb", "a\r\nb", "a\rb")
    assert len({replace(FIELDS, location=text).digest() for text in texts}) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"title": "ærø / Grading"},
        {"title": "Ærø  / Grading"},
        {"title": "Suite 4", "location": "Ærø / Grading"},
        {"start": FIELDS.start + timedelta(seconds=1)},
        {"end": FIELDS.end - timedelta(seconds=1)},
        {"all_day": True},
        {"location": ""},
        {"show_as": "free"},
        {"private": True},
        {"categories": ("Grading",)},
        {"categories": ("Grading", "Nordlys", "Mix")},
        {"categories": ("Grading,Nordlys",)},
    ],
)
def test_what_is_another(other: dict[str, Any]) -> None:
    assert replace(FIELDS, **other).digest() != FIELDS.digest()


@pytest.mark.parametrize(("minutes", "reminder"), [(None, "r-"), (0, "r0"), (15, "r15"), (40320, "r40320")])
def test_the_parts(minutes: int | None, reminder: str) -> None:
    parsed = Digest.parse(write_digest(FIELDS, minutes))
    assert (parsed.fields, parsed.reminder) == (FIELDS.digest(), reminder)
    assert len(parsed.category_marks) == 2


def test_the_longest_digest_can_be_found() -> None:
    many = replace(FIELDS, categories=tuple(f"Category {number}" for number in range(25)))
    text = write_digest(many, 40320)
    assert len(text) <= 255
    assert len(Digest.parse(text).category_marks) == 25


def test_categories_of_ours_and_of_others() -> None:
    digest = write_digest(FIELDS, None)
    on_the_item = ("Mine", "GRADING", "Nordlys", "Grading ", "Grading 2")
    assert ours_of(on_the_item, digest) == ("GRADING", "Nordlys", "Grading ")
    assert others_of(on_the_item, digest) == ("Mine", "Grading 2")


@pytest.mark.parametrize("text", ["", "x", "r-", "....", "é" * 300, "0" * 31 + ".abc"])
def test_a_text_that_is_no_digest_matches_nothing(text: str) -> None:
    parsed = Digest.parse(text)
    assert parsed.fields != FIELDS.digest()
    assert others_of(("Mine", "Grading"), text) == ("Mine", "Grading")
    assert ours_of(("Mine", "Grading"), text) == ()


categories = st.lists(st.text(max_size=20), max_size=8)


@given(categories, categories)
def test_every_category_belongs_to_one_of_us(written: list[str], added: list[str]) -> None:
    digest = write_digest(replace(FIELDS, categories=tuple(written)), None)
    everything = (*written, *added)
    assert sorted((*ours_of(everything, digest), *others_of(everything, digest))) == sorted(everything)
    assert set(written) <= set(ours_of(everything, digest))
