"""Who works on which partition: everybody keeps what he has, up to his fair share; the rest is given out. Pure.

Every replica computes the same answer from the same claims: what each replica that is alive says is its own. Nobody
has more than his fair share, rounded up. What somebody has above it, and what nobody has, goes by rendezvous hashing to
those who have room; so when a replica joins or leaves, nothing moves but what must.
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple


class Place(NamedTuple):
    """Who works on a partition, and who stands by to take it over at once."""

    owner: str
    standby: str | None


def places(claims: Mapping[str, Collection[int]], partitions: int) -> dict[int, Place]:
    """The place of every partition; none while no replica is known.

    ``claims`` names every replica that is alive, with the partitions that it says are its own.
    """
    if not claims:
        return {}
    held = _undisputed(claims, partitions)
    shares = _shares(held, partitions)
    owners = {partition: replica for replica, own in held.items() for partition in own[: shares[replica]]}
    room = {replica: shares[replica] - min(shares[replica], len(own)) for replica, own in held.items()}
    # The strongest first, so that what a lost replica had goes to those who stood by for it.
    offers = sorted(
        ((_weight(replica, number), number, replica) for number in range(partitions) for replica in claims),
        reverse=True,
    )
    for _, partition, replica in offers:
        if partition not in owners and room[replica] > 0:
            owners[partition] = replica
            room[replica] -= 1
    return {
        partition: Place(owners[partition], _standby(partition, owners[partition], claims))
        for partition in sorted(owners)
    }


def _undisputed(claims: Mapping[str, Collection[int]], partitions: int) -> dict[str, list[int]]:
    """What each replica has, its strongest claim first.

    Of two that claim the same, the one that claims less has it: who has not heard of the others claims everything.
    """
    held: dict[str, list[int]] = {replica: [] for replica in claims}
    for partition in range(partitions):
        claimants = [replica for replica, claimed in claims.items() if partition in claimed]
        if claimants:
            held[max(claimants, key=lambda one: (-len(claims[one]), _weight(one, partition)))].append(partition)
    return {
        replica: sorted(own, key=lambda partition: _weight(replica, partition), reverse=True)
        for replica, own in held.items()
    }


def _shares(held: Mapping[str, Collection[int]], partitions: int) -> dict[str, int]:
    """How many partitions each replica is to have. The larger shares are for those who have as many already."""
    smaller, larger_shares = divmod(partitions, len(held))
    ranked = sorted(held, key=lambda replica: (len(held[replica]) > smaller, _weight(replica, -1)), reverse=True)
    return {replica: smaller + (rank < larger_shares) for rank, replica in enumerate(ranked)}


def _standby(partition: int, owner: str, replicas: Iterable[str]) -> str | None:
    others = (replica for replica in replicas if replica != owner)
    return max(others, key=lambda replica: _weight(replica, partition), default=None)


def _weight(replica: str, partition: int) -> bytes:
    return blake2b(f"{partition}\n{replica}".encode(), digest_size=8).digest()
