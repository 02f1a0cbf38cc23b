"""The end of a snapshot: what has to succeed before it is done, what the mailbox then remembers, what became of it."""

from collections.abc import Iterable, Sequence

from consumer.core.absence import Absence
from consumer.core.actions import Outcome, Plan, RememberSnapshot, Verdict
from consumer.core.housekeeping import floor_key
from consumer.core.mailbox import MailboxState
from consumer.core.snapshot import Judged
from contract.reasons import Reason


def conclude(plan: Plan, state: MailboxState, absences: Iterable[Absence], snapshots: Judged) -> None:
    """Adds what lets the mailbox remember the snapshots of a round, and what each of them waits for.

    One that is held is not remembered: what it denies is in doubt.
    """
    by_source: dict[str, list[Absence]] = {}
    for one in absences:
        by_source.setdefault(one.snapshot.source, []).append(one)
    for source, given in by_source.items():
        memory = f"last snapshot {source}"
        passed = [one for one in given if not one.held]
        plan.waits_for[memory] = tuple(key for one in passed for key in _parts(one))
        for one in given:
            plan.waits_for[one.snapshot.key] = (*_parts(one), memory)
        _remember(plan, state, source, memory, passed)
    for position, instead in snapshots.covered.items():
        if instead is not None:
            plan.waits_for.setdefault(snapshots.keys[position], (instead.key,))


def _parts(one: Absence) -> Iterable[str]:
    return (*one.named, *(() if one.held else one.leftovers))


def _remember(plan: Plan, state: MailboxState, source: str, memory: str, passed: Sequence[Absence]) -> None:
    floor = state.floors.get(source)
    last = floor.last if floor else None
    for covered in sorted((one.snapshot.coverage for one in passed), key=lambda one: (one.as_of, one.start)):
        last = covered if last is None else last.joined(covered)
    if last is None or (floor is not None and last == floor.last):
        return
    # A floor is written once in a round; what was to be swept into it is swept at the next look.
    plan.actions.pop(floor_key(source), None)
    revision, ref = (floor.revision, floor.ref) if floor else (-1, None)
    plan.add(memory, RememberSnapshot(source, revision, ref, last))


def as_a_whole(parts: Sequence[Verdict], absent: Absence) -> Verdict:
    """What becomes of a snapshot, from what became of its bookings and of what it does not name."""
    left = tuple(booking for part in parts for booking in part.left)
    if absent.held:
        return Verdict(Outcome.HELD, Reason.MASS_REMOVAL, absent.explanation, left)
    parked = [part for part in parts if part.outcome is Outcome.PARKED]
    if parked:
        text = f"{len(parked)} of its {len(parts)} bookings were not applied; the first: {parked[0].explanation}"
        return Verdict(Outcome.PARKED, parked[0].reason, text, left)
    outcomes = {part.outcome for part in parts}
    if absent.leftovers or Outcome.APPLIED in outcomes:
        return Verdict(Outcome.APPLIED, left=left)
    return Verdict(outcomes.pop() if len(outcomes) == 1 else Outcome.UNCHANGED, left=left)
