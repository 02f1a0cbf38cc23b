"""Who may publish what: bearer tokens, known by their hashes, each with its sources and mailboxes.

A token has 256 random bits, so a plain SHA-256 of it cannot be guessed back, and the file holds no secret.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_PREFIX: Final = "callsheet_"
"""Says what a token that was left lying about belongs to."""


@dataclass(frozen=True, slots=True)
class Token:
    """What one client may do. ``events_per_second`` is None where the service's own limit counts."""

    name: str
    sha256: str
    sources: tuple[str, ...]
    mailboxes: tuple[str, ...]
    events_per_second: float | None = None
    sync: bool = False

    def may_publish_for(self, source: str) -> bool:
        """True when this source is among those of the token; ``*`` stands for any characters."""
        return any(_pattern(one, ".*").fullmatch(source) for one in self.sources)

    def may_write_to(self, mailbox: str) -> bool:
        """True when a pattern covers this mailbox, without regard to case; ``*`` stands for anything but the @."""
        return any(_pattern(one.lower(), "[^@]*").fullmatch(mailbox.lower()) for one in self.mailboxes)


def new_token() -> str:
    """A token that nobody has: 256 random bits, safe in a header."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What stands in the file in place of the token: SHA-256 in lower-case hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(tokens: Iterable[Token], presented: str) -> Token | None:
    """The entry of a presented token. Takes the same time whether there is one or not, and whichever it is."""
    digest = hash_of(presented)
    found = None
    for token in tokens:
        if hmac.compare_digest(token.sha256, digest):
            found = token
    return found


def entry(token: Token) -> str:
    """The lines that stand for a token in the file."""
    lines = [
        "[[token]]",
        f"name = {_toml(token.name)}",
        f"sha256 = {_toml(token.sha256)}",
        f"sources = {_toml_list(token.sources)}",
        f"mailboxes = {_toml_list(token.mailboxes)}",
    ]
    if token.events_per_second is not None:
        lines.append(f"events_per_second = {token.events_per_second:g}")
    if token.sync:
        lines.append("sync = true")
    return "\n".join(lines) + "\n"


def _pattern(written: str, star: str) -> re.Pattern[str]:
    return re.compile(star.join(re.escape(part) for part in written.split("*")), re.DOTALL)


def _toml(text: str) -> str:
    """A basic string of TOML; the checks before have left no control character in it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _toml_list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(_toml(text) for text in texts) + "]"
