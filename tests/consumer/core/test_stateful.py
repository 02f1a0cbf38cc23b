"""Events in any order, crashes, lost memory, a user at work and days that pass: in the end the schedule stands."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from consumer.core.actions import Change
from consumer.core.decide import decide
from consumer.core.mailbox import Item, ItemRef, MailboxState
from consumer.core.window import Window
from tests.consumer.core.calendar_model import (
    COPENHAGEN,
    NOW,
    apply,
    appointment,
    carry_out,
    change,
    reloaded,
    visible,
    wanted,
)

KEYS = ("a" * 32, "b" * 32, "c" * 32)
DAYS = st.integers(-30, 250)


class OneMailbox(RuleBasedStateMachine):
    """The mailbox of a user who touches things, and a replica that may crash or forget."""

    def __init__(self) -> None:
        super().__init__()
        self.state = MailboxState()
        self.published: list[Change] = []
        self.now: datetime = NOW
        self.copies = 0

    @property
    def window(self) -> Window:
        return Window.around(self.now.date(), 7, 180, COPENHAGEN)

    def _items(self) -> list[Item]:
        return [item for items in self.state.items.values() for item in items]

    @initialize(key=st.sampled_from(KEYS), day=DAYS)
    def first_booking(self, key: str, day: int) -> None:
        self._publish(key, 1, day)

    def _publish(self, key: str, revision: int, day: int | None) -> None:
        content = None if day is None else appointment(NOW + timedelta(days=day), f"day {day}")
        self.published.append(change(revision, content, key))

    @rule(key=st.sampled_from(KEYS), day=st.none() | DAYS, step=st.integers(0, 2))
    def schedule_changes(self, key: str, day: int | None, step: int) -> None:
        last = max((one.revision for one in self.published if one.key == key), default=0)
        self._publish(key, last + step, day)

    @rule(data=st.data())
    def broker_delivers(self, data: st.DataObject) -> None:
        batch = data.draw(st.lists(st.sampled_from(self.published), min_size=1, max_size=5))
        apply(self.state, batch, self.now, self.window)

    @rule(data=st.data(), written=st.integers(0, 3))
    def replica_crashes_in_mid_round(self, data: st.DataObject, written: int) -> None:
        batch = data.draw(st.lists(st.sampled_from(self.published), min_size=1, max_size=5))
        carry_out(self.state, decide(self.state, batch, self.window, self.now), stop_after=written)
        self.state = reloaded(self.state)

    @rule()
    def memory_is_lost(self) -> None:
        self.state = reloaded(self.state)

    @rule(data=st.data(), for_good=st.booleans())
    def user_deletes(self, data: st.DataObject, for_good: bool) -> None:
        if not self._items():
            return
        item = data.draw(st.sampled_from(self._items()))
        left = tuple(one for one in self.state.items[item.key] if one != item)
        self.state.items[item.key] = left
        if not left:
            del self.state.items[item.key]
        if not for_good:
            known = self.state.discarded.get(item.key, item.standing)
            self.state.discarded[item.key] = max(known, item.standing)
        self.state = reloaded(self.state)

    @rule(data=st.data(), edited=st.booleans())
    def user_copies(self, data: st.DataObject, edited: bool) -> None:
        if not self._items():
            return
        item = data.draw(st.sampled_from(self._items()))
        self.copies += 1
        copy = replace(item, ref=ItemRef(f"copy-{self.copies}", "ck"), as_written=not edited)
        self.state.items[item.key] = (*self.state.items[item.key], copy)
        self.state = reloaded(self.state)

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        # Short of the time after which a tombstone may be swept.
        if self.now + timedelta(days=days) < NOW + timedelta(days=60):
            self.now += timedelta(days=days)

    def teardown(self) -> None:
        """Everything is delivered once more, to a replica that knows nothing."""
        self.state = reloaded(self.state)
        for one in self.published:
            apply(self.state, [one], self.now, self.window)
        assert visible(self.state, self.window) == wanted(self.published, self.window)
        ids = [item.ref.item_id for item in self._items()]
        assert len(ids) == len(set(ids))


TestOneMailbox = OneMailbox.TestCase
TestOneMailbox.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
