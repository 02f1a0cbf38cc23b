"""Privacy: how much of a booking a calendar shows, by its class or by the mailbox. The strictest rule wins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Privacy(StrEnum):
    """How much is shown, from all to least. Times, status and show-as always are."""

    FULL = "full"
    TITLE_ONLY = "title_only"
    BUSY_ONLY = "busy_only"


_STRICTNESS: Final = tuple(Privacy)
_HIDDEN: Final = ("location", "notes", "categories", "url")


@dataclass(frozen=True)
class PrivacyRules:
    """Classes are compared without regard to case; in mailboxes ``*`` stands for any characters but the ``@``."""

    default: Privacy = Privacy.FULL
    classes: Mapping[str, Privacy] = field(default_factory=dict)
    mailboxes: Mapping[str, Privacy] = field(default_factory=dict)
    busy_title: str = "Busy"

    def mode(self, classes: frozenset[str], mailbox: str) -> Privacy:
        """What a mailbox (lower case) may show of a booking of these classes (casefolded)."""
        found = [mode for name, mode in self.classes.items() if name.casefold() in classes]
        found += [mode for pattern, mode in self.mailboxes.items() if _fits(pattern.lower(), mailbox)]
        return max([self.default, *found], key=_STRICTNESS.index)

    def hidden(self, fields: dict[str, Any], mode: Privacy) -> dict[str, Any]:
        """The fields of an event, without what the mode does not show."""
        if mode is Privacy.FULL:
            return fields
        kept = {name: value for name, value in fields.items() if name not in _HIDDEN}
        return kept if mode is Privacy.TITLE_ONLY else {**kept, "title": self.busy_title}


SHOW_ALL: Final = PrivacyRules()


def _fits(pattern: str, mailbox: str) -> bool:
    return re.fullmatch("[^@]*".join(map(re.escape, pattern.split("*"))), mailbox) is not None
