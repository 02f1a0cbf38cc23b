"""People who edit, copy and throw away our items in the middle of it, and the later revision that puts it right."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Final

from deploy.sandbox.chaos.events import Booking, Event, History, new_id
from deploy.sandbox.chaos.mailbox import Mailbox, NoAnswer, Refused, Shown
from deploy.sandbox.chaos.verdict import Own

_TRIES: Final = 12
_WAYS_TO_DELETE: Final = ("MoveToDeletedItems", "SoftDelete", "HardDelete")
_COPY_LATER: Final = timedelta(days=1, minutes=7)
_MENDED_WITHIN_SECONDS: Final = 8.0

Publish = Callable[[Event, float], None]
"""Publish an event, so many seconds later."""


class People:
    """Touches one item after the other, each at most once.

    ``first_revision`` is above all that the schedule uses. What is touched gets a later revision within seconds;
    :meth:`closing` has one more for what was copied: a copy is found when its mailbox is read again.
    """

    def __init__(
        self,
        rng: random.Random,
        open_mailbox: Callable[[str], Mailbox],
        histories: Sequence[History],
        publish: Publish,
        first_revision: int,
    ) -> None:
        self._random = rng
        self._open = open_mailbox
        self._histories: Mapping[tuple[str, str], History] = {(one.mailbox, one.booking): one for one in histories}
        self._mailboxes = sorted({one.mailbox for one in histories})
        self._publish = publish
        self._revision = first_revision
        self._touched: set[tuple[str, str]] = set()
        self._copied: list[tuple[History, Booking]] = []
        self.done: Counter[str] = Counter()
        self.own: list[Own] = []

    def touch(self, action: str, stop: threading.Event) -> None:
        """Do something to an item of somebody. Gives up quietly where Exchange does not let him: it is failing."""
        for _ in range(_TRIES):
            mailbox = self._open(self._random.choice(self._mailboxes))
            try:
                items = [item for item in mailbox.items() if self._may_touch(mailbox.address, item, action)]
            except (Refused, NoAnswer):
                items = []
            if items and self._do(mailbox, self._random.choice(items), action):
                return
            if stop.wait(0.3):
                return

    def closing(self) -> None:
        """One more revision of everything that was copied."""
        for history, content in self._copied:
            self._mend(history, content, 0.0)

    def _may_touch(self, mailbox: str, item: Shown, action: str) -> bool:
        where = mailbox, item.marks.get("Booking", "")
        history = self._histories.get(where)
        if history is None or where in self._touched:
            return False
        # A cancellation takes every item of its booking, unchanged copies among them: that is no loss.
        return action != "copy" or not any(state is None or state.far for state in history.states)

    def _do(self, mailbox: Mailbox, item: Shown, action: str) -> bool:
        history = self._histories[mailbox.address, item.marks["Booking"]]
        try:
            made = self._act(mailbox, item, action)
            known = True
        except Refused:
            return False
        except NoAnswer:
            made, known = None, False
        self._touched.add((history.mailbox, history.booking))
        if known:
            self.done[action] += 1
        if made is not None:
            self.own.append(made)
        content = self._mended(history)
        if action == "copy" and content is not None:
            self._copied.append((history, content))
        self._mend(history, content, self._random.uniform(0.0, _MENDED_WITHIN_SECONDS))
        return known

    def _mended(self, history: History) -> Booking | None:
        """What the booking is to be after all: as the schedule has it last, with another title; or brought back."""
        last = history.states[-1]
        if last is None and self._random.random() < 0.5:
            last = next(state for state in reversed(history.states) if state is not None)
        return None if last is None else replace(last, title=f"{last.title[:180]} ({len(self._touched)})")

    def _act(self, mailbox: Mailbox, item: Shown, action: str) -> Own | None:
        """Do it; what the calendar's owner has then written himself."""
        if action == "delete":
            mailbox.delete(item, self._random.choice(_WAYS_TO_DELETE))
            return None
        if action == "edit":
            title = f"Not today: {item.title[:120]}"
            own = Own(mailbox.address, title, item.start.astimezone(UTC), must_stay=False)
            # Noted first: the edit of an item that stands there twice may end as a copy of his own.
            self.own.append(own)
            mailbox.rename(item, title)
            return None
        start, end = item.start + _COPY_LATER, item.end + _COPY_LATER
        own = Own(mailbox.address, item.title, start.astimezone(UTC), must_stay=True)
        try:
            mailbox.copy(item, start, end)
        except NoAnswer:
            self.own.append(replace(own, must_stay=False))
            raise
        return own

    def _mend(self, history: History, content: Booking | None, after_seconds: float) -> None:
        self._revision += 1
        event = Event(new_id(self._random), history.source, history.mailbox, history.booking, self._revision, content)
        self._publish(event, after_seconds)
