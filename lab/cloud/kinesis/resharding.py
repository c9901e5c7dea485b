"""ListShards, SplitShard, MergeShards, UpdateShardCount."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis import tokens
from lab.cloud.kinesis.errors import KinesisError, invalid, limit_exceeded
from lab.cloud.kinesis.sequence_numbers import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Shard, Stream

SHARD_QUOTA = 20_000
"""Shards an account has in us-east-1 ("Quotas and limits")."""
MOST_SCALED_TO = 10_000
"""UpdateShardCount goes no further."""
MOST_SCALINGS = 10
DAY_SECONDS = 86_400
_LIST_DEFAULT = 1000


def shard_answer(shard: Shard) -> dict[str, Any]:
    """Return a shard as the API describes it."""
    numbers = {"StartingSequenceNumber": shard.number_of(shard.opened)}
    if shard.closed is not None:
        numbers["EndingSequenceNumber"] = shard.number_of(shard.closed)
    parents = zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False)
    return {
        "ShardId": shard.shard_id,
        **{name: f"shardId-{parent:012d}" for name, parent in parents},
        "HashKeyRange": {"StartingHashKey": str(shard.hashes.start), "EndingHashKey": str(shard.hashes.end)},
        "SequenceNumberRange": numbers,
    }


def behind(shards: Iterable[Shard], shard_id: str | None) -> list[Shard]:
    """Return the shards whose ids come after one."""
    return sorted(
        (shard for shard in shards if shard_id is None or shard.shard_id > shard_id), key=lambda shard: shard.number
    )


# --- ListShards ------------------------------------------------------------------------------------------------------


def list_shards(call: Call) -> dict[str, Any]:
    """List shards, all or those a filter lets through."""
    token = call.get("NextToken")
    if token is None:
        stream, after, wanted = call.stream(), call.get("ExclusiveStartShardId"), call.get("ShardFilter")
    else:
        stream, after, wanted = _continued(call, token)
    found = behind(_filtered(call, stream, wanted), after)
    page = found[: call.get("MaxResults", _LIST_DEFAULT)]
    answer: dict[str, Any] = {"Shards": [shard_answer(shard) for shard in page]}
    if len(found) > len(page):
        answer["NextToken"] = tokens.encode(
            "ListShards", stream=stream.stream_id, after=page[-1].shard_id, filter=wanted
        )
    return answer


def _continued(call: Call, token: str) -> tuple[Stream, str, dict[str, Any] | None]:
    for name in (
        "StreamName",
        "StreamARN",
        "StreamId",
        "StreamCreationTimestamp",
        "ExclusiveStartShardId",
        "ShardFilter",
    ):
        if call.get(name) is not None:
            raise invalid(f"NextToken and {name} cannot be provided together.")
    fields = tokens.decode("ListShards", token)
    call.request["StreamId"] = fields["stream"]
    return call.stream(), fields["after"], fields["filter"]


def _filtered(call: Call, stream: Stream, wanted: dict[str, Any] | None) -> list[Shard]:
    """Return the shards that a filter lets through ("ShardFilter")."""
    kind = wanted["Type"] if wanted else "FROM_TRIM_HORIZON"
    if wanted is not None:
        _check_filter(wanted)
    shards = list(stream.shards.values())
    if kind == "AT_LATEST":
        return stream.open_shards
    if wanted and kind == "AFTER_SHARD_ID":
        return behind(shards, wanted["ShardId"])
    at = _trim_horizon(call, stream)
    if wanted and kind.endswith("TIMESTAMP"):
        at = max(at, microseconds(wanted["Timestamp"]))
    alive = [shard for shard in shards if shard.closed is None or shard.closed > at]
    return alive if kind.startswith("FROM_") else [shard for shard in alive if shard.opened <= at]


def _trim_horizon(call: Call, stream: Stream) -> int:
    """Return the stamp of the oldest record there may be: the stream is no older than its first shards."""
    first = max((shard.opened for shard in stream.shards.values() if not shard.parents), default=stream.created)
    return max(first, stream.horizon(call.world.store.ticker.now()))


def _check_filter(wanted: dict[str, Any]) -> None:
    needs = {"AFTER_SHARD_ID": "ShardId", "AT_TIMESTAMP": "Timestamp", "FROM_TIMESTAMP": "Timestamp"}
    needed = needs.get(wanted["Type"])
    for name in ("ShardId", "Timestamp"):
        if name == needed and name not in wanted:
            raise invalid(f"{name} must be provided in ShardFilter for the filter type {wanted['Type']}.")
        if name != needed and name in wanted:
            raise invalid(f"{name} cannot be provided in ShardFilter for the filter type {wanted['Type']}.")


# --- changing shards -------------------------------------------------------------------------------------------------


def split_shard(call: Call) -> None:
    """Divide a shard in two."""
    stream = call.stream()
    shard = _open_shard(call, stream, call.get("ShardToSplit"))
    at = int(call.get("NewStartingHashKey"))
    start, end = shard.hashes
    if not start + 1 < at < end:
        raise invalid(
            f"NewStartingHashKey {at} used in SplitShard() on shard {shard.shard_id} in stream {stream.name} under "
            f"account {stream.account} is not both greater than one plus the shard's StartingHashKey {start} and "
            f"less than the shard's EndingHashKey {end}."
        )
    check_quota(call, 1)
    _provisioned(call, stream)
    stream.split(shard, at, call.world.store.ticker)
    _resharded(call, stream)


def merge_shards(call: Call) -> None:
    """Join two shards that touch."""
    stream = call.stream()
    first = _open_shard(call, stream, call.get("ShardToMerge"))
    second = _open_shard(call, stream, call.get("AdjacentShardToMerge"))
    if first.hashes.end + 1 != second.hashes.start and second.hashes.end + 1 != first.hashes.start:
        raise invalid(
            f"Shards {first.shard_id} and {second.shard_id} in stream {stream.name} under account {stream.account} "
            "are not an adjacent pair of shards eligible for merging"
        )
    _provisioned(call, stream)
    stream.merge(first, second, call.world.store.ticker)
    _resharded(call, stream)


def update_shard_count(call: Call) -> dict[str, Any]:
    """Scale a stream to a number of shards of one size."""
    stream = call.stream()
    _provisioned(call, stream)
    current, target = len(stream.open_shards), call.get("TargetShardCount")
    counts = f"Current open shard count: {current}, Target shard count: {target}"
    if target > MOST_SCALED_TO:
        raise limit_exceeded(
            f"Target shard count or number of open shards cannot be greater than {MOST_SCALED_TO}. {counts}"
        )
    if target > 2 * current:
        raise limit_exceeded(f"UpdateShardCount cannot scale up over double your current open shard count. {counts}")
    if 2 * target < current:
        raise limit_exceeded(f"UpdateShardCount cannot scale down below half your current open shard count. {counts}")
    check_quota(call, target - current)
    now = time.time()
    stream.scalings = [moment for moment in stream.scalings if now - moment < DAY_SECONDS]
    if call.world.limits.enforce_scalings and len(stream.scalings) >= MOST_SCALINGS:
        raise limit_exceeded(
            f"Stream {stream.name} under account {stream.account} can be scaled {MOST_SCALINGS} times in 24 hours."
        )
    stream.scalings.append(now)
    stream.scale(target, call.world.store.ticker)
    _resharded(call, stream)
    return {
        "StreamName": stream.name,
        "CurrentShardCount": current,
        "TargetShardCount": target,
        "StreamARN": stream.arn,
    }


def check_quota(call: Call, more: int) -> None:
    """Refuse what would give the account too many shards."""
    streams = [s for s in call.world.store if (s.account, s.region) == (call.account, call.region)]
    current = sum(len(stream.open_shards) for stream in streams)
    if current + more > SHARD_QUOTA:
        raise limit_exceeded(
            f"This request would exceed the shard limit for the account {call.account} in {call.region}. Current "
            f"shard count for the account: {current}. Limit: {SHARD_QUOTA}. Number of additional shards that would "
            f"have resulted from this request: {more}. Refer to the AWS Service Limits page "
            "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to "
            "request higher limits."
        )


def _open_shard(call: Call, stream: Stream, name: str) -> Shard:
    shard = call.shard(stream, name)
    if shard.closed is not None:
        raise invalid(
            f"Shard {shard.shard_id} in stream {stream.name} under account {stream.account} is closed: "
            "it has been split or merged."
        )
    return shard


def _provisioned(call: Call, stream: Stream) -> None:
    """Refuse to reshard an on-demand stream, or one that is changing."""
    if stream.mode == "ON_DEMAND":
        raise KinesisError(
            "ValidationException",
            f"Request is invalid. Stream {stream.name} under account {stream.account} is in On-Demand mode.",
        )
    call.active_stream()


def _resharded(call: Call, stream: Stream) -> None:
    """Save, and wake who reads closed shards (they have ended) or waits for new ones."""
    call.updating(stream)
    for shard in stream.shards.values():
        if shard.closed is not None:
            shard.bell.ring()
    stream.bell.ring()
