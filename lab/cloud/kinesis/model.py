"""A stream and its shards: who came from whom, who is open, and which shard takes a hash key (pure, but for clocks)."""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.cloud.event_source_mappings.bell import Bell
from lab.cloud.kinesis.hash_ranges import HashRange, Merge, Split, plan, uniform
from lab.cloud.kinesis.records import Records
from lab.cloud.kinesis.sequence_numbers import MICROSECONDS, Ticker, sequence_number, suffix

Mode = Literal["PROVISIONED", "ON_DEMAND"]
Status = Literal["CREATING", "UPDATING", "ACTIVE"]

ON_DEMAND_SHARDS = 4
"""A new on-demand stream has four shards ("Choose the right mode")."""
HOUR_SECONDS = 3600


class Shard:
    """One shard.

    Args:
        stream: the stream's own stamp.
        number: its number in the stream.
        hashes: the hash keys it takes.
        opened: stamp of its birth.
        parents: numbers of the shards it came from: one after a split, two after a merge.
        closed: stamp behind which it takes nothing.
    """

    __slots__ = ("_ending", "bell", "closed", "hashes", "number", "opened", "parents", "records", "shard_id")

    def __init__(
        self,
        stream: int,
        number: int,
        hashes: HashRange,
        opened: int,
        parents: tuple[int, ...] = (),
        closed: int | None = None,
    ) -> None:
        self.number = number
        self.shard_id = f"shardId-{number:012d}"
        self.hashes = hashes
        self.opened = opened
        self.parents = parents
        self.closed = closed
        self._ending = suffix(stream, number)
        self.records = Records(self._ending)
        self.bell = Bell()
        """Rung when something was written to this shard, and when it is closed."""

    def number_of(self, stamp: int) -> str:
        """Return the sequence number of a stamp in this shard."""
        return sequence_number(stamp, self._ending)


@dataclass(slots=True)
class Consumer:
    """An enhanced fan-out consumer."""

    name: str
    arn: str
    created: int
    """Seconds since the epoch."""
    ready_at: float = 0.0
    """When it becomes ACTIVE, on the monotonic clock."""

    @property
    def status(self) -> str:
        """CREATING, and ACTIVE a moment later."""
        return "ACTIVE" if time.monotonic() >= self.ready_at else "CREATING"


@dataclass(slots=True)
class Stream:
    """A data stream. `created` is its own stamp, which no other stream ever has."""

    name: str
    account: str
    region: str
    stream_id: str
    created: int
    mode: Mode = "PROVISIONED"
    retention_hours: int = 24
    max_record_kib: int = 1024
    warm_mibps: int | None = None
    next_shard: int = 0
    shards: dict[int, Shard] = field(default_factory=dict[int, Shard])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    key_id: str | None = None
    encryption: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])
    """Stamps at which encryption was switched on or off: a record keeps what it was written with."""
    metrics: list[str] = field(default_factory=list[str])
    consumers: dict[str, Consumer] = field(default_factory=dict[str, Consumer])
    tags_of_consumers: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    policies: dict[str, str] = field(default_factory=dict[str, str])
    scalings: list[float] = field(default_factory=list[float])
    mode_changes: list[float] = field(default_factory=list[float])
    # What follows is not kept over a restart.
    arn: str = ""
    bell: Bell = field(default_factory=Bell)
    """Rung when the shards have changed, and when the stream is deleted."""
    _busy: tuple[Status, float] = ("ACTIVE", 0.0)
    _starts: list[int] = field(default_factory=list[int])
    _open: list[Shard] = field(default_factory=list[Shard])

    def __post_init__(self) -> None:
        self.arn = f"arn:aws:kinesis:{self.region}:{self.account}:stream/{self.name}"
        self._index()

    # --- states ------------------------------------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        """CREATING or UPDATING for a moment, then ACTIVE."""
        status, until = self._busy
        return status if until and time.monotonic() < until else "ACTIVE"

    def be(self, status: Status, seconds: float) -> None:
        """Be in a state for a moment."""
        self._busy = (status, time.monotonic() + seconds)

    @property
    def encrypted(self) -> bool:
        """Whether records are written encrypted now."""
        return self.key_id is not None

    def encrypted_at(self, stamp: int) -> bool:
        """Say whether a record was written encrypted."""
        state = False
        for since, on in self.encryption:
            if since > stamp:
                break
            state = on
        return state

    def horizon(self, now: int) -> int:
        """Return the stamp before which records have expired."""
        return now - self.retention_hours * HOUR_SECONDS * MICROSECONDS

    # --- shards ------------------------------------------------------------------------------------------------------

    def _index(self) -> None:
        self._open = sorted((s for s in self.shards.values() if s.closed is None), key=lambda s: s.hashes)
        self._starts = [shard.hashes.start for shard in self._open]

    @property
    def open_shards(self) -> list[Shard]:
        """The open shards, by their hash keys."""
        return self._open

    def shard_for(self, hash_key: int) -> Shard:
        """Return the open shard that takes a hash key."""
        return self._open[bisect_right(self._starts, hash_key) - 1]

    def shard_named(self, shard_id: str) -> Shard | None:
        """Return the shard with an id. AWS also takes the bare number."""
        digits = shard_id.removeprefix("shardId-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):  # noqa: PLR2004
            return None
        return self.shards.get(int(digits))

    def children_of(self, shard: Shard) -> list[Shard]:
        """Return the shards that came from a shard."""
        return [other for other in self.shards.values() if shard.number in other.parents]

    def add_shards(self, count: int, ticker: Ticker) -> None:
        """Give a new stream its shards."""
        for hashes in uniform(count):
            self._open_shard(hashes, ticker.next())
        self._index()

    def _open_shard(self, hashes: HashRange, stamp: int, parents: tuple[int, ...] = ()) -> Shard:
        shard = Shard(self.created, self.next_shard, hashes, stamp, parents)
        self.shards[shard.number] = shard
        self.next_shard += 1
        return shard

    def split(self, shard: Shard, at: int, ticker: Ticker) -> None:
        """Close a shard and open two children, the second beginning at a hash key."""
        self._split(shard, at, ticker)
        self._index()

    def merge(self, first: Shard, second: Shard, ticker: Ticker) -> None:
        """Close two shards that touch and open the child of both."""
        self._merge(first, second, ticker)
        self._index()

    def scale(self, count: int, ticker: Ticker) -> None:
        """Split and merge until there are `count` open shards of one size."""
        by_range = {shard.hashes: shard for shard in self._open}
        for step in plan([shard.hashes for shard in self._open], count):
            match step:
                case Split(hashes, at):
                    shards = self._split(by_range[hashes], at, ticker)
                case Merge(left, right):
                    shards = [self._merge(by_range[left], by_range[right], ticker)]
            by_range.update({shard.hashes: shard for shard in shards})
        self._index()

    def _split(self, shard: Shard, at: int, ticker: Ticker) -> list[Shard]:
        shard.closed = ticker.next()
        ranges = (HashRange(shard.hashes.start, at - 1), HashRange(at, shard.hashes.end))
        return [self._open_shard(hashes, ticker.next(), (shard.number,)) for hashes in ranges]

    def _merge(self, first: Shard, second: Shard, ticker: Ticker) -> Shard:
        for shard in (first, second):
            shard.closed = ticker.next()
        low, high = sorted((first, second), key=lambda shard: shard.hashes)
        hashes = HashRange(low.hashes.start, high.hashes.end)
        return self._open_shard(hashes, ticker.next(), (first.number, second.number))

    def expire(self, horizon: int) -> bool:
        """Forget records older than a stamp and the shards whose last record was; say whether shards went."""
        gone = [s.number for s in self.shards.values() if s.closed is not None and s.closed < horizon]
        for number in gone:
            del self.shards[number]
        for shard in self.shards.values():
            shard.records.expire(horizon)
        return bool(gone)


def to_catalogue(stream: Stream, last_stamp: int) -> dict[str, Any]:
    """Return everything of a stream but its records, as JSON can hold it."""
    saved = {name: getattr(stream, name) for name in _SAVED}
    return saved | {
        "last_stamp": last_stamp,
        "shards": [[s.number, str(s.hashes.start), str(s.hashes.end), s.opened, s.parents, s.closed]
                   for s in stream.shards.values()],
        "consumers": [[consumer.name, consumer.arn, consumer.created] for consumer in stream.consumers.values()],
    }  # fmt: skip


def from_catalogue(saved: dict[str, Any]) -> Stream:
    """Return the stream that `to_catalogue` told of, without records."""
    created = saved["created"]
    shards = {
        number: Shard(created, number, HashRange(int(start), int(end)), opened, tuple(parents), closed)
        for number, start, end, opened, parents, closed in saved["shards"]
    }
    consumers = {name: Consumer(name, arn, made) for name, arn, made in saved["consumers"]}
    fields = {name: saved[name] for name in _SAVED}
    fields["encryption"] = [(stamp, on) for stamp, on in saved["encryption"]]
    return Stream(**fields, shards=shards, consumers=consumers)


_SAVED = (
    "name", "account", "region", "stream_id", "created", "mode", "retention_hours", "max_record_kib", "warm_mibps",
    "next_shard", "tags", "key_id", "encryption", "metrics", "tags_of_consumers", "policies", "scalings",
    "mode_changes",
)  # fmt: skip
