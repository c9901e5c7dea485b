"""Reads a stream by hand as a consumer has to: every shard, parents to their end before their children.

A reader asks for an iterator once, then goes on with the iterator of each answer; an empty answer does not mean that
the shard is empty (Kinesis API reference, GetRecords).
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

_UNKNOWN_TIME = dt.datetime.fromtimestamp(0, dt.UTC)
_IDLE_SECONDS = 0.5  # a shard serves five reads a second to all its readers together


@dataclass(frozen=True)
class Position:
    """Where to begin in a shard: GetShardIterator's type, and what the type needs."""

    iterator_type: str
    sequence_number: str | None = None
    timestamp: dt.datetime | None = None

    def as_request(self) -> dict[str, Any]:
        """Return it as GetShardIterator's parameters."""
        request: dict[str, Any] = {"ShardIteratorType": self.iterator_type}
        if self.sequence_number:
            request["StartingSequenceNumber"] = self.sequence_number
        if self.timestamp:
            request["Timestamp"] = self.timestamp
        return request


OLDEST = Position("TRIM_HORIZON")
LATEST = Position("LATEST")


@dataclass(frozen=True)
class StreamRecord:
    """One record as it lies in its shard."""

    shard: str
    sequence_number: str
    partition_key: str
    arrived: dt.datetime
    data: bytes


def all_shards(kinesis: KinesisClient, stream: str) -> list[ShardTypeDef]:
    """Return the stream's shards, closed ones included, in their order."""
    shards: list[ShardTypeDef] = []
    answer = kinesis.list_shards(StreamName=stream)
    while True:
        shards += answer["Shards"]
        if not (token := answer.get("NextToken")):
            return sorted(shards, key=lambda shard: shard["ShardId"])
        answer = kinesis.list_shards(NextToken=token)


def is_open(shard: ShardTypeDef) -> bool:
    """Say whether a shard still takes records (a split or merge closes it)."""
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


class StreamReader:
    """Reads all shards of a stream, or one.

    Args:
        kinesis: the client.
        stream: the stream's name.
        start: where to begin; shards that are born while reading are read from their beginning.
        shard: the only shard to read; None for all.
    """

    def __init__(self, kinesis: KinesisClient, stream: str, start: Position, shard: str | None = None) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._start = start
        self._only = shard
        self._iterators: dict[str, str | None] = {}  # None: read to its end

    def read(self, *, follow: bool = False) -> Iterator[StreamRecord]:
        """Yield the records; with `follow` without end, otherwise until each shard has nothing more now."""
        self._open_shards(first=True)
        while True:
            busy = False
            for shard, iterator in list(self._iterators.items()):
                if iterator is None:
                    continue
                answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1000)
                for record in answer["Records"]:
                    yield StreamRecord(
                        shard=shard,
                        sequence_number=record["SequenceNumber"],
                        partition_key=record.get("PartitionKey", ""),
                        arrived=record.get("ApproximateArrivalTimestamp", _UNKNOWN_TIME),
                        data=record["Data"],
                    )
                following = answer.get("NextShardIterator")
                self._iterators[shard] = following
                busy = busy or bool(answer["Records"]) or answer["MillisBehindLatest"] > 0
                if not following:
                    busy = self._open_shards() or busy
            if not busy and (not follow or not any(self._iterators.values())):
                return
            if not busy:
                time.sleep(_IDLE_SECONDS)

    def _open_shards(self, *, first: bool = False) -> bool:
        """Begin with the shards whose parents are read to their end; return whether there were any."""
        shards = all_shards(self._kinesis, self._stream)
        present = {shard["ShardId"] for shard in shards}
        opened = False
        for shard in shards:
            name = shard["ShardId"]
            parents = {shard.get("ParentShardId", ""), shard.get("AdjacentParentShardId", "")} & present
            if name in self._iterators or (self._only and name != self._only):
                continue
            if first and self._start == LATEST:
                ready = is_open(shard)
            else:
                ready = bool(self._only) or all(self._iterators.get(parent, "") is None for parent in parents)
            if ready:
                start = self._start if first or self._start != LATEST else OLDEST
                answer = self._kinesis.get_shard_iterator(StreamName=self._stream, ShardId=name, **start.as_request())
                self._iterators[name] = answer["ShardIterator"]
                opened = True
        return opened
