"""What a shard takes and serves in a second, and how often a stream may be scaled: options, off by default.

AWS ("Quotas and limits"): a shard takes 1 MB/s or 1,000 records/s of writes, serves 2 MB/s and 5 GetRecords calls/s.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WRITE_BYTES = 1024 * 1024
WRITE_RECORDS = 1000
READ_BYTES = 2 * 1024 * 1024
READ_CALLS = 5


class Bucket:
    """A token bucket that holds one second's worth.

    Args:
        per_second: how much comes back in a second, and how much it holds.
        now: when it was made; it is full then.
    """

    __slots__ = ("_at", "_level", "_per_second")

    def __init__(self, per_second: int, now: float) -> None:
        self._per_second = per_second
        self._level = float(per_second)
        self._at = now

    def has(self, amount: int, now: float) -> bool:
        """Say whether an amount can be taken; what is larger than the bucket needs a full one and leaves a debt."""
        if now > self._at:
            self._level = min(self._per_second, self._level + (now - self._at) * self._per_second)
            self._at = now
        return self._level >= min(amount, self._per_second)

    def take(self, amount: int) -> None:
        """Take an amount that `has` has allowed."""
        self._level -= amount


@dataclass(slots=True)
class _Pair:
    size: Bucket
    count: Bucket

    def allows(self, size: int, now: float) -> bool:
        if not (self.size.has(size, now) and self.count.has(1, now)):
            return False
        self.size.take(size)
        self.count.take(1)
        return True


@dataclass(slots=True)
class Limits:
    """The cloud's limits; every switch may be turned while it runs.

    Attributes:
        enforce: whether shards refuse writes beyond their limit.
        enforce_reads: whether shards refuse reads beyond theirs.
        enforce_scalings: whether a stream may be scaled ten times in 24 hours only.
        streams: what differs from `enforce` for single streams, by their ARN.
    """

    enforce: bool = False
    enforce_reads: bool = False
    enforce_scalings: bool = False
    streams: dict[str, bool] = field(default_factory=dict[str, bool])
    clock: Callable[[], float] = time.monotonic
    _writes: dict[tuple[int, int], _Pair] = field(default_factory=dict[tuple[int, int], _Pair])
    _reads: dict[tuple[int, int], _Pair] = field(default_factory=dict[tuple[int, int], _Pair])

    def on_writes_to(self, stream_arn: str) -> bool:
        """Say whether writes to a stream are limited."""
        return self.streams.get(stream_arn, self.enforce) if self.streams else self.enforce

    def allow_write(self, shard: tuple[int, int], size: int) -> bool:
        """Take a record's size (data and partition key) from a shard's budget; False when there is no room."""
        now = self.clock()
        pair = self._writes.get(shard)
        if pair is None:
            pair = self._writes[shard] = _Pair(Bucket(WRITE_BYTES, now), Bucket(WRITE_RECORDS, now))
        return pair.allows(size, now)

    def allow_read(self, shard: tuple[int, int]) -> bool:
        """Take a call from a shard's budget; False when there is no room."""
        now = self.clock()
        pair = self._reads.get(shard)
        if pair is None:
            pair = self._reads[shard] = _Pair(Bucket(READ_BYTES, now), Bucket(READ_CALLS, now))
        return pair.allows(1, now)

    def count_read(self, shard: tuple[int, int], size: int) -> None:
        """Take what a read returned: after 10 MB a shard serves nothing for five seconds ("GetRecords")."""
        if pair := self._reads.get(shard):
            pair.size.take(size)

    def forget(self, stream: int) -> None:
        """Forget a stream that was deleted."""
        for budgets in (self._writes, self._reads):
            for shard in [shard for shard in budgets if shard[0] == stream]:
                del budgets[shard]
