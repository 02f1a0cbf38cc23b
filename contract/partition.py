"""The partition rule: which queue holds the changes of a mailbox."""

from hashlib import blake2b

from contract.names import DEFAULT_PARTITIONS


def partition_of(mailbox: str, partitions: int = DEFAULT_PARTITIONS) -> int:
    """The partition of a mailbox, from 0 to ``partitions - 1``.

    Depends on nothing but the address without regard to case, so every producer, in any language and after any broker
    restart, sends all changes of a mailbox to the same queue.
    """
    digest = blake2b(mailbox.casefold().encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions
