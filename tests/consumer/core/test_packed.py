"""What is packed comes out as it went in, and takes as much room as is said."""

import base64
import random
import tracemalloc
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.coverage import Coverage
from consumer.core.mailbox import Floor, Item, ItemRef, MailboxState, Standing, Tombstone, TombstoneState

KEY = "0123456789abcdef" * 2
REF = ItemRef("AAMk+/=", "CQAAA=")
START = datetime(2026, 12, 1, 7, 30, 15, 123456, tzinfo=UTC)
_random = random.Random(17)


def exchange_ref() -> ItemRef:
    """Ids as long as those of Exchange: 152 and 40 characters of base64."""
    return ItemRef(*(base64.b64encode(_random.randbytes(count)).decode() for count in (114, 30)))


def an_item(key: str, number: int = 0) -> Item:
    digest = f"{_random.randbytes(16).hex()}r-.a1b2c3.d4e5f6"
    start = START.replace(microsecond=0) + timedelta(hours=number)
    return Item(exchange_ref(), key, "8f14e45fceea167a", 1_700_000_000_000, digest, start, start + timedelta(hours=9))


def a_calendar(bookings: int) -> MailboxState:
    """The state of a mailbox with so many bookings."""
    state = MailboxState(ledger_folder=exchange_ref().item_id)
    for number in range(bookings):
        key = _random.randbytes(16).hex()
        state.items[key] = (an_item(key, number),)
    return state


def test_an_item_with_nothing_left_at_its_default() -> None:
    item = Item(REF, KEY, "source", 2**53 - 1, "digest", START, START, ("Mine", "Søndag 🎬"), False, False)
    assert all(getattr(item, field.name) != field.default for field in fields(Item)), "a new field is not tried here"
    state = MailboxState()
    state.items[KEY] = (item, an_item(KEY))
    assert state.items[KEY][0] == item
    assert len(state.items[KEY]) == 2
    assert state.items[KEY][0].start.utcoffset() == timedelta(0)


def test_a_tombstone_with_nothing_left_at_its_default() -> None:
    absent = Coverage(START, START + timedelta(days=7), 7)
    tombstone = Tombstone(REF, KEY, "source", 7, TombstoneState.ABSENT, "digest", START, 6, absent)
    assert all(getattr(tombstone, field.name) != field.default for field in fields(Tombstone)), "a field is not tried"
    state = MailboxState()
    state.tombstones[KEY] = tombstone
    assert state.tombstones[KEY] == tombstone
    assert isinstance(state.tombstones[KEY].state, TombstoneState)


@given(
    st.text(),
    st.integers(-1, 2**53 - 1),
    st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=5, minutes=30)))),
    st.lists(st.text()).map(tuple),
    st.booleans(),
)
def test_whatever_stands_on_an_item(
    text: str, revision: int, at: datetime, others: tuple[str, ...], flag: bool
) -> None:
    item = Item(ItemRef(text, text), text, text, revision, text, at, at, others, flag, not flag)
    state = MailboxState()
    state.items[text] = (item,)
    state.discarded[text] = item.standing
    assert (state.items[text], state.discarded[text]) == ((item,), Standing(revision, False, text))


def test_it_is_a_mapping_that_knows_its_size() -> None:
    state = MailboxState()
    empty = state.size()
    for number in range(10):
        state.items[f"k{number}"] = (an_item(f"k{number}"),)
    ten = state.size()
    state.items["k3"] = (an_item("k3"), an_item("k3"))
    assert state.size() > ten
    state.items["k3"] = (an_item("k3"),)
    assert abs(state.size() - ten) < 20
    assert ("k3" in state.items, "k10" in state.items, len(state.items)) == (True, False, 10)
    with pytest.raises(KeyError):
        state.items["k10"]
    for key in list(state.items):
        del state.items[key]
    assert (state.size(), dict(state.items)) == (empty, {})


def test_what_was_found_of_some_keys_takes_the_place_of_what_was_known() -> None:
    state, found = MailboxState("L", tidy=True), MailboxState()
    for key in ("a", "b", "c"):
        state.items[key] = (an_item(key),)
    state.tombstones["b"] = Tombstone(REF, "b", "source", 7, TombstoneState.CANCELLED, "", START, 7)
    state.floors["source"] = Floor(REF, "source", 3)
    kept = state.items["c"]
    found.items["a"] = (an_item("a"), an_item("a"))
    found.discarded["b"] = Standing(1, False, "d")
    state.repaired, found.repaired = {"a": START, "c": START}, {"b": START}
    found.spare = (REF,)
    state.renew(["a", "b"], found)
    assert dict(state.items) == {"a": found.items["a"], "c": kept}
    assert (dict(state.tombstones), dict(state.discarded)) == ({}, {"b": Standing(1, False, "d")})
    assert state.repaired == {"b": START, "c": START}
    assert (state.spare, state.tidy, state.ledger_folder, len(state.floors)) == ((REF,), False, "L", 1)


@pytest.mark.parametrize("bookings", [1, 40, 400])
def test_the_size_is_what_python_takes(bookings: int) -> None:
    """Measured: within a quarter. Without that a limit in bytes would be a number and nothing else."""
    calendars = 4000 // (bookings + 10)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        states = {f"user-{number}@studio.example.com": a_calendar(bookings) for number in range(calendars)}
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    said = sum(state.size() for state in states.values())
    assert 0.75 < said / taken < 1.34, f"{said} said, {taken} taken"


def test_the_default_is_enough_for_five_thousand_calendars() -> None:
    assert 5_000 * a_calendar(40).size() < 128 * 1024 * 1024
