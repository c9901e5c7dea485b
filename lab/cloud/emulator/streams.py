"""DynamoDB streams as MiniStack keeps them, read in-process."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import Any

from lab.cloud.emulator.scope import scope


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """A shard of a stream.

    Attributes:
        shard_id: its id.
        parents: ids of the shards it came from.
        closed: whether no more records can come.
    """

    shard_id: str
    parents: tuple[str, ...]
    closed: bool


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
