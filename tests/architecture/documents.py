"""The documents of the checkout, and what can be read out of them."""

import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    file
    for file in CHECKOUT.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in file.relative_to(CHECKOUT).parts)
)
DOCS = CHECKOUT / "docs"

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
SETTING_ROW = re.compile(r"^\| `(CALLSHEET_[A-Z_]+)` \| .* \| ([^|]*) \|$", re.MULTILINE)
SETTING = re.compile(r"\bCALLSHEET_[A-Z_]*[A-Z]\b")


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def code_of(text: str) -> Iterator[str]:
    """Everything that a document shows as code: fenced blocks, and what stands between backticks."""
    yield from (block for _, block in FENCE.findall(text))
    yield from INLINE.findall(FENCE.sub("", text))


def blocks(file: Path, language: str) -> list[str]:
    return [block for found, block in FENCE.findall(text_of(file)) if found == language]


def section(file: Path, heading: str) -> str:
    """What stands below a heading of the second level, up to the next one."""
    text = text_of(file)
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]


def anchors_of(file: Path) -> set[str]:
    """The anchors that GitHub makes of headings."""
    titles = HEADING.findall(FENCE.sub("", text_of(file)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def short(file: Path) -> str:
    return str(file.relative_to(CHECKOUT))
