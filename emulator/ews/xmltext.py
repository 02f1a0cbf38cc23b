"""Writing XML by hand: escaping, and the characters XML 1.0 knows."""

from __future__ import annotations

import re

T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
"""The types namespace in Clark notation."""
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
"""The messages namespace in Clark notation."""

_SPECIAL = re.compile('[&<>\r"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_REPLACED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}


def text(value: str) -> str:
    """``value`` as XML text; a character XML 1.0 does not allow becomes a question mark."""
    if _SPECIAL.search(value) is None:
        return value
    return _SPECIAL.sub(lambda found: _REPLACED.get(found.group(), "?"), value)


def attribute(value: str) -> str:
    """``value`` as an XML attribute value, quotes included."""
    return '"' + text(value).replace("\n", "&#xA;").replace("\t", "&#x9;") + '"'
