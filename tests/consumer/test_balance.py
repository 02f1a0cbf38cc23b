"""Who works on which partition: fair, the same answer everywhere, and nothing moves but what must."""

from collections import Counter
from collections.abc import Collection, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.amqp.balance import places

names = st.text(st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
groups = st.lists(names, min_size=1, max_size=9, unique=True)
partitions = st.integers(1, 64)
any_claims = st.dictionaries(names, st.frozensets(st.integers(0, 70)), min_size=1, max_size=9)

Claims = dict[str, frozenset[int]]


def nothing_claimed(replicas: Collection[str]) -> Claims:
    return dict.fromkeys(replicas, frozenset())


def decided(claims: Mapping[str, Collection[int]], count: int = 16) -> Claims:
    """What each replica calls its own once it has heard these claims."""
    shared = places(claims, count)
    return {name: frozenset(at for at, place in shared.items() if place.owner == name) for name in claims}


def moved(before: Claims, after: Claims) -> set[int]:
    """Partitions that another replica has than before."""
    owner = {at: name for name, own in after.items() for at in own}
    return {at for name, own in before.items() for at in own if owner[at] != name}


@given(any_claims, partitions)
@settings(deadline=None)
def test_everything_is_shared_out_fairly(claims: Claims, count: int) -> None:
    shared = places(claims, count)
    assert sorted(shared) == list(range(count))
    held = Counter(place.owner for place in shared.values())
    assert set(held) <= set(claims)
    smallest, rest = divmod(count, len(claims))
    assert sorted(held[replica] for replica in claims) == [smallest] * (len(claims) - rest) + [smallest + 1] * rest


@given(any_claims, partitions)
@settings(deadline=None)
def test_somebody_stands_by(claims: Claims, count: int) -> None:
    for place in places(claims, count).values():
        if len(claims) == 1:
            assert place.standby is None
        else:
            assert place.standby in set(claims) - {place.owner}


@given(any_claims, partitions)
@settings(deadline=None)
def test_everybody_computes_the_same(claims: Claims, count: int) -> None:
    answer = places(claims, count)
    assert places(dict(reversed(claims.items())), count) == answer
    assert places(dict(sorted(claims.items())), count) == answer


@given(any_claims, partitions)
@settings(deadline=None)
def test_what_was_decided_stays_decided(claims: Claims, count: int) -> None:
    once = decided(claims, count)
    assert decided(once, count) == once


def test_fixed_values() -> None:
    """Replicas of two releases run side by side during an update: they must agree."""
    shared = places(nothing_claimed("abc"), 16)
    assert "".join(shared[number].owner for number in range(16)) == "caabcbabbcabccab"
    claims = {"a": range(8), "b": range(8, 16), "c": ()}
    assert "".join(place.owner for place in places(claims, 16).values()) == "aaaccaacbcbbbcbb"


def test_nobody_there() -> None:
    assert places({}, 16) == {}


@given(st.lists(names, min_size=2, max_size=20, unique=True))
@settings(deadline=None)
def test_one_that_joins_takes_its_share_and_nothing_else_moves(replicas: list[str]) -> None:
    shared: Claims = {}
    for newcomer in replicas:
        before, shared = shared, decided({**shared, newcomer: frozenset()})
        if before:
            assert len(shared[newcomer]) == 16 // len(shared)
            assert moved(before, shared) == shared[newcomer]


@given(st.lists(names, min_size=2, max_size=20, unique=True), st.data())
@settings(deadline=None)
def test_when_one_leaves_only_what_it_had_moves(replicas: list[str], data: st.DataObject) -> None:
    shared: Claims = {}
    for newcomer in replicas:
        shared = decided({**shared, newcomer: frozenset()})
    while len(shared) > 1:
        leaver = data.draw(st.sampled_from(sorted(shared)))
        stayed = {name: own for name, own in shared.items() if name != leaver}
        shared = decided(stayed)
        assert moved(stayed, shared) == set()


def test_who_has_not_heard_the_others_takes_nothing_from_them() -> None:
    """A process that was held up for some seconds believes for a moment that it is alone."""
    fair = decided({"a": range(16), "b": (), "c": ()})
    assert decided({**fair, "b": frozenset(range(16))}) == fair


@given(st.lists(names, min_size=2, max_size=5, unique=True), st.integers(0, 3), st.data())
@settings(deadline=None)
def test_whatever_is_heard_when_they_end_in_agreement(replicas: list[str], newcomers: int, data: st.DataObject) -> None:
    """Each decides by what it has heard so far, in any order, and says so."""
    old, new = replicas[: len(replicas) - newcomers] or replicas[:1], replicas[len(replicas) - newcomers :]
    settled: Claims = {}
    for name in old:
        settled = decided({**settled, name: frozenset()})
    said = {**settled, **nothing_claimed(new)}
    heard = {listener: {name: said[name] for name in (*old, listener)} for listener in said}
    for _ in range(100):
        listener = data.draw(st.sampled_from(sorted(said)))
        speaker = data.draw(st.sampled_from(sorted(said)))
        heard[listener][speaker] = said[speaker]
        said[listener] = heard[listener][listener] = decided(heard[listener])[listener]
    for _ in range(4):
        for listener in sorted(said):
            heard[listener] = dict(said)
            said[listener] = decided(heard[listener])[listener]
    assert decided(said) == said, "all agree"
    assert sorted(at for own in said.values() for at in own) == list(range(16))
