"""CreateStream, DeleteStream, the calls that describe and list streams, and those about the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis import tokens
from lab.cloud.kinesis.cbor import Timestamp
from lab.cloud.kinesis.errors import in_use, invalid, limit_exceeded
from lab.cloud.kinesis.model import ON_DEMAND_SHARDS
from lab.cloud.kinesis.resharding import SHARD_QUOTA, behind, check_quota, shard_answer
from lab.cloud.kinesis.tags import check_tags

if TYPE_CHECKING:
    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Stream

ON_DEMAND_QUOTA = 50
_PAGE = 100


def create_stream(call: Call) -> None:
    """Make a stream."""
    name, count = call.get("StreamName"), call.get("ShardCount")
    details: dict[str, Any] = call.get("StreamModeDetails", {})
    # AWS takes a request that names neither mode nor shards for an on-demand stream (recorded).
    mode = details.get("StreamMode", "ON_DEMAND" if count is None else "PROVISIONED")
    if mode == "ON_DEMAND" and count is not None:
        raise invalid("ShardCount must not be provided for a stream in On-Demand mode.")
    if mode == "PROVISIONED" and count is None:
        raise invalid("ShardCount must be provided for a stream in Provisioned mode.")
    tags: dict[str, str] = call.get("Tags", {})
    check_tags(tags, f"stream {name} under account {call.account}", {})
    if call.world.store.get(call.account, call.region, name):
        raise in_use(f"Stream {name} under account {call.account} already exists.")
    if mode == "ON_DEMAND" and _on_demand_streams(call) >= ON_DEMAND_QUOTA:
        raise limit_exceeded(
            f"This request would exceed the on-demand stream limit for the account {call.account} in {call.region}. "
            f"Limit: {ON_DEMAND_QUOTA}."
        )
    check_quota(call, count or ON_DEMAND_SHARDS)
    stream = call.world.store.create(
        call.account,
        call.region,
        name,
        shards=count or ON_DEMAND_SHARDS,
        mode=mode,
        tags=tags,
        max_record_kib=call.get("MaxRecordSizeInKiB", 1024),
        warm_mibps=call.get("WarmThroughputMiBps"),
    )
    stream.be("CREATING", call.world.transition_seconds)


def delete_stream(call: Call) -> None:
    """Delete a stream with all its records; it is gone at once."""
    stream = call.stream()
    if stream.consumers and not call.get("EnforceConsumerDeletion"):
        raise in_use(
            f"DeleteStream can't delete {stream.arn} because there are consumers associated with this data stream. "
            f"To delete {stream.name} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion "
            "of all the consumers that are associated with it."
        )
    call.world.store.delete(stream)
    call.world.limits.forget(stream.created)


def _description(stream: Stream) -> dict[str, Any]:
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        # Whole seconds, as AWS has it.
        "StreamCreationTimestamp": Timestamp(stream.created // 1_000_000),
        "EnhancedMonitoring": [{"ShardLevelMetrics": stream.metrics}],
        "EncryptionType": "KMS" if stream.encrypted else "NONE",
        **({"KeyId": stream.key_id} if stream.key_id else {}),
    }


def describe_stream(call: Call) -> dict[str, Any]:
    """Describe a stream with its shards, a page of them."""
    stream = call.stream()
    shards = behind(stream.shards.values(), call.get("ExclusiveStartShardId"))
    page = shards[: call.get("Limit", _PAGE)] if stream.status != "CREATING" else []
    return {
        "StreamDescription": _description(stream)
        | {"Shards": [shard_answer(shard) for shard in page], "HasMoreShards": 0 < len(page) < len(shards)}
    }


def describe_stream_summary(call: Call) -> dict[str, Any]:
    """Describe a stream without its shards."""
    stream = call.stream()
    summary: dict[str, Any] = {
        "StreamId": stream.stream_id,
        "OpenShardCount": len(stream.open_shards),
        "ConsumerCount": len(stream.consumers),
        "MaxRecordSizeInKiB": stream.max_record_kib,
    }
    if stream.warm_mibps is not None:
        summary["WarmThroughput"] = {"TargetMiBps": stream.warm_mibps, "CurrentMiBps": stream.warm_mibps}
    return {"StreamDescriptionSummary": _description(stream) | summary}


def list_streams(call: Call) -> dict[str, Any]:
    """List the account's streams by name, a page of them."""
    after = call.get("ExclusiveStartStreamName")
    if (token := call.get("NextToken")) is not None:
        if after is not None:
            raise invalid("NextToken and ExclusiveStartStreamName cannot be provided together.")
        after = tokens.decode("ListStreams", token)["after"]
    streams = sorted(
        (
            stream
            for stream in call.world.store
            if (stream.account, stream.region) == (call.account, call.region) and (after is None or stream.name > after)
        ),
        key=lambda stream: stream.name,
    )
    page = streams[: call.get("Limit", _PAGE)]
    more = len(streams) > len(page)
    answer: dict[str, Any] = {
        "StreamNames": [stream.name for stream in page],
        "HasMoreStreams": more,
        "StreamSummaries": [_summary(stream) for stream in page],
    }
    if more:
        answer["NextToken"] = tokens.encode("ListStreams", after=page[-1].name)
    return answer


def _summary(stream: Stream) -> dict[str, Any]:
    names = ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")
    description = _description(stream)
    return {name: description[name] for name in names}


def describe_limits(call: Call) -> dict[str, Any]:
    """Say how many shards and on-demand streams the account has and may have."""
    streams = [s for s in call.world.store if (s.account, s.region) == (call.account, call.region)]
    return {
        "ShardLimit": SHARD_QUOTA,
        "OpenShardCount": sum(len(s.open_shards) for s in streams if s.mode == "PROVISIONED"),
        "OnDemandStreamCount": _on_demand_streams(call),
        "OnDemandStreamCountLimit": ON_DEMAND_QUOTA,
    }


def describe_account_settings(_call: Call) -> dict[str, Any]:
    """Say that the account has made no billing commitment."""
    return {"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}}


def _on_demand_streams(call: Call) -> int:
    return sum(
        (stream.account, stream.region, stream.mode) == (call.account, call.region, "ON_DEMAND")
        for stream in call.world.store
    )
