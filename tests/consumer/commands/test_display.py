"""What is shown cannot steer a terminal, and JSON stays the same document."""

import unicodedata

import orjson
from hypothesis import given
from hypothesis import strategies as st

from consumer.commands.display import json_text, safe

DECODABLE = st.text(st.characters(exclude_categories=["Cs"]))
DIRECTION = {"\u202e", "\u2066", "\u200f", "\u061c"}


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = safe(text)
    assert not [character for character in shown if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs")]
    assert not DIRECTION & set(shown)


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp"))))
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_an_escape_shows_what_it_was() -> None:
    assert safe("a\x1b[31mb\nc\x9b\u202e Ærø 🎬") == "a\\x1b[31mb\\nc\\x9b\\u202e Ærø 🎬"


@given(st.dictionaries(DECODABLE, DECODABLE))
def test_json_is_the_same_document_and_steers_nothing(document: dict[str, str]) -> None:
    written = json_text(document)
    assert orjson.loads(written) == document
    for line in written.split("\n"):
        assert safe(line) == line
