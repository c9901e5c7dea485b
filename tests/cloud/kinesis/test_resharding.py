"""Splits, merges and shard counts through the API."""

from __future__ import annotations

import time
from typing import Any

from tests.cloud.kinesis.conftest import FIRST, Streams, active, read_all, refused, shards_of


def test_a_split_keeps_the_parent_readable_and_ends_it(kinesis: Any, stream: str):
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"parent")
    middle = str(2**127)
    kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey=middle)
    assert active(kinesis, stream)["OpenShardCount"] == 2
    parent, low, high = shards_of(kinesis, stream)
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert low["ParentShardId"] == high["ParentShardId"] == FIRST
    assert high["HashKeyRange"]["StartingHashKey"] == middle
    assert int(low["SequenceNumberRange"]["StartingSequenceNumber"]) > int(
        parent["SequenceNumberRange"]["EndingSequenceNumber"]
    )
    assert kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"child")["ShardId"] != FIRST
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    assert [record["Data"] for record in answer["Records"]] == [b"parent"]
    assert "NextShardIterator" not in answer
    assert [child["ShardId"] for child in answer["ChildShards"]] == [low["ShardId"], high["ShardId"]]
    assert answer["ChildShards"][0]["ParentShards"] == [FIRST]
    with refused("InvalidArgumentException", "is not both greater than one plus the shard's StartingHashKey"):
        kinesis.split_shard(StreamName=stream, ShardToSplit=low["ShardId"], NewStartingHashKey=middle)
    with refused("ResourceNotFoundException", "Could not find shard shardId-000000000099"):
        kinesis.split_shard(StreamName=stream, ShardToSplit="shardId-000000000099", NewStartingHashKey="5")
    with refused("InvalidArgumentException"):
        kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey="5")


def test_a_merge_joins_neighbours_only(kinesis: Any, streams: Streams):
    name = streams.make(3)
    with refused("InvalidArgumentException", "are not an adjacent pair of shards eligible for merging"):
        kinesis.merge_shards(StreamName=name, ShardToMerge=FIRST, AdjacentShardToMerge="shardId-000000000002")
    kinesis.merge_shards(StreamName=name, ShardToMerge=FIRST, AdjacentShardToMerge="shardId-000000000001")
    assert active(kinesis, name)["OpenShardCount"] == 2
    child = shards_of(kinesis, name)[-1]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (FIRST, "shardId-000000000001")


def test_update_shard_count(kinesis: Any, streams: Streams):
    name = streams.make(2)
    for number in range(20):
        kinesis.put_record(StreamName=name, PartitionKey=str(number), Data=b"%d" % number)
    answer = kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 4)
    assert active(kinesis, name)["OpenShardCount"] == 4
    shards = shards_of(kinesis, name)
    assert len(shards) == 6
    kept = [data for shard in shards for data in read_all(kinesis, name, shard["ShardId"])]
    assert sorted(kept, key=int) == [b"%d" % number for number in range(20)]
    for target, word in ((9, "over double"), (1, "below half"), (10_001, "cannot be greater")):
        with refused("LimitExceededException", word, f"Current open shard count: 4, Target shard count: {target}"):
            kinesis.update_shard_count(StreamName=name, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    kinesis.update_shard_count(StreamName=name, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    assert active(kinesis, name)["OpenShardCount"] == 3
    with refused("ValidationException", "Value 'RANDOM' at 'scalingType'"):
        kinesis.update_shard_count(StreamName=name, TargetShardCount=3, ScalingType="RANDOM")


def test_shard_filters(kinesis: Any, stream: str):
    time.sleep(0.01)
    before = time.time()
    time.sleep(0.01)
    kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey="1000")

    def found(kind: str, **arguments: Any) -> str:
        shards = shards_of(kinesis, stream, ShardFilter={"Type": kind, **arguments})
        return "".join(shard["ShardId"][-1] for shard in shards)

    assert found("AT_LATEST") == "12"
    assert found("AT_TRIM_HORIZON") == "0"
    assert found("FROM_TRIM_HORIZON") == "012"
    assert found("AT_TIMESTAMP", Timestamp=before) == "0"
    assert found("FROM_TIMESTAMP", Timestamp=before) == "012"
    assert found("AT_TIMESTAMP", Timestamp=time.time()) == "12"
    assert found("FROM_TIMESTAMP", Timestamp=time.time()) == "12"
    assert found("AFTER_SHARD_ID", ShardId=FIRST) == "12"
    assert "".join(s["ShardId"][-1] for s in shards_of(kinesis, stream, ExclusiveStartShardId=FIRST)) == "12"
    with refused("InvalidArgumentException", "Timestamp"):
        found("AT_TIMESTAMP")
    with refused("ValidationException", "at 'shardFilter.type'"):
        found("SOMETIMES")
