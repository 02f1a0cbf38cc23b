"""What an operator may choose about the behaviour of the emulated server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Choices that hold for every mailbox.

    ``late_change_keys``: an item's ChangeKey changes once more, by the server itself, ``late_change_seconds`` after the
    item was created, as Exchange's does. ``clock`` gives seconds since 1970 and is only ever replaced by tests.
    """

    late_change_keys: bool = False
    late_change_seconds: float = 2.0
    clock: Callable[[], float] = time.time
