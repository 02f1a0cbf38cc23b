"""What is remembered of mailboxes, for how long, and how much of it."""

from consumer.core.mailbox import MailboxState, Standing
from consumer.lanes.memory import Memory


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def state(entries: int = 1, ledger: str | None = None) -> MailboxState:
    """A state that counts as so many entries."""
    return MailboxState(ledger, discarded={f"k{number}": Standing(1, False, "") for number in range(entries - 1)})


def test_what_was_kept_comes_back() -> None:
    memory, kept = Memory(Clock()), state()
    assert memory.recall("anna") is None
    memory.keep("anna", kept, loaded_now=True)
    assert memory.recall("anna") is kept
    assert memory.recall("bo") is None


def test_it_is_forgotten_after_a_while_since_it_was_loaded() -> None:
    clock = Clock()
    memory = Memory(clock, max_age_seconds=60)
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
    memory = Memory(Clock())
    memory.keep("anna", state(ledger="L"), loaded_now=True)
    memory.forget("anna")
    assert (memory.recall("anna"), memory.ledger_folder("anna")) == (None, "L")
    memory.forget("anna", ledger_too=True)
    assert memory.ledger_folder("anna") is None
    memory.forget("nobody", ledger_too=True)


def test_the_least_recently_used_goes_first() -> None:
    memory = Memory(Clock(), max_entries=30)
    for mailbox in ("anna", "bo", "cilla"):
        memory.keep(mailbox, state(10), loaded_now=True)
    memory.recall("anna")
    memory.keep("dan", state(10), loaded_now=True)
    assert [name for name in ("anna", "bo", "cilla", "dan") if memory.recall(name)] == ["anna", "cilla", "dan"]
    memory.keep("elsa", state(25), loaded_now=True)
    assert [name for name in ("anna", "cilla", "dan", "elsa") if memory.recall(name)] == ["elsa"]


def test_one_mailbox_may_be_larger_than_all_room() -> None:
    memory = Memory(Clock(), max_entries=10)
    memory.keep("anna", state(100), loaded_now=True)
    assert memory.recall("anna") is not None
    memory.keep("bo", state(1), loaded_now=True)
    assert memory.recall("anna") is None
    assert memory.recall("bo") is not None


def test_what_is_forgotten_makes_room() -> None:
    """However often a mailbox is kept and forgotten, the count stays true: others are not pushed out by ghosts."""
    memory = Memory(Clock(), max_entries=30)
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


def test_a_lost_partition_is_forgotten_with_its_folders() -> None:
    memory = Memory(Clock())
    for mailbox in ("anna", "bo"):
        memory.keep(mailbox, state(ledger="L"), loaded_now=True)
    memory.forget_where(lambda mailbox: mailbox == "anna")
    assert (memory.recall("anna"), memory.ledger_folder("anna")) == (None, None)
    assert memory.recall("bo") is not None
