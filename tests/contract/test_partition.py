"""The partition rule and the identities on an item: fixed values that other programs compute too."""

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import names
from contract.identity import booking_key, source_mark
from contract.partition import partition_of


# Written down once. They must never change: the events of one mailbox would lie in two queues.
@pytest.mark.parametrize(
    ("mailbox", "of_16", "of_4", "of_256"),
    [
        ("anna@example.com", 11, 3, 251),
        ("bo@example.com", 5, 1, 53),
        ("suite-4@studio.example.com", 2, 2, 98),
        ("o'hara@example.com", 15, 3, 175),
        ("resource+cam1@example.com", 15, 3, 31),
        ("straße@example.com", 6, 2, 166),
    ],
)
def test_fixed_values(mailbox: str, of_16: int, of_4: int, of_256: int) -> None:
    assert partition_of(mailbox) == of_16
    assert (partition_of(mailbox, 4), partition_of(mailbox, 256)) == (of_4, of_256)


@pytest.mark.parametrize("written", ["ANNA@EXAMPLE.COM", "Anna@Example.com", "anna@EXAMPLE.com"])
def test_case_does_not_matter(written: str) -> None:
    assert partition_of(written) == 11


def test_the_usual_number_of_partitions() -> None:
    assert names.DEFAULT_PARTITIONS == 16
    assert {partition_of(f"user-{number}@example.com") for number in range(500)} == set(range(16))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 256))
def test_the_rule_is_the_published_formula(mailbox: str, partitions: int) -> None:
    formula = int.from_bytes(blake2b(mailbox.casefold().encode(), digest_size=8).digest(), "big") % partitions
    assert partition_of(mailbox, partitions) == formula


def test_names_of_queues_and_keys() -> None:
    assert names.EXCHANGE == "schedule.changes"
    assert [names.routing_key(number) for number in (0, 7, 15, 100)] == ["p00", "p07", "p15", "p100"]
    assert names.partition_queue(7) == "schedule.changes.p07"
    assert names.retry_queue("30s") == "schedule.retry.30s"
    assert (names.PARKED_QUEUE, names.HELD_QUEUE) == ("schedule.parked", "schedule.held")


def test_names_on_items() -> None:
    assert names.PROPERTY_SET == "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"
    written = [value for name, value in vars(names).items() if name.startswith("PROPERTY_") and name != "PROPERTY_SET"]
    assert sorted(written) == [
        "CallsheetBooking",
        "CallsheetDigest",
        "CallsheetEvent",
        "CallsheetKey",
        "CallsheetRevision",
        "CallsheetSource",
    ]


# As `printf 'farmerswife://studio-1\nB-1001' | b2sum -l 128` says it, and `b2sum -l 64` of the source.
def test_the_identity_of_a_booking() -> None:
    assert booking_key("farmerswife://studio-1", "B-1001") == "781d1e38e35ebe9effa9d51fc8f5d309"
    assert booking_key("farmerswife://studio-1", "Ærø 🎬") == "bf5b02d9f7f4f41dfbfb41c53a60307e"
    assert source_mark("farmerswife://studio-1") == "1202cf06c4639040"


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1)


@given(
    words, st.text(st.characters(exclude_categories=["Cs"])), words, st.text(st.characters(exclude_categories=["Cs"]))
)
def test_two_bookings_never_share_a_key(source: str, booking: str, other_source: str, other_booking: str) -> None:
    same = (source, booking) == (other_source, other_booking)
    assert (booking_key(source, booking) == booking_key(other_source, other_booking)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "bc"), ("ab", "c")), (("a", "b\nc"), ("a", "b c")), (("s", "b-1"), ("s", "B-1")), (("s", ""), ("s", "\n"))],
)
def test_keys_that_a_careless_rule_would_mix_up(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert booking_key(*one) != booking_key(*other)
