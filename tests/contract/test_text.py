"""Text for fields of an item: legal in XML 1.0, and never longer than Exchange takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from contract.text import one_line, without_illegal_characters

any_text = st.text()  # half surrogate pairs included: Python allows them


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Håkan – Ærø 🎬 <b>&amp;", "Håkan – Ærø 🎬 <b>&amp;"),
        ("a\x00b\x07c\x1fd", "abcd"),
        ("a\tb\nc\rd", "a\tb\nc\rd"),
        ("a\ufffeb\uffffc\ud800d", "abcd"),
        ("\x7f\x85\ufffd", "\x7f\x85\ufffd"),
        ("\U00010000\U0010ffff", "\U00010000\U0010ffff"),
        ("שלום \u202eabc\u202c", "שלום \u202eabc\u202c"),
    ],
)
def test_what_xml_allows_stays(text: str, clean: str) -> None:
    assert without_illegal_characters(text) == clean


@given(any_text)
def test_what_is_left_passes_through_xml(text: str) -> None:
    clean = without_illegal_characters(text)
    element = etree.Element("e")
    element.text = clean  # lxml refuses what XML does not allow
    back = etree.fromstring(etree.tostring(element, encoding="utf-8"))
    assert (back.text or "") == clean
    assert without_illegal_characters(clean) == clean
    assert [character for character in text if character in clean] == list(clean)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Feature X  ", "Feature X"),
        ("Feature\nX", "Feature X"),
        ("Feature \r\n\t X", "Feature X"),
        ("a  b", "a  b"),
        ("\n", ""),
        ("\x00", ""),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text, 255) == line


def test_a_title_of_255_is_kept_and_one_of_256_is_cut() -> None:
    assert one_line("x" * 255, 255) == "x" * 255
    assert one_line("x" * 256, 255) == "x" * 254 + "…"
    assert one_line("x" * 300, 255) == "x" * 254 + "…"


def test_the_cut_counts_as_exchange_does() -> None:
    films = "🎬" * 127
    assert one_line(films, 254) == films
    assert one_line(films + "x", 255) == films + "x"
    assert one_line(films + "xy", 255) == films + "…", "254 units and the ellipsis"


def test_an_emoji_is_not_cut_in_two() -> None:
    cut = one_line("x" + "🎬" * 130, 255)
    assert cut == "x" + "🎬" * 126 + "…"
    assert utf16_units(cut) == 254
    cut.encode()


def test_no_space_before_the_ellipsis() -> None:
    assert one_line("word " * 100, 10) == "word word…"


@given(any_text, st.integers(1, 60))
def test_a_line_fits_and_is_one_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert utf16_units(line) <= limit
    assert not set(line) & set("\r\n\t")
    assert line == line.strip()
    assert one_line(line, limit) == line, "cutting again changes nothing"
    line.encode()
