"""From what stands in a mailbox and what has changed to what is to be done. Pure.

The rules, for each key on its own:

* The greatest standing wins (:class:`consumer.core.mailbox.Standing`). A change at or below what stands is stale.
* What passes is written, or a tombstone is left with its revision: ``cancelled`` lets only a greater standing through,
  ``outside`` the same one too, and so does what the user threw away.
* An item at or below the revision of a cancellation is dead: a deletion may be under way for it. It is deleted and
  never written to; a booking that comes back is a new item.
* What lies wholly before the window is left as it is, unless a greater standing moves the booking into the window.
* Of several living items of a key one survives (:func:`sorted_out`); the others are put away by
  :mod:`consumer.core.housekeeping`.
* A booking that a snapshot names stands at that snapshot's revision: what a user has changed or thrown away is put
  back, once a day. What it does not name is gone as of then (:mod:`consumer.core.absence`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from consumer.core.absence import Absence, absence, denied, remove_leftover
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
from consumer.core.conclusion import as_a_whole, conclude
from consumer.core.housekeeping import keep_house
from consumer.core.mailbox import Item, MailboxState, Standing, Tombstone, TombstoneState
from consumer.core.repair import may_repair, repairing
from consumer.core.snapshot import Asked, candidates, judged
from consumer.core.survivors import KeyItems, outlived, sorted_out
from consumer.core.window import Window
from contract.reasons import Reason


def decide(state: MailboxState, asked: Sequence[Asked], window: Window, now: datetime) -> Plan:
    """The plan for a mailbox: housekeeping first, then the changes, those of one key decided together.

    A snapshot is a change of each booking that it names, and removes what it does not name.
    """
    plan = Plan()
    snapshots = judged(asked, state)
    by_key: dict[str, list[tuple[int, Change]]] = {}
    for position, one in enumerate(asked):
        if position not in snapshots.covered:
            for change in candidates(one, state):
                by_key.setdefault(change.key, []).append((position, change))
    changes = {key: [change for _, change in found] for key, found in by_key.items()}
    absences = {at: absence(one, state, changes, window) for at, one in snapshots.decided.items()}
    denying = [one for one in absences.values() if not one.held]
    removing = {key: one.snapshot for one in reversed(denying) for key in one.leftovers}
    if not state.tidy:
        keep_house(state, plan, window, now, by_key.keys() | removing.keys())
    verdicts: dict[int, list[Verdict]] = {position: [] for position in range(len(asked))}
    for found in by_key.values():
        for position, verdict in _decide_together(state, plan, found, denying, window, now):
            verdicts[position].append(verdict)
    for key, snapshot in removing.items():
        remove_leftover(plan, state, key, snapshot, window, now)
    conclude(plan, state, absences.values(), snapshots)
    for position, parts in verdicts.items():
        if position in snapshots.covered:
            outcome = Outcome.STALE if snapshots.covered[position] is None else Outcome.SUPERSEDED
            plan.verdicts.append(Verdict(outcome))
        else:
            plan.verdicts.append(as_a_whole(parts, absences[position]) if position in absences else parts[0])
    return plan


def _decide_together(
    state: MailboxState,
    plan: Plan,
    found: Sequence[tuple[int, Change]],
    denying: Sequence[Absence],
    window: Window,
    now: datetime,
) -> Iterator[tuple[int, Verdict]]:
    """Decides the changes of one key: the greatest of those that no snapshot denies."""
    denied_at = {at for at, change in found if any(one.denies(change) for one in denying)}
    passing = [one for one in found if one[0] not in denied_at] if denied_at else found
    if passing:
        winner_at, winner = max(passing, key=lambda one: (one[1].standing, one[1].as_of or -1, one[1].forced))
        verdict = _decide_key(state, plan, winner, window, now)
    for position, change in found:
        if position in denied_at:
            yield position, Verdict(Outcome.STALE)
            continue
        beaten = change.standing < winner.standing
        yield position, _beside(verdict, beaten, repeated=position != winner_at and not beaten)


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
    floor = state.floors.get(change.source)
    if floor is not None and not state.knows(change.key) and not change.forced:
        if floor.last is not None and denied(change, floor.last):
            return Verdict(Outcome.STALE)
        if max(change.revision, change.as_of or -1) <= floor.revision:
            return _too_old(change, floor.revision)
    leftover = outlived(items.survivor, tombstone, window)
    if leftover is not None and tombstone is not None and change.standing < tombstone.standing:
        plan.add(change.key, FenceItem(leftover), DeleteItem(leftover))
        return Verdict(Outcome.STALE)
    shown = items.survivor.standing if items.survivor else None
    if items.survivor is not None and change.standing == shown and change.as_of is not None:
        return _put_right(state, plan, change, items, items.survivor, window)
    if shown is not None and change.standing <= shown:
        return Verdict(Outcome.UNCHANGED if change.standing == shown else Outcome.STALE)
    if tombstone is not None and tombstone.absent is not None and denied(change, tombstone.absent):
        return Verdict(Outcome.STALE)
    discarded = state.discarded.get(change.key)
    gate = _gate(tombstone, discarded)
    if gate is not None and (change.standing < gate or (change.standing == gate and gate.cancelled)):
        same = change.standing == gate
        return Verdict(Outcome.UNCHANGED if same else Outcome.STALE)
    if change.appointment is None:
        return _cancel(plan, change, items, tombstone, window, now)
    fields = change.appointment.fields
    if window.touches(fields.start, fields.end):
        if change.as_of is not None and change.standing == discarded:
            return _repair(state, plan, change, items, window)
        return _write(plan, change, items)
    if items.survivor is not None and not window.wholly_after(items.survivor.start, items.survivor.end):
        return _write(plan, change, items)
    if tombstone is None or tombstone.standing != change.standing:
        plan.add(change.key, _tombstone(change, TombstoneState.OUTSIDE, tombstone, window, now))
    return Verdict(Outcome.OUTSIDE_WINDOW)


def _put_right(
    state: MailboxState, plan: Plan, change: Change, items: KeyItems, survivor: Item, window: Window
) -> Verdict:
    """A booking of a snapshot that stands at its revision: written again where a user has changed it."""
    assert change.appointment is not None
    fields = change.appointment.fields
    past = window.wholly_after(survivor.start, survivor.end) and not window.touches(fields.start, fields.end)
    if past or (survivor.as_written and survivor.plain):
        return Verdict(Outcome.UNCHANGED)
    return _repair(state, plan, change, items, window)


def _repair(state: MailboxState, plan: Plan, change: Change, items: KeyItems, window: Window) -> Verdict:
    if not may_repair(change, state.repaired.get(change.key), window):
        return Verdict(Outcome.UNCHANGED, left=(change.booking,))
    return _write(plan, repairing(change), items)


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
        expires=window.expiry(now),
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
