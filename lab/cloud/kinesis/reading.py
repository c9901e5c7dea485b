"""GetShardIterator and GetRecords."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis import iterators, wire
from lab.cloud.kinesis.errors import KinesisError, invalid, not_found
from lab.cloud.kinesis.iterators import Iterator
from lab.cloud.kinesis.sequence_numbers import microseconds, parse
from lab.cloud.kinesis.writing import rate_exceeded

if TYPE_CHECKING:
    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Shard, Stream
    from lab.cloud.kinesis.records import KinesisRecord

MOST_RECORDS = 10_000
MOST_BYTES = 10 * 1024 * 1024
"""What one GetRecords answer holds at most ("GetRecords")."""
_AT_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def get_shard_iterator(call: Call) -> dict[str, Any]:
    """Say where a read begins."""
    stream = call.stream()
    shard = stream.shard_named(call.get("ShardId"))
    if shard is None:
        raise _no_such_shard(stream, call.get("ShardId"))
    after = position(
        call, stream, shard, call.get("ShardIteratorType"), call.get("StartingSequenceNumber"), call.get("Timestamp")
    )
    return {"ShardIterator": _iterator(stream, shard, after)}


def position(call: Call, stream: Stream, shard: Shard, kind: str, number: str | None, timestamp: float | None) -> int:
    """Return the stamp behind which reading begins.

    Args:
        call: the call.
        stream: the stream.
        shard: the shard.
        kind: one of the five types of iterators.
        number: a sequence number, for two of them.
        timestamp: a time, for one of them.
    """
    if (kind in _AT_NUMBER) != (number is not None):
        given = "no StartingSequenceNumber" if number is None else "also a StartingSequenceNumber"
        raise invalid(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
            f"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {given}."
        )
    if (kind == "AT_TIMESTAMP") != (timestamp is not None):
        given = "no Timestamp" if timestamp is None else "also a Timestamp"
        raise invalid(
            "Must either specify (1) AT_TIMESTAMP and Timestamp or (2) another type and no Timestamp. "
            f"Request specified {kind} and {given}."
        )
    ticker = call.world.store.ticker
    if number is not None:
        at = _stamp_of(stream, shard, number)
        return at if kind == "AFTER_SEQUENCE_NUMBER" else max(0, at - 1)
    if timestamp is not None:
        now = max(ticker.now(), ticker.last)
        if microseconds(timestamp) > now:
            raise invalid(
                "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                f"timestampInMillis: {round(timestamp * 1000)}, currentTimestampInMillis: {now // 1000}"
            )
        return max(0, microseconds(timestamp) - 1)
    return 0 if kind == "TRIM_HORIZON" else ticker.last


def _stamp_of(stream: Stream, shard: Shard, number: str) -> int:
    if number == "0":
        return 0
    used = (
        f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.shard_id} "
        f"in stream {stream.name} under account {stream.account} is invalid"
    )
    place = parse(number)
    if place is None:
        raise invalid(f"{used}.")
    if place.stream != stream.created:
        raise invalid(f"{used} because it did not come from this stream.")
    if place.shard != shard.number:
        raise invalid(
            f"Invalid StartingSequenceNumber. It encodes shardId-{place.shard:012d}, "
            f"while it was used in a call to a shard with {shard.shard_id}"
        )
    return place.stamp


def get_records(call: Call) -> dict[str, Any]:
    """Read records."""
    iterator = _good_iterator(call.get("ShardIterator"))
    named = call.get("StreamARN")
    if named is not None and named != iterator.stream_arn:
        raise invalid(f"StreamARN {named} is not the stream of the ShardIterator.")
    stream = call.world.store.by_arn(iterator.stream_arn)
    shard = stream.shards.get(iterator.shard) if stream and stream.created == iterator.stream else None
    if stream is None or shard is None:
        name, account = iterator.stream_arn.rsplit("/", 1)[-1], iterator.stream_arn.split(":")[4]
        raise not_found(f"Shard shardId-{iterator.shard:012d} in stream {name} under account {account} does not exist")
    limits, budget = call.world.limits, (stream.created, shard.number)
    if limits.enforce_reads and not limits.allow_read(budget):
        raise KinesisError("ProvisionedThroughputExceededException", rate_exceeded(stream, shard))
    now = call.world.store.ticker.now()
    after = max(iterator.after, stream.horizon(now) - 1)
    records = shard.records.read(after, call.get("Limit", MOST_RECORDS), MOST_BYTES)
    if records:
        after = _stamp(records[-1])
    if limits.enforce_reads:
        limits.count_read(budget, sum(len(record.data) for record in records))
    answer: dict[str, Any] = {
        "Records": record_answers(stream, records),
        "MillisBehindLatest": millis_behind(shard, after, now),
    }
    if shard.closed is not None and not shard.records.count_after(after):
        return answer | {"ChildShards": child_shards(stream, shard)}
    return answer | {"NextShardIterator": _iterator(stream, shard, after)}


def record_answers(stream: Stream, records: list[KinesisRecord]) -> list[KinesisRecord] | list[dict[str, Any]]:
    """Return records for an answer; only encrypted ones name their encryption."""
    if not stream.encryption:
        return records
    return [
        wire.record_members(record) | ({"EncryptionType": "KMS"} if stream.encrypted_at(_stamp(record)) else {})
        for record in records
    ]


def millis_behind(shard: Shard, after: int, now: int) -> int:
    """Return how far behind the tip a reader is that has read up to a stamp."""
    first = shard.records.first_after(after)
    return max(0, (now - first) // 1000) if first is not None else 0


def child_shards(stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    """Return the children of a shard as GetRecords and SubscribeToShard tell them at its end."""
    return [
        {
            "ShardId": child.shard_id,
            "ParentShards": [f"shardId-{parent:012d}" for parent in child.parents],
            "HashKeyRange": {"StartingHashKey": str(child.hashes.start), "EndingHashKey": str(child.hashes.end)},
        }
        for child in stream.children_of(shard)
    ]


def _stamp(record: KinesisRecord) -> int:
    return int(record.sequence_number[2:20])


def _iterator(stream: Stream, shard: Shard, after: int) -> str:
    now_ms = time.time_ns() // 1_000_000
    return iterators.encode(Iterator(stream.arn, stream.created, shard.number, after, now_ms))


def _good_iterator(text: str) -> Iterator:
    iterator = iterators.decode(text)
    if iterator is None:
        raise invalid("Invalid ShardIterator.")
    now_ms = time.time_ns() // 1_000_000
    if now_ms - iterator.made_ms > iterators.LIFE_MILLISECONDS:
        raise KinesisError(
            "ExpiredIteratorException",
            f"Iterator expired. The iterator was created at time {_amazon_time(iterator.made_ms)} while right now it "
            f"is {_amazon_time(now_ms)} which is further in the future than the tolerated delay of "
            f"{iterators.LIFE_MILLISECONDS} milliseconds.",
        )
    return iterator


def _amazon_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")


def _no_such_shard(stream: Stream, shard_id: str) -> KinesisError:
    return not_found(f"Shard {shard_id} in stream {stream.name} under account {stream.account} does not exist")
