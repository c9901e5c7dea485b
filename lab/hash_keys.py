"""Which shard a partition key belongs to.

The MD5 of the key, read as a 128-bit integer, lies in the hash key range of exactly one open shard (Kinesis developer
guide, "Kinesis Data Streams terminology"). A stream that was resharded has closed shards too: which of them held the
range when a record came, its sequence number tells.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_kinesis.type_defs import ShardTypeDef

HASH_KEYS = 2**128


@functools.lru_cache(maxsize=4096)
def hash_key(partition_key: str) -> int:
    """Return a partition key's hash key."""
    digest = hashlib.md5(partition_key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest, "big")


def shard_of(key: int, shards: Iterable[ShardTypeDef], *, sequence_number: int | None = None) -> str | None:
    """Return the shard that a hash key belongs to.

    Args:
        key: the hash key.
        shards: the stream's, closed ones included.
        sequence_number: of the record that is asked for; None asks where the next one goes.

    Returns:
        The shard's id; None where the stream has forgotten it.
    """
    for shard in shards:
        start, end = hash_range(shard)
        if start <= key <= end and _held(shard, sequence_number):
            return shard["ShardId"]
    return None


def hash_range(shard: ShardTypeDef) -> tuple[int, int]:
    """Return the first and the last hash key of a shard."""
    return int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"])


def _held(shard: ShardTypeDef, sequence_number: int | None) -> bool:
    numbers = shard["SequenceNumberRange"]
    last = numbers.get("EndingSequenceNumber")
    if sequence_number is None:
        return last is None
    return int(numbers["StartingSequenceNumber"]) <= sequence_number and (last is None or sequence_number <= int(last))
