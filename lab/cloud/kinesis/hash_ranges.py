"""Hash key ranges: how they are divided among shards, at first and anew (pure)."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from lab.hash_keys import HASH_KEYS

_ROUNDING = 2**32
"""Two borders closer than this are one: a half of a third is not quite a sixth."""


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
    starts = [each.start for each in ranges]
    borders = [_near(target.start, starts) for target in uniform(count)[1:]]
    pieces: list[HashRange] = []
    cuts = iter([*borders, HASH_KEYS])
    cut = next(cuts)
    for old in ranges:
        rest = old
        while cut <= old.end:
            if cut > rest.start:
                steps.append(Split(rest, cut))
                pieces.append(HashRange(rest.start, cut - 1))
                rest = HashRange(cut, rest.end)
            cut = next(cuts)
        pieces.append(rest)
    waiting = iter(pieces)
    for end in [*borders, HASH_KEYS]:
        joined = next(waiting)
        while joined.end + 1 < end:
            piece = next(waiting)
            steps.append(Merge(joined, piece))
            joined = HashRange(joined.start, piece.end)
    return steps


def _near(border: int, starts: list[int]) -> int:
    """Return the border that is there already when a new one differs from it by rounding only."""
    position = bisect_left(starts, border)
    nearest = min(starts[max(0, position - 1) : position + 1], key=lambda start: abs(start - border))
    return nearest if abs(nearest - border) < _ROUNDING else border
