"""Who works on which partition: fair, the same answer everywhere, and little moves."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.amqp.balance import places

names = st.text(st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
groups = st.lists(names, min_size=1, max_size=9, unique=True)
partitions = st.integers(1, 64)


@given(groups, partitions)
@settings(deadline=None)
def test_everything_is_shared_out_fairly(replicas: list[str], count: int) -> None:
    shared = places(replicas, count)
    assert sorted(shared) == list(range(count))
    held = Counter(place.owner for place in shared.values())
    assert set(held) <= set(replicas)
    smallest, rest = divmod(count, len(replicas))
    assert sorted(held[replica] for replica in replicas) == [smallest] * (len(replicas) - rest) + [smallest + 1] * rest


@given(groups, partitions)
@settings(deadline=None)
def test_somebody_stands_by(replicas: list[str], count: int) -> None:
    for place in places(replicas, count).values():
        if len(replicas) == 1:
            assert place.standby is None
        else:
            assert place.standby in set(replicas) - {place.owner}


@given(groups, partitions)
@settings(deadline=None)
def test_everybody_computes_the_same(replicas: list[str], count: int) -> None:
    answer = places(replicas, count)
    assert places(sorted(replicas), count) == answer
    assert places(set(replicas), count) == answer
    assert places(tuple(reversed(replicas)), count) == answer


def test_fixed_values() -> None:
    """Replicas of two releases run side by side during an update: they must agree."""
    shared = places(["a", "b", "c"], 16)
    assert "".join(shared[number].owner for number in range(16)) == "caabcbabbcabccab"


def test_nobody_there() -> None:
    assert places([], 16) == {}


@given(st.lists(names, min_size=2, max_size=9, unique=True))
@settings(deadline=None)
def test_one_joins_two(replicas: list[str]) -> None:
    """One replica alone gives away half, and nothing else moves."""
    alone, both = places(replicas[:1], 16), places(replicas[:2], 16)
    moved = [number for number in alone if alone[number].owner != both[number].owner]
    assert len(moved) == 8
    assert {both[number].owner for number in moved} == {replicas[1]}


def test_few_partitions_move_when_one_joins_or_leaves() -> None:
    """Besides those that must move, the fewest: on average under two of 16, where a plain modulo moves most of them."""
    for size in range(1, 8):
        needless = 0
        for trial in range(60):
            group = [f"replica-{trial}-{number}" for number in range(size + 1)]
            before, after = places(group[:size], 16), places(group, 16)
            needless += sum(
                before[number].owner != after[number].owner and after[number].owner != group[size]
                for number in range(16)
            )
        assert needless / 60 < 2, size
