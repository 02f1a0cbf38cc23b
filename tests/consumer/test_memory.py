"""What is remembered of mailboxes, for how long, and how much of it."""

from collections import Counter

from consumer.core.mailbox import MailboxState, Standing
from consumer.lanes.memory import Memory, Recall


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def state(entries: int = 1, ledger: str | None = None) -> MailboxState:
    """A state with so many entries, all of the same size."""
    filled = MailboxState(ledger)
    for number in range(entries):
        filled.discarded[f"k{number}"] = Standing(1, False, "")
    return filled


NO_LIMIT = 1 << 30


def room_for(*entries: int) -> int:
    """The bytes that states with so many entries take, and not one more."""
    return sum(state(count).size() for count in entries)


def test_what_was_kept_comes_back() -> None:
    memory, kept = Memory(Clock(), NO_LIMIT), state()
    assert memory.recall("anna") is None
    memory.keep("anna", kept, loaded_now=True)
    assert memory.recall("anna") is kept
    assert memory.recall("bo") is None


def test_it_is_forgotten_after_a_while_since_it_was_loaded() -> None:
    clock = Clock()
    memory = Memory(clock, NO_LIMIT, max_age_seconds=60)
    memory.keep("anna", state(ledger="L"), loaded_now=True)
    clock.seconds += 50
    memory.keep("anna", state(ledger="L"), loaded_now=False)
    assert memory.recall("anna") is not None
    clock.seconds += 10
    assert memory.recall("anna") is not None, "just as old as it may be"
    clock.seconds += 1
    assert memory.recall("anna") is None, "a write makes it no younger"
    assert memory.ledger_folder("anna") == "L"
    memory.keep("anna", state(), loaded_now=True)
    assert memory.recall("anna") is not None


def test_forgetting_keeps_the_folder_unless_told_otherwise() -> None:
    memory = Memory(Clock(), NO_LIMIT)
    memory.keep("anna", state(ledger="L"), loaded_now=True)
    memory.forget("anna")
    assert (memory.recall("anna"), memory.ledger_folder("anna")) == (None, "L")
    memory.forget("anna", ledger_too=True)
    assert memory.ledger_folder("anna") is None
    memory.forget("nobody", ledger_too=True)


def test_the_least_recently_used_goes_first() -> None:
    memory = Memory(Clock(), room_for(10, 10, 10))
    for mailbox in ("anna", "bo", "cilla"):
        memory.keep(mailbox, state(10), loaded_now=True)
    assert (len(memory), memory.size) == (3, room_for(10, 10, 10))
    memory.recall("anna")
    memory.keep("dan", state(10), loaded_now=True)
    assert [name for name in ("anna", "bo", "cilla", "dan") if memory.recall(name)] == ["anna", "cilla", "dan"]
    memory.keep("elsa", state(30), loaded_now=True)
    assert [name for name in ("anna", "cilla", "dan", "elsa") if memory.recall(name)] == ["elsa"]
    assert (len(memory), memory.size) == (1, room_for(30))


def test_one_mailbox_may_be_larger_than_all_room() -> None:
    memory = Memory(Clock(), room_for(10))
    memory.keep("anna", state(100), loaded_now=True)
    assert memory.recall("anna") is not None
    memory.keep("bo", state(1), loaded_now=True)
    assert memory.recall("anna") is None
    assert memory.recall("bo") is not None


def test_what_is_forgotten_makes_room() -> None:
    """However often a mailbox is kept and forgotten, the sum stays true: others are not pushed out by ghosts."""
    memory = Memory(Clock(), room_for(10, 20))
    memory.keep("bo", state(10), loaded_now=True)
    for _ in range(50):
        memory.keep("anna", state(10), loaded_now=True)
        memory.keep("anna", state(12), loaded_now=False)
        memory.forget("anna")
        memory.forget("anna")
        memory.forget("anna", ledger_too=True)
    assert memory.recall("bo") is not None
    memory.keep("anna", state(20), loaded_now=True)
    assert memory.recall("bo") is not None
    memory.keep("anna", state(21), loaded_now=False)
    assert memory.recall("bo") is None


def test_what_a_round_adds_counts_from_then_on() -> None:
    memory = Memory(Clock(), room_for(10, 10))
    memory.keep("anna", growing := state(5), loaded_now=True)
    memory.keep("bo", state(10), loaded_now=True)
    growing.discarded.update(state(11).discarded)
    assert memory.recall("bo") is not None
    memory.keep("anna", growing, loaded_now=False)
    assert (memory.recall("bo"), memory.size) == (None, room_for(11))


def test_every_question_is_counted() -> None:
    counts: Counter[Recall] = Counter()
    clock = Clock()
    memory = Memory(clock, NO_LIMIT, max_age_seconds=60, count=lambda result: counts.update([result]))
    memory.recall("anna")
    memory.keep("anna", state(), loaded_now=True)
    memory.recall("anna")
    clock.seconds += 61
    memory.recall("anna")
    assert counts == {Recall.HIT: 1, Recall.MISS: 2}


def test_a_lost_partition_is_forgotten_with_its_folders() -> None:
    memory = Memory(Clock(), NO_LIMIT)
    for mailbox in ("anna", "bo"):
        memory.keep(mailbox, state(ledger="L"), loaded_now=True)
    memory.forget_where(lambda mailbox: mailbox == "anna")
    assert (memory.recall("anna"), memory.ledger_folder("anna")) == (None, None)
    assert memory.recall("bo") is not None
