"""The plan: the same for the same seed, everything in it that a run promises, nobody killed while paused."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from deploy.sandbox.chaos import faults
from deploy.sandbox.chaos.form import LONG, SHORT, Form
from deploy.sandbox.chaos.plan import DropConnection, Fail, Kill, Pause, Plan, RestartBroker, Step, Touch, make_plan
from deploy.sandbox.chaos.report import KINDS
from emulator.faults import kinds

FORMS = pytest.mark.parametrize("form", [LONG, SHORT], ids=lambda form: form.name)
SEEDS = st.integers(min_value=0, max_value=2**32)


def plan(seed: int, form: Form) -> Plan:
    return make_plan(random.Random(f"{seed} plan"), form)


def steps(of: Plan) -> list[Step]:
    return [step for track in of.tracks() for step in track]


@FORMS
def test_a_seed_decides_everything(form: Form) -> None:
    assert plan(7, form) == plan(7, form)
    assert plan(7, form) != plan(8, form)


@FORMS
@given(seed=SEEDS)
def test_everything_promised_is_in_it(form: Form, seed: int) -> None:
    found = steps(plan(seed, form))
    count = {kind: sum(isinstance(step, kind) for step in found) for kind in (Kill, Pause, DropConnection, Touch)}
    assert count == {
        Kill: form.kills, Pause: form.pauses, DropConnection: form.dropped_connections, Touch: form.touches
    }  # fmt: skip
    restarts = [step.kill for step in found if isinstance(step, RestartBroker)]
    assert (restarts.count(False), restarts.count(True)) == (form.broker_stops, form.broker_kills)
    assert {step.fault.kind for step in found if isinstance(step, Fail)} == set(KINDS)
    outages = [step.seconds for step in found if isinstance(step, Fail) and step.fault.name == faults.OUTAGE]
    assert outages == [form.outage_seconds]


@FORMS
@given(seed=SEEDS)
def test_nobody_is_killed_while_paused_and_all_of_it_is_in_the_storm(form: Form, seed: int) -> None:
    of = plan(seed, form)
    for track in of.replicas:
        busy_until = 0.0
        for step in track:
            assert step.at >= busy_until
            busy_until = step.at + (step.seconds if isinstance(step, Pause) else step.away_seconds
                                    if isinstance(step, Kill) else 0.0)  # fmt: skip
    for track in of.tracks():
        assert list(track) == sorted(track, key=lambda step: step.at)
        assert all(0 <= step.at <= form.storm_seconds for step in track)


def test_a_pause_is_longer_than_the_take_over() -> None:
    for form in (LONG, SHORT):
        # Two missed heartbeats of 10 s, and some.
        assert form.pause_seconds >= 25


ORDERS: TypeAdapter[kinds.Fault] = TypeAdapter(kinds.Fault)


def test_the_kinds_are_all_that_the_emulator_has() -> None:
    assert set(KINDS) == set(ORDERS.json_schema()["discriminator"]["mapping"])


def test_every_fault_is_one_that_the_emulator_takes() -> None:
    rng = random.Random(1)
    for fault in [*faults.transport(rng), *faults.codes(rng), *faults.ending(), faults.outage()]:
        order = {"kind": fault.kind, **fault.fields, **({"count": fault.count} if fault.count else {})}
        assert ORDERS.validate_python(order).kind == fault.kind
