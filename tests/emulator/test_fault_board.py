"""Which faults strike, without a server."""

from collections import Counter
from collections.abc import Callable

from emulator.faults.board import FaultBoard
from emulator.faults.kinds import Drop, Hang, Latency, Refuse, SoapFault


class Timers:
    """Timers that go off when told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], object]]] = []

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        self.waiting.append((seconds, action))

    def go_off(self) -> None:
        for _, action in self.waiting:
            action()
        self.waiting.clear()


def board(seed: int = 0) -> tuple[FaultBoard, Counter[str], list[bool], Timers]:
    struck: Counter[str] = Counter()
    refusing: list[bool] = []
    timers = Timers()
    return (
        FaultBoard(seed, lambda kind: struck.update((kind,)), refusing.append, timers.later),
        struck,
        refusing,
        timers,
    )


def pattern(seed: int) -> list[bool]:
    faults, _, _, _ = board(seed)
    faults.add(Drop(kind="drop", share=0.3))
    return [faults.strike("CreateItem", None).active is not None for _ in range(1000)]


def test_shares_are_random_but_repeatable() -> None:
    assert pattern(1) == pattern(1)
    assert pattern(1) != pattern(2)
    assert 240 < sum(pattern(1)) < 360


def test_a_mailbox_pattern_does_not_meet_requests_without_mailbox() -> None:
    faults, struck, _, _ = board()
    faults.add(Drop(kind="drop", mailbox="Anna@*"))
    assert faults.strike("CreateItem", None).active is None
    assert faults.strike("CreateItem", "bo@example.com").active is None
    assert faults.strike("CreateItem", "anna@example.com").active is not None
    assert struck == {"drop": 1}


def test_latencies_add_up() -> None:
    faults, _, _, _ = board()
    faults.add(Latency(kind="latency", ms=20))
    faults.add(Latency(kind="latency", ms=30, operation="FindItem"))
    assert faults.strike("FindItem", None).latency_ms == 50
    assert faults.strike("GetItem", None).latency_ms == 20


def test_latency_may_grow_with_the_items_of_a_request() -> None:
    faults, _, _, _ = board()
    faults.add(Latency(kind="latency", ms=20, per_item_ms=5))
    assert faults.strike("CreateItem", None, items=50).latency_ms == 270
    assert faults.strike("FindItem", None).latency_ms == 20


def test_counts_run_out() -> None:
    faults, _, _, _ = board()
    faults.add(SoapFault(kind="soap_fault", code="ErrorItemSave", count=1))
    assert faults.strike("CreateItem", None).active is not None
    assert faults.strike("CreateItem", None).active is None
    assert faults.active() == []


def test_the_port_refuses_while_any_refusal_is_on() -> None:
    faults, struck, refusing, _ = board()
    first, second = faults.add(Refuse(kind="refuse")), faults.add(Refuse(kind="refuse"))
    assert faults.strike("CreateItem", None).active is None
    faults.remove(first.id)
    faults.remove(second.id)
    assert refusing == [True, True, True, False]
    assert struck == {"refuse": 2}


def test_faults_end_by_the_clock_but_the_seconds_of_a_hang_are_each_requests() -> None:
    faults, _, _, timers = board()
    faults.add(Drop(kind="drop", seconds=5))
    hang = faults.add(Hang(kind="hang", seconds=5))
    assert [seconds for seconds, _ in timers.waiting] == [5]
    timers.go_off()
    assert faults.active() == [hang]


def test_removing_twice_says_so() -> None:
    faults, _, _, _ = board()
    active = faults.add(Drop(kind="drop"))
    assert faults.remove(active.id)
    assert not faults.remove(active.id)
