"""Who works on which partition: bounded rendezvous over the replicas that are alive. Pure.

Every replica computes the same answer from the same list of replicas. Nobody holds more than his fair share, rounded
up; when a replica joins or leaves, few partitions move besides those that must.
"""

from collections.abc import Collection
from hashlib import blake2b
from typing import NamedTuple


class Place(NamedTuple):
    """Who works on a partition, and who stands by to take it over at once."""

    owner: str
    standby: str | None


def places(replicas: Collection[str], partitions: int) -> dict[int, Place]:
    """The place of every partition; none while no replica is known."""
    if not replicas:
        return {}
    ranked = {
        partition: sorted(replicas, key=lambda replica: _weight(replica, partition), reverse=True)
        for partition in range(partitions)
    }
    # Some replicas hold the larger share; the rank of the replica itself says which.
    smaller, larger_shares = divmod(partitions, len(replicas))
    room = {
        replica: smaller + (1 if position < larger_shares else 0)
        for position, replica in enumerate(sorted(replicas, key=lambda replica: _weight(replica, -1), reverse=True))
    }
    owners: dict[int, str] = {}
    # The strongest claims first, so that a replica which joins takes no more than its share.
    claims = sorted(
        ((_weight(replica, partition), partition, replica) for partition in ranked for replica in replicas),
        reverse=True,
    )
    for _, partition, replica in claims:
        if partition not in owners and room[replica] > 0:
            owners[partition] = replica
            room[replica] -= 1
    return {
        partition: Place(owner, next((replica for replica in ranked[partition] if replica != owner), None))
        for partition, owner in sorted(owners.items())
    }


def _weight(replica: str, partition: int) -> bytes:
    return blake2b(f"{partition}\n{replica}".encode(), digest_size=8).digest()
