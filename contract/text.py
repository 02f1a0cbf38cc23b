"""Text that can stand in XML 1.0, in the length that a field may have."""

import re
from typing import Final

# XML 1.0, section 2.2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAKS: Final = re.compile(r"\s*[\r\n\t]+\s*")

ELLIPSIS: Final = "…"


def without_illegal_characters(text: str) -> str:
    """The text without the characters that XML 1.0 does not allow; tabs and line breaks stay."""
    return _NOT_XML.sub("", text)


def one_line(text: str, limit: int) -> str:
    """A single-line field: legal in XML, trimmed, line breaks turned into spaces, cut to ``limit`` with an ellipsis.

    ``limit`` counts UTF-16 code units, as Exchange does, and no surrogate pair is cut in two.
    """
    if text.isprintable() and len(text) <= (limit if text.isascii() else limit // 2):
        # Nearly every text: nothing in it is illegal or breaks a line, and it is short enough however it is counted.
        return text.strip()
    clean = _LINE_BREAKS.sub(" ", without_illegal_characters(text)).strip()
    if _utf16_units(clean) <= limit:
        return clean
    kept: list[str] = []
    room = limit - 1
    for character in clean:
        room -= 2 if ord(character) > 0xFFFF else 1
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + ELLIPSIS


def _utf16_units(text: str) -> int:
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)
