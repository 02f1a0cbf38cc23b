"""Bodies as HTML and as text, whichever of the two the item keeps."""

from __future__ import annotations

import re
from html import escape

from lxml import etree, html

_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"})
_SILENT = frozenset({"head", "style", "script", "title", "meta"})
_SPACES = re.compile(r"[ \t\r\n]+")


def as_text(body: str, kept_as: str) -> str:
    """The body as plain text. ``kept_as`` is ``Text`` or ``HTML``."""
    if kept_as == "Text" or not body:
        return body
    try:
        root = html.fromstring(body)
    except (etree.ParserError, ValueError):
        return body
    pieces: list[str] = []
    _collect(root, pieces)
    lines = (line.strip(" ") for line in "".join(pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _collect(element: etree._Element, pieces: list[str]) -> None:
    tag = element.tag
    if not isinstance(element, html.HtmlComment) and tag not in _SILENT:
        pieces.append(_SPACES.sub(" ", element.text or ""))
        for child in element:
            _collect(child, pieces)
        if tag in _BREAKS:
            pieces.append("\n")
    pieces.append(_SPACES.sub(" ", element.tail or ""))


def as_html(body: str, kept_as: str) -> str:
    """The body as an HTML document."""
    if kept_as == "HTML":
        return body
    lines = escape(body, quote=False).replace("\r\n", "\n").replace("\n", "<br>\n")
    return f"<html><body>{lines}</body></html>"
