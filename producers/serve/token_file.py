"""The file of tokens: TOML, checked strictly, read again when it changes."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from producers.serve.tokens import Token

_EXAMPLE: Final = "an entry as `callsheet-producer token new` prints it"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
SourcePattern = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x20\x7f]+$")]
MailboxPattern = Annotated[
    str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^\x00-\x20\x7f@]+@[^\x00-\x20\x7f@]+$")
]
Rate = Annotated[float, Field(gt=0, le=1_000_000)]


class TokenFileError(Exception):
    """The file of tokens cannot be used. The text says where it is wrong and what is expected."""


class TokenEntry(BaseModel):
    """One ``[[token]]``. Unknown fields are refused: a misspelt one would let through what it was meant to keep out."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Name
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    sources: Annotated[tuple[SourcePattern, ...], Field(min_length=1)]
    mailboxes: Annotated[tuple[MailboxPattern, ...], Field(min_length=1)]
    events_per_second: Rate | None = None
    sync: bool = False


class TokenFile:
    """The tokens as the file has them now.

    A file that was changed into something that cannot be read leaves the last good tokens in force.
    """

    def __init__(self, path: Path) -> None:
        """Raises :class:`TokenFileError` when the file cannot be used."""
        self.path = path
        self._stamp = _stamp(path)
        self.tokens = read_tokens(path)

    def refresh(self) -> bool:
        """Read the file again if it has changed; True if so. Raises :class:`TokenFileError`, once for each change."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self.tokens = read_tokens(self.path)
        return True


def read_tokens(path: Path) -> tuple[Token, ...]:
    """The tokens in a file. Raises :class:`TokenFileError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TokenFileError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TokenFileError(f"{path} is not TOML: {error}") from None
    entries = document.pop("token", [])
    if document or not isinstance(entries, list) or not entries:
        raise TokenFileError(f"{path} holds no [[token]] or something else than that; expected {_EXAMPLE}")
    tokens = [_token(path, number, entry) for number, entry in enumerate(entries, start=1)]
    for what in ("name", "sha256"):
        if len({getattr(token, what) for token in tokens}) < len(tokens):
            raise TokenFileError(f"{path}: two tokens have the same {what}; expected each once")
    return tuple(tokens)


def checked_entry(fields: Mapping[str, Any]) -> Token:
    """A token with these fields. Raises ValueError that names the first that is wrong; it holds no value."""
    try:
        return Token(**dict(TokenEntry.model_validate(fields)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _token(path: Path, number: int, fields: Any) -> Token:
    try:
        return checked_entry(fields)
    except ValueError as error:
        raise TokenFileError(f"{path}, token {number}: {error}; expected {_EXAMPLE}") from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
