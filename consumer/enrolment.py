"""Who takes part. Nobody is written to who is not enrolled, whatever an event says."""

import fnmatch
import re
import tomllib
from pathlib import Path
from typing import Any

_EXAMPLE = '[enrolment] with mailboxes = ["anna@example.com", "*@studio.example.com"] and, if wanted, deny = [...]'


class EnrolmentError(ValueError):
    """The enrolment file cannot be used. ``str()`` says why and what is expected."""


class Enrolment:
    """Patterns of mailboxes, compared without regard to case; ``deny`` wins."""

    def __init__(self, mailboxes: tuple[str, ...], deny: tuple[str, ...]) -> None:
        self.deny = deny
        """The patterns of those who are kept out, as they are written."""
        self._allowed = _matcher(mailboxes)
        self._denied = _matcher(deny)

    def covers(self, mailbox: str) -> bool:
        """True when this mailbox may be written to."""
        return bool(self._allowed.match(mailbox.lower())) and not self._denied.match(mailbox.lower())


class EnrolmentFile:
    """The enrolment as the file has it now. It is read again when it changes.

    A file that was changed into something that cannot be read leaves the last good enrolment in force.
    """

    def __init__(self, path: Path) -> None:
        """Raises :class:`EnrolmentError` when the file cannot be read."""
        self._path = path
        self._stamp = _stamp(path)
        self.current = read_enrolment(path)

    def refresh(self) -> bool:
        """Read the file again if it has changed; True if so. Raises :class:`EnrolmentError`, once for each change."""
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self.current = read_enrolment(self._path)
        return True


def read_enrolment(path: Path) -> Enrolment:
    """The enrolment in a TOML file. Raises :class:`EnrolmentError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EnrolmentError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnrolmentError(f"{path} is not TOML: {error}") from None
    table = document.get("enrolment")
    if not isinstance(table, dict) or "mailboxes" not in table:
        raise EnrolmentError(f"{path} has no enrolment; expected {_EXAMPLE}")
    for name in table.keys() - {"mailboxes", "deny"}:
        # A misspelt deny would let through whom it was meant to keep out.
        raise EnrolmentError(f"{path}: {name} is not known; expected {_EXAMPLE}")
    return Enrolment(_patterns(path, table, "mailboxes"), _patterns(path, table, "deny"))


def _patterns(path: Path, table: dict[str, Any], name: str) -> tuple[str, ...]:
    patterns = table.get(name, [])
    if not isinstance(patterns, list) or not all(isinstance(one, str) and "@" in one for one in patterns):
        raise EnrolmentError(f"{path}: {name} is not a list of addresses or patterns; expected {_EXAMPLE}")
    return tuple(patterns)


def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all patterns; ``*`` stands for any characters but the @."""
    translated = (fnmatch.translate(pattern.strip().lower()).replace(".*", "[^@]*") for pattern in patterns)
    return re.compile("|".join(f"(?:{one})" for one in translated) or r"(?!)")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
