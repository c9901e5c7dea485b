"""Streams through the API: made, described, listed, and what is refused."""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Callable
from typing import Any

from lab.cloud.client import Cloud
from tests.cloud.kinesis.conftest import Streams, active, refused


def test_a_new_stream(kinesis: Any, streams: Streams):
    name = streams.make(3)
    summary = active(kinesis, name)
    assert summary["StreamARN"] == f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"
    assert summary["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert summary["RetentionPeriodHours"] == 24
    assert summary["EncryptionType"] == "NONE"
    assert summary["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert (summary["OpenShardCount"], summary["ConsumerCount"]) == (3, 0)
    assert abs(time.time() - summary["StreamCreationTimestamp"].timestamp()) < 60
    description = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    assert not description["HasMoreShards"]
    shards = description["Shards"]
    assert [shard["ShardId"] for shard in shards] == [f"shardId-{n:012d}" for n in range(3)]
    assert shards[0]["HashKeyRange"]["EndingHashKey"] == "113427455640312821154458202477256070484"
    assert shards[2]["HashKeyRange"]["EndingHashKey"] == str(2**128 - 1)
    for shard in shards:
        assert len(shard["SequenceNumberRange"]["StartingSequenceNumber"]) == 56
        assert "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def test_on_demand_streams_have_four_shards(kinesis: Any, streams: Streams):
    for arguments in ({"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, {}):
        name = streams.name()
        kinesis.create_stream(StreamName=name, **arguments)
        summary = active(kinesis, name)
        assert summary["OpenShardCount"] == 4
        assert summary["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
        with refused("ValidationException", "On-Demand"):
            kinesis.update_shard_count(StreamName=name, TargetShardCount=8, ScalingType="UNIFORM_SCALING")
        kinesis.delete_stream(StreamName=name)


def test_creation_is_checked(kinesis: Any, stream: str):
    with refused("ResourceInUseException", f"Stream {stream} under account 000000000000 already exists."):
        kinesis.create_stream(StreamName=stream, ShardCount=1)
    with refused(
        "ValidationException",
        "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    ):
        kinesis.create_stream(StreamName="a b", ShardCount=1)
    with refused(
        "ValidationException",
        "2 validation errors detected: ",
        "Value null at 'streamName' failed to satisfy constraint: Member must not be null",
        "Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ):
        kinesis.create_stream(ShardCount=0)
    with refused("ValidationException", "Member must have length less than or equal to 128"):
        kinesis.create_stream(StreamName="x" * 129, ShardCount=1)
    with refused("SerializationException", "NUMBER_VALUE can not be converted to a String"):
        kinesis.create_stream(StreamName=7, ShardCount=1)
    with refused("LimitExceededException", "would exceed the shard limit for the account"):
        kinesis.create_stream(StreamName="many", ShardCount=100_000)
    with refused("ValidationException", "enum value set"):
        kinesis.create_stream(StreamName="x", StreamModeDetails={"StreamMode": "SOMETIMES"})


def test_a_stream_that_is_not_there(kinesis: Any):
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/nowhere"
    calls: list[Callable[..., Any]] = [
        kinesis.describe_stream,
        kinesis.describe_stream_summary,
        kinesis.list_shards,
        kinesis.delete_stream,
        kinesis.list_tags_for_stream,
    ]
    for call in calls:
        for arguments in ({"StreamName": "nowhere"}, {"StreamARN": arn}):
            with refused("ResourceNotFoundException", "Stream nowhere under account 000000000000 not found."):
                call(**arguments)
    with refused("InvalidArgumentException", "StreamName or StreamARN"):
        kinesis.describe_stream()
    with refused("ValidationException", "at 'streamARN' failed to satisfy constraint"):
        kinesis.describe_stream(StreamARN="nonsense")


def test_what_aws_does_not_know_is_an_unknown_operation(kinesis: Any, local_cloud: Cloud):
    with refused("UnknownOperationException"):
        kinesis.describe_channel(ChannelARN="arn:aws:kinesis:us-east-1:000000000000:channel/x")
    body = b"{}"
    authorization = (
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kinesis/aws4_request, "
        f"SignedHeaders=host, Signature={hashlib.sha256(body).hexdigest()}"
    )
    connection = http.client.HTTPConnection("127.0.0.1", local_cloud.port, timeout=10)
    headers = {"X-Amz-Target": "Kinesis_20131202.", "Authorization": authorization,
               "Content-Type": "application/x-amz-json-1.1"}  # fmt: skip
    connection.request("POST", "/", body, headers)
    assert connection.getresponse().status < 500
    connection.close()


def test_lists_are_paged(kinesis: Any, streams: Streams):
    names = sorted(streams.make(3) for _ in range(3))
    found: list[str] = []
    page = kinesis.list_streams(Limit=1)
    while True:
        assert [summary["StreamName"] for summary in page["StreamSummaries"]] == page["StreamNames"]
        found += page["StreamNames"]
        if not page["HasMoreStreams"]:
            break
        page = kinesis.list_streams(Limit=1, NextToken=page["NextToken"])
    assert [name for name in found if name in names] == names
    assert found == sorted(found)
    after = kinesis.list_streams(ExclusiveStartStreamName=names[0])["StreamNames"]
    assert names[0] not in after
    assert set(names[1:]) <= set(after)

    page = kinesis.list_shards(StreamName=names[0], MaxResults=2)
    assert len(page["Shards"]) == 2
    rest = kinesis.list_shards(NextToken=page["NextToken"])
    assert [shard["ShardId"] for shard in rest["Shards"]] == ["shardId-000000000002"]
    assert "NextToken" not in rest
    with refused("InvalidArgumentException", "NextToken and StreamName cannot be provided together."):
        kinesis.list_shards(StreamName=names[0], NextToken=page["NextToken"])
    with refused("InvalidArgumentException"):
        kinesis.list_shards(NextToken="nonsense")
    description = kinesis.describe_stream(StreamName=names[0], Limit=2)["StreamDescription"]
    assert description["HasMoreShards"]
    description = kinesis.describe_stream(StreamName=names[0], ExclusiveStartShardId="shardId-000000000001")
    assert [s["ShardId"] for s in description["StreamDescription"]["Shards"]] == ["shardId-000000000002"]
    with refused("ValidationException", "at 'limit' failed to satisfy constraint"):
        kinesis.describe_stream(StreamName=names[0], Limit=10_001)
