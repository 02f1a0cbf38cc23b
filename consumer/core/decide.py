"""From what stands in a mailbox and what has changed to what is to be done. Pure.

The rules, for each key on its own:

* The greatest standing wins (:class:`consumer.core.mailbox.Standing`). A change at or below what stands is stale.
* What passes is written, or a tombstone is left with its revision: ``cancelled`` lets only a greater standing through,
  ``outside`` the same one too, and so does what the user threw away.
* An item at or below the revision of a cancellation is dead: a deletion may be under way for it. It is deleted and
  never written to; a booking that comes back is a new item.
* What lies wholly before the window is left as it is, unless a greater standing moves the booking into the window.
* Of several living items of a key one survives (:func:`survivor`); the others are put away by
  :mod:`consumer.core.housekeeping`.
"""

from collections.abc import Sequence
from datetime import datetime

from consumer.core.actions import (
    Action,
    Change,
    CreateItem,
    DeleteItem,
    FenceItem,
    Outcome,
    Plan,
    UpdateItem,
    Verdict,
    WriteTombstone,
)
from consumer.core.housekeeping import keep_house
from consumer.core.mailbox import Item, MailboxState, Standing, Tombstone, TombstoneState
from consumer.core.survivors import KeyItems, outlived, sorted_out
from consumer.core.window import Window
from contract.reasons import Reason


def decide(state: MailboxState, changes: Sequence[Change], window: Window, now: datetime) -> Plan:
    """The plan for a mailbox: housekeeping first, then the changes, those of one key decided together."""
    plan = Plan(verdicts=[Verdict(Outcome.STALE)] * len(changes))
    by_key: dict[str, list[int]] = {}
    for position, change in enumerate(changes):
        by_key.setdefault(change.key, []).append(position)
    if not state.tidy:
        keep_house(state, plan, window, now, by_key)
    for positions in by_key.values():
        winner = max(positions, key=lambda position: (changes[position].standing, changes[position].forced))
        verdict = _decide_key(state, plan, changes[winner], window, now)
        for position in positions:
            beaten = changes[position].standing < changes[winner].standing
            repeated = position != winner and not beaten
            plan.verdicts[position] = _beside(verdict, beaten, repeated)
    return plan


def _beside(winner: Verdict, beaten: bool, repeated: bool) -> Verdict:
    """What becomes of a change that arrived together with a greater one of its key, or with its own repetition."""
    if winner.outcome in (Outcome.APPLIED, Outcome.OUTSIDE_WINDOW):
        return Verdict(Outcome.SUPERSEDED) if beaten or repeated else winner
    if winner.outcome is Outcome.UNCHANGED and beaten:
        return Verdict(Outcome.STALE)
    return winner


def _decide_key(state: MailboxState, plan: Plan, change: Change, window: Window, now: datetime) -> Verdict:
    """Adds the actions for the winning change of one key and says what becomes of it."""
    tombstone = state.tombstones.get(change.key)
    items = sorted_out(state.items.get(change.key, ()), tombstone)
    if not state.knows(change.key) and not change.forced:
        floor = state.floors.get(change.source)
        if floor is not None and change.revision <= floor.revision:
            return _too_old(change, floor.revision)
    leftover = outlived(items.survivor, tombstone, window)
    if leftover is not None and tombstone is not None and change.standing < tombstone.standing:
        plan.add(change.key, FenceItem(leftover), DeleteItem(leftover))
        return Verdict(Outcome.STALE)
    shown = items.survivor.standing if items.survivor else None
    if shown is not None and change.standing <= shown:
        return Verdict(Outcome.UNCHANGED if change.standing == shown else Outcome.STALE)
    gate = _gate(tombstone, state.discarded.get(change.key))
    if gate is not None and (change.standing < gate or (change.standing == gate and gate.cancelled)):
        same = change.standing == gate
        return Verdict(Outcome.UNCHANGED if same else Outcome.STALE)
    if change.appointment is None:
        return _cancel(plan, change, items, tombstone, window, now)
    fields = change.appointment.fields
    if window.touches(fields.start, fields.end):
        return _write(plan, change, items)
    if items.survivor is not None and not window.wholly_after(items.survivor.start, items.survivor.end):
        return _write(plan, change, items)
    if tombstone is None or tombstone.standing != change.standing:
        plan.add(change.key, _tombstone(change, TombstoneState.OUTSIDE, tombstone, window, now))
    return Verdict(Outcome.OUTSIDE_WINDOW)


def _gate(tombstone: Tombstone | None, discarded: Standing | None) -> Standing | None:
    """The greatest standing that no living item shows."""
    standings = [standing for standing in (tombstone and tombstone.standing, discarded) if standing]
    return max(standings, default=None)


def _write(plan: Plan, change: Change, items: KeyItems) -> Verdict:
    """Make the living item what the change says; where there is none, or one that cannot be kept, make a new one."""
    gone: list[Item] = list(items.dead)
    if items.survivor is not None and items.survivor.plain:
        plan.add(change.key, UpdateItem(items.survivor, change))
    else:
        plan.add(change.key, CreateItem(change))
        if items.survivor is not None:
            gone.append(items.survivor)
    plan.add(change.key, *(DeleteItem(item) for item in gone))
    return Verdict(Outcome.APPLIED)


def _cancel(
    plan: Plan, change: Change, items: KeyItems, tombstone: Tombstone | None, window: Window, now: datetime
) -> Verdict:
    """The tombstone first, then the item. An item of the past stays where it is, as history."""
    living = (items.survivor,) if items.survivor else ()
    gone: list[Action] = [
        DeleteItem(item) for item in (*living, *items.dead) if not window.wholly_after(item.start, item.end)
    ]
    plan.add(change.key, _tombstone(change, TombstoneState.CANCELLED, tombstone, window, now), *gone)
    return Verdict(Outcome.APPLIED)


def _tombstone(
    change: Change, state: TombstoneState, present: Tombstone | None, window: Window, now: datetime
) -> WriteTombstone:
    dead_up_to = change.revision if state is TombstoneState.CANCELLED else -1
    return WriteTombstone(
        change=change,
        state=state,
        expires=(now + window.lifetime).replace(microsecond=0),
        dead_up_to=max(dead_up_to, present.dead_up_to if present else -1),
        replaces=present.ref if present else None,
    )


def _too_old(change: Change, floor: int) -> Verdict:
    return Verdict(
        Outcome.PARKED,
        Reason.TOO_OLD,
        f"booking {change.booking!r} is not known in this mailbox and its revision {change.revision} is not above "
        f"{floor}, up to which cancellations of this source may have been forgotten; replay it with --force if it is "
        "right",
    )
