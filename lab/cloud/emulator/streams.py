"""Kinesis streams and DynamoDB streams as MiniStack keeps them, read in-process."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import base64
import bisect
from dataclasses import dataclass
from typing import Any

from lab.cloud.emulator.scope import scope


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """A Kinesis shard.

    Attributes:
        shard_id: its id.
        parents: ids of the shards it came from.
        closed: whether no more records can come.
    """

    shard_id: str
    parents: tuple[str, ...]
    closed: bool


def kinesis_shards(stream_arn: str) -> list[ShardRecord] | None:
    """List a stream's shards, None when the stream does not exist."""
    stream = _kinesis_stream(stream_arn)
    if stream is None:
        return None
    return [
        ShardRecord(
            shard_id, tuple(p for p in (shard["parent_shard_id"], shard["adjacent_parent_shard_id"]) if p), closed=False
        )
        for shard_id, shard in sorted(stream["shards"].items())
    ]


def kinesis_records(stream_arn: str, shard_id: str, after: str | None, limit: int) -> list[dict[str, Any]] | None:
    """Read records of a shard.

    Args:
        stream_arn: the stream.
        shard_id: the shard.
        after: sequence number of the last record already read; None reads from the oldest.
        limit: at most so many.

    Returns:
        records as GetRecords answers them (`Data` base64), or None when stream or shard are gone.
    """
    stream = _kinesis_stream(stream_arn)
    shard = stream["shards"].get(shard_id) if stream else None
    if shard is None:
        return None
    records = shard["records"]
    begin = 0 if after is None else bisect.bisect_right(records, after, key=lambda r: r["SequenceNumber"])
    return records[begin : begin + limit]


def kinesis_last_sequence_number(stream_arn: str, shard_id: str, before: float | None = None) -> str | None:
    """Return the newest record's sequence number, or the newest that arrived before a time; None when there is none."""
    stream = _kinesis_stream(stream_arn)
    shard = stream["shards"].get(shard_id) if stream else None
    if not shard or not shard["records"]:
        return None
    records = shard["records"]
    end = len(records)
    if before is not None:
        end = bisect.bisect_left(records, before, key=lambda r: r["ApproximateArrivalTimestamp"])
    return records[end - 1]["SequenceNumber"] if end else None


def _kinesis_stream(stream_arn: str) -> dict[str, Any] | None:
    from ministack.services import kinesis

    parts = stream_arn.split(":", 5)
    return kinesis._streams.get_scoped(parts[4], parts[3], parts[5].removeprefix("stream/"))


def dynamodb_stream(stream_arn: str) -> list[dict[str, Any]] | None:
    """Return the unexpired records of a table's stream, oldest first, as the streams API answers them; None if gone."""
    from ministack.services import dynamodb

    parts = stream_arn.split(":", 5)
    account, region, table_name = parts[4], parts[3], parts[5].split("/")[1]
    with scope(account, region):
        table = dynamodb._tables.get(table_name)
        if (
            table
            and table.get("LatestStreamArn") == stream_arn
            and (table.get("StreamSpecification") or {}).get("StreamEnabled")
        ):
            return dynamodb.stream_live_records(table_name, account_id=account, region=region)
        closed = dynamodb.closed_stream(stream_arn)
    return closed["records"] if closed else None


def first_after(records: list[dict[str, Any]], after: str | None) -> int:
    """Return the index of the first change record behind a sequence number (None: 0)."""
    return 0 if after is None else bisect.bisect_right(records, after, key=lambda r: r["dynamodb"]["SequenceNumber"])


def dynamodb_stream_shard() -> str:
    """Return the id of the one shard that MiniStack gives every table's stream."""
    from ministack.services import dynamodb_streams

    return dynamodb_streams._DEFAULT_SHARD_ID


def decode_base64(text: str) -> bytes:
    """Return the bytes of a record's `Data`."""
    return base64.b64decode(text)
