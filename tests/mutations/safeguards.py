"""Each safeguard, how it is switched off in a copy of the code, and the scenario that must then end wrong.

A patch is the text as it stands, once, in one file, and what takes its place.
"""

from dataclasses import dataclass
from typing import Final

_SCENARIOS: Final = "tests/consumer/calendars/test_safeguards.py::"


@dataclass(frozen=True)
class Mutation:
    """One safeguard switched off. ``test`` is the id of the test that must fail."""

    safeguard: str
    file: str
    present: str
    instead: str
    test: str


MUTATIONS: Final = (
    Mutation(
        "revision check",
        "consumer/core/decide.py",
        "if shown is not None and change.standing <= shown:",
        "if shown is not None and change.standing == shown:",
        f"{_SCENARIOS}test_the_revision_check",
    ),
    Mutation(
        "tombstone",
        "consumer/core/decide.py",
        "plan.add(change.key, _tombstone(change, TombstoneState.CANCELLED, tombstone, window, now), *gone)",
        "plan.add(change.key, *gone)",
        f"{_SCENARIOS}test_the_tombstone",
    ),
    Mutation(
        "mark `outside`",
        "consumer/core/decide.py",
        "if tombstone is None or tombstone.standing != change.standing:",
        "if tombstone is not None and tombstone.standing != change.standing:",
        f"{_SCENARIOS}test_the_mark_outside",
    ),
    Mutation(
        "floor",
        "consumer/core/decide.py",
        "if max(change.revision, change.as_of or -1) <= floor.revision:",
        "if change.revision < 0:",
        f"{_SCENARIOS}test_the_floor",
    ),
    Mutation(
        "look before a repeated create",
        "consumer/lanes/retry.py",
        "return error.remedy in (Remedy.LOOK_FIRST, Remedy.REREAD, Remedy.UNKNOWN)",
        "return error.remedy is Remedy.REREAD",
        f"{_SCENARIOS}test_the_look_before_a_create_is_repeated",
    ),
    Mutation(
        "second look",
        "consumer/lanes/lane.py",
        "if batch and any(retry.outcome_is_unknown(error) for error in failed.values()):",
        "if batch and not batch:",
        f"{_SCENARIOS}test_the_second_look",
    ),
    Mutation(
        "second look after a take-over",
        "consumer/lanes/lane.py",
        "self._owed = next((one for one in batch if one.delivered_before and not one.look_now), self._owed)",
        "self._owed = None",
        "tests/consumer/calendars/test_lanes.py::test_after_a_take_over_the_mailbox_is_looked_at_twice",
    ),
    Mutation(
        "load in full when a look leaves a doubt",
        "consumer/lanes/knowledge.py",
        "if not all(key in found.items or key in found.tombstones for key in keys):",
        "if not keys:",
        "tests/consumer/calendars/test_lanes.py::test_what_is_gone_when_it_is_looked_at_is_loaded_in_full",
    ),
    Mutation(
        "dead item after a tombstone",
        "consumer/core/survivors.py",
        "dead_up_to = tombstone.dead_up_to if tombstone else -1",
        "dead_up_to = -1",
        f"{_SCENARIOS}test_an_item_is_dead_for_ever_after_its_cancellation",
    ),
    Mutation(
        "fence before healing",
        "consumer/core/housekeeping.py",
        "plan.add(key, FenceItem(item), DeleteItem(item))",
        "plan.add(key, DeleteItem(item))",
        f"{_SCENARIOS}test_the_fence_before_healing",
    ),
    Mutation(
        "superseded settled late",
        "consumer/lanes/lane.py",
        "        started = time.monotonic()\n",
        "        started = time.monotonic()\n"
        "        for delivery, verdict in zip(batch, plan.verdicts, strict=True):\n"
        "            if verdict.outcome is Outcome.SUPERSEDED:\n"
        "                await shared.settler.settle(delivery, _disposition(verdict))\n",
        f"{_SCENARIOS}test_what_is_superseded_is_settled_with_what_took_its_place",
    ),
    Mutation(
        "report of a late writer",
        "consumer/amqp/late.py",
        "        for delivery in deliveries:\n            self._waiting.put_nowait(delivery)\n",
        "        del deliveries\n",
        "tests/integration/test_late_writer.py::test_a_replica_that_was_paused_in_mid_write_does_no_harm",
    ),
    Mutation(
        "a suspect is handled alone",
        "consumer/lanes/slots.py",
        "self._taken >= (1 if alone else self._limit())",
        "self._taken >= self._limit()",
        "tests/consumer/test_slots.py::test_alone_means_alone",
    ),
    Mutation(
        "others wait while a refused log-in is confirmed",
        "consumer/calendars/guarded.py",
        "                self._hold.clear()\n",
        "                self._hold.set()\n",
        "tests/consumer/calendars/test_guarded.py::test_others_wait_while_a_refused_log_in_is_confirmed",
    ),
    Mutation(
        "what comes late beside the mark `outside`",
        "consumer/core/survivors.py",
        "if survivor is None or tombstone is None or tombstone.state is not TombstoneState.OUTSIDE:",
        "if survivor is None or tombstone is None or tombstone.state is not None:",
        f"{_SCENARIOS}test_what_comes_late_beside_the_mark_outside",
    ),
    Mutation(
        "acknowledged after the confirmed copy",
        "consumer/amqp/settle.py",
        "            outcome = await self._dispose(message, partition, disposition)\n"
        "            await answered(message.acknowledge(written))\n",
        "            await answered(message.acknowledge(written))\n"
        "            outcome = await self._dispose(message, partition, disposition)\n",
        "tests/integration/test_unconfirmed_copy.py::test_a_message_is_acknowledged_only_after_its_copy_was_confirmed",
    ),
    Mutation(
        "mass-change guard",
        "consumer/core/guard.py",
        "return removed > self.count and removed * 100 > self.percent * present",
        "return removed < 0",
        "tests/consumer/core/test_guard.py::test_the_rest_of_a_held_snapshot_is_applied",
    ),
    Mutation(
        "tombstone of what a snapshot does not name",
        "consumer/core/absence.py",
        "plan.add(key, tombstone, *(DeleteItem(item) for item in gone))",
        "plan.add(key, *(DeleteItem(item) for item in gone))",
        "tests/consumer/core/test_snapshots.py::test_what_was_removed_stays_so_when_another_interval_was_the_last_one",
    ),
    Mutation(
        "memory of the last snapshot",
        "consumer/core/decide.py",
        "if floor.last is not None and denied(change, floor.last):",
        "if floor.last is not None and denied(change, floor.last) and change.forced:",
        "tests/consumer/core/test_snapshots.py::test_an_older_event_of_an_unknown_booking_inside_is_stale",
    ),
    Mutation(
        "one repair a day",
        "consumer/core/repair.py",
        "return last.astimezone(zone).date() < at.astimezone(zone).date()",
        "return bool(zone)",
        "tests/consumer/core/test_repair.py::test_an_item_is_repaired_once_a_day",
    ),
)
