"""Hash key ranges: which shard a partition key belongs to, and how ranges are divided anew (pure)."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

HASH_KEYS = 2**128


class HashRange(NamedTuple):
    """The hash keys of a shard, both ends included."""

    start: int
    end: int


class Split(NamedTuple):
    """Cut a range in two; `at` becomes the start of the second."""

    range: HashRange
    at: int


class Merge(NamedTuple):
    """Join two ranges that touch."""

    left: HashRange
    right: HashRange


def hash_key(partition_key: str) -> int:
    """Return a partition key's hash key: its MD5 as a 128-bit integer ("Kinesis Data Streams terminology")."""
    digest = hashlib.md5(partition_key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest, "big")


def uniform(count: int) -> list[HashRange]:
    """Return the ranges that AWS gives the shards of a new stream: all of one size, the last takes the remainder."""
    size = HASH_KEYS // count
    starts = [number * size for number in range(count)]
    return [HashRange(start, end - 1) for start, end in zip(starts, [*starts[1:], HASH_KEYS], strict=True)]


def plan(ranges: list[HashRange], count: int) -> list[Split | Merge]:
    """Return the splits and merges that lead from some ranges to `count` uniform ones.

    UpdateShardCount scales this way: ranges are cut where new ones begin, then the pieces of each new range are
    joined. What is already as it shall be is not touched, and what lies between is short-lived, as AWS documents.

    Args:
        ranges: the open shards' ranges, in order, covering all hash keys.
        count: how many there shall be.
    """
    steps: list[Split | Merge] = []
    targets = uniform(count)
    cuts = [target.start for target in targets[1:]]
    pieces: list[HashRange] = []
    next_cut = 0
    for old in ranges:
        rest = old
        while next_cut < len(cuts) and cuts[next_cut] <= old.end:
            cut = cuts[next_cut]
            next_cut += 1
            if cut > rest.start:
                steps.append(Split(rest, cut))
                pieces.append(HashRange(rest.start, cut - 1))
                rest = HashRange(cut, rest.end)
        pieces.append(rest)
    position = 0
    for target in targets:
        joined = pieces[position]
        position += 1
        while joined.end < target.end:
            steps.append(Merge(joined, pieces[position]))
            joined = HashRange(joined.start, pieces[position].end)
            position += 1
    return steps
