"""A true schedule, events that come late or twice, a user at work, crashes: the next snapshot puts everything right."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from consumer.core.actions import Change
from consumer.core.decide import decide
from consumer.core.mailbox import Item, MailboxState
from consumer.core.snapshot import Asked, Snapshot
from tests.consumer.core.calendar_model import NOW, WINDOW, appointment, carry_out, change, reloaded, snapshot

KEYS = tuple(letter * 32 for letter in "abcd")
FOREIGN = "f" * 32
FROM, TO = -7, 30
INTERVAL = snapshot(0, days=(FROM, TO)).coverage


class OneSource(RuleBasedStateMachine):
    """One mailbox with the bookings of one source, and an item of another source that nobody may touch."""

    def __init__(self) -> None:
        super().__init__()
        self.state = MailboxState()
        self.revision = 0
        self.schedule: dict[str, Change] = {}
        self.published: list[Asked] = []
        foreign = replace(change(0, appointment(NOW + timedelta(days=2)), FOREIGN), source="t" * 16)
        carry_out(self.state, decide(self.state, [foreign], WINDOW, NOW))

    def _items(self) -> list[Item]:
        return [item for items in self.state.items.values() for item in items if item.key != FOREIGN]

    def _now_true(self, days_later: int = 0) -> Snapshot:
        there = [
            one
            for one in self.schedule.values()
            if one.appointment and INTERVAL.overlaps(one.appointment.fields.start, one.appointment.fields.end)
        ]
        return snapshot(self.revision, *there, days=(FROM, TO), time=NOW + timedelta(days=days_later))

    @rule(key=st.sampled_from(KEYS), day=st.none() | st.integers(-6, 60))
    def schedule_changes(self, key: str, day: int | None) -> None:
        self.revision += 1
        content = None if day is None else appointment(NOW + timedelta(days=day), f"day {day}")
        self.schedule[key] = change(self.revision, content, key)
        self.published.append(self.schedule[key])

    @rule(days_later=st.integers(0, 2))
    def producer_sends_a_snapshot(self, days_later: int) -> None:
        self.published.append(self._now_true(days_later))

    @rule(data=st.data(), written=st.none() | st.integers(0, 3))
    def broker_delivers(self, data: st.DataObject, written: int | None) -> None:
        if not self.published:
            return
        batch = data.draw(st.lists(st.sampled_from(self.published), min_size=1, max_size=4))
        carry_out(self.state, decide(self.state, batch, WINDOW, NOW), stop_after=written)
        self.state = reloaded(self.state)

    @rule(data=st.data(), for_good=st.booleans())
    def user_deletes(self, data: st.DataObject, for_good: bool) -> None:
        if not self._items():
            return
        item = data.draw(st.sampled_from(self._items()))
        left = tuple(one for one in self.state.items.pop(item.key) if one != item)
        if left:
            self.state.items[item.key] = left
        if for_good:
            self.state.repaired.pop(item.key, None)
        else:
            known = self.state.discarded.get(item.key, item.standing)
            self.state.discarded[item.key] = max(known, item.standing)

    @rule(data=st.data(), days=st.integers(-3, 3))
    def user_edits(self, data: st.DataObject, days: int) -> None:
        if not self._items():
            return
        item = data.draw(st.sampled_from(self._items()))
        moved = timedelta(days=days)
        edited = replace(item, as_written=False, start=item.start + moved, end=item.end + moved)
        others = tuple(one for one in self.state.items[item.key] if one != item)
        self.state.items[item.key] = (*others, edited)

    def teardown(self) -> None:
        """All events arrive; then a snapshot of another day, from a producer that knows the schedule."""
        for one in self.published:
            carry_out(self.state, decide(self.state, [one], WINDOW, NOW))
            self.state = reloaded(self.state)
        self.revision += 1
        last = self._now_true(days_later=5)
        carry_out(self.state, decide(self.state, [last], WINDOW, NOW))
        shown = sorted(
            (item.key, item.digest, item.as_written)
            for item in self._items()
            if INTERVAL.overlaps(item.start, item.end) or item.key in {one.key for one in last.changes}
        )
        named = [(one.key, one.appointment.digest, True) for one in last.changes if one.appointment]
        assert shown == sorted(named)
        assert [item.revision for item in self.state.items[FOREIGN]] == [0]


TestOneSource = OneSource.TestCase
TestOneSource.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
