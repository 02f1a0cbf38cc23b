"""Plain text from what schedules hold as descriptions: text, Markdown (left as it is) or HTML."""

import re
from html.parser import HTMLParser
from typing import Final

from contract.text import ELLIPSIS

_HTML: Final = re.compile(
    r"</?(p|br|div|ul|ol|li|a|em|strong|b|i|h[1-6]|span|pre|code|blockquote)\b[^>]*>", re.IGNORECASE
)
_BLOCKS: Final = frozenset(
    ["p", "br", "div", "ul", "ol", "li", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"]
)
_HIDDEN: Final = frozenset(["script", "style"])
_SPACES: Final = re.compile(r"[ \t\f\v\u00a0]+")
_EMPTY_LINES: Final = re.compile(r"\n\s*\n(\s*\n)*")


def plain_text(text: str) -> str:
    """The text without HTML tags, blocks on lines of their own; text that holds no HTML keeps its lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _HTML.search(text):
        stripper = _Stripper()
        stripper.feed(text)
        stripper.close()
        text = "".join(stripper.parts)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def cut_to_bytes(text: str, limit: int) -> str:
    """The text, cut so that its UTF-8 has at most ``limit`` bytes, an ellipsis at the cut included."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    return encoded[: limit - len(ELLIPSIS.encode())].decode(errors="ignore").rstrip() + ELLIPSIS


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        if tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in _BLOCKS and tag not in ("br", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
