"""Consumers with enhanced fan-out through the API."""

from __future__ import annotations

import time
from typing import Any

from tests.cloud.conftest import eventually
from tests.cloud.kinesis.conftest import FIRST, Streams, active, refused


def test_consumers(kinesis: Any, streams: Streams):
    name = streams.make()
    arn = active(kinesis, name)["StreamARN"]
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c0")["Consumer"]
    assert made["ConsumerStatus"] == "CREATING"
    assert made["ConsumerARN"].startswith(f"{arn}/consumer/c0:")

    def described() -> dict[str, Any] | None:
        found = kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])["ConsumerDescription"]
        return found if found["ConsumerStatus"] == "ACTIVE" else None

    assert eventually(described)["StreamARN"] == arn
    assert active(kinesis, name)["ConsumerCount"] == 1
    with refused("ResourceInUseException", "already exists"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c0")
    for number in range(1, 20):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number}")
    with refused("LimitExceededException", "20"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c20")
    page = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=15)
    rest = kinesis.list_stream_consumers(StreamARN=arn, NextToken=page["NextToken"])
    assert len(page["Consumers"]) + len(rest["Consumers"]) == 20
    kinesis.tag_resource(ResourceARN=made["ConsumerARN"], Tags={"a": "1"})
    assert kinesis.list_tags_for_resource(ResourceARN=made["ConsumerARN"])["Tags"] == [{"Key": "a", "Value": "1"}]
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="c0")
    with refused("ResourceNotFoundException", "not found"):
        kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])
    with refused("InvalidArgumentException"):
        kinesis.describe_stream_consumer(StreamARN=arn)
    with refused("ResourceInUseException", "EnforceConsumerDeletion"):
        kinesis.delete_stream(StreamName=name)
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    with refused("ResourceNotFoundException"):
        kinesis.describe_stream_summary(StreamName=name)


def test_subscribe_to_shard(kinesis: Any, stream: str):
    arn = active(kinesis, stream)["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    eventually(
        lambda: (
            kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE"
        )
    )
    for number in range(3):
        kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"%d" % number)
    position = {"Type": "TRIM_HORIZON"}
    events = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId=FIRST, StartingPosition=position)["EventStream"]
    with refused("ResourceInUseException", "Another active subscription"):
        kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId=FIRST, StartingPosition=position)
    found: list[bytes] = []
    event: dict[str, Any] = {}
    begin = time.monotonic()
    for message in events:
        event = message["SubscribeToShardEvent"]
        found += [record["Data"] for record in event["Records"]]
        if len(found) == 3:
            assert len(event["ContinuationSequenceNumber"]) == 56
            kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"3")
        if len(found) == 4 and "ChildShards" not in event:
            kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey="1000")
    assert found == [b"0", b"1", b"2", b"3"]
    assert len(event["ChildShards"]) == 2, "the last event names the children"
    assert time.monotonic() - begin < 3, "writes are pushed, not polled for"
    with refused("ResourceNotFoundException"):
        kinesis.subscribe_to_shard(ConsumerARN=consumer + "0", ShardId=FIRST, StartingPosition=position)
