"""A stream's settings through the API: retention, tags, encryption, monitoring, mode, policies."""

from __future__ import annotations

import json
from typing import Any

from tests.cloud.kinesis.conftest import FIRST, Streams, active, refused


def test_retention(kinesis: Any, stream: str):
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=8760)
    assert active(kinesis, stream)["RetentionPeriodHours"] == 8760
    with refused("InvalidArgumentException", "Maximum allowed retention period is 8760 hours"):
        kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=8761)
    with refused("InvalidArgumentException", "can not be shorter than existing retention period (8760 hours)"):
        kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
    kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=24)
    assert active(kinesis, stream)["RetentionPeriodHours"] == 24
    with refused("InvalidArgumentException", "Minimum allowed retention period is 24 hours"):
        kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=23)
    with refused("InvalidArgumentException", "can not be longer"):
        kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=25)


def test_tags(kinesis: Any, streams: Streams):
    name = streams.name()
    kinesis.create_stream(StreamName=name, ShardCount=1, Tags={"made": "with"})
    kinesis.add_tags_to_stream(StreamName=name, Tags={"b": "2", "a": "1"})
    page = kinesis.list_tags_for_stream(StreamName=name, Limit=2)
    assert page["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert page["HasMoreTags"]
    rest = kinesis.list_tags_for_stream(StreamName=name, ExclusiveStartTagKey="b")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "made", "Value": "with"}], False)
    kinesis.remove_tags_from_stream(StreamName=name, TagKeys=["made", "never"])
    arn = active(kinesis, name)["StreamARN"]
    kinesis.tag_resource(ResourceARN=arn, Tags={"c": "3"})
    kinesis.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "b", "Value": "2"},
        {"Key": "c", "Value": "3"},
    ]
    with refused("InvalidArgumentException", "invalid characters"):
        kinesis.add_tags_to_stream(StreamName=name, Tags={"a": "<"})
    with refused("InvalidArgumentException", "more than 50 tags"):
        kinesis.add_tags_to_stream(StreamName=name, Tags={f"k{n}": "" for n in range(51)})
    with refused("ValidationException", "Map keys must satisfy constraint"):
        kinesis.add_tags_to_stream(StreamName=name, Tags={"k" * 129: ""})
    with refused("ResourceNotFoundException"):
        kinesis.tag_resource(ResourceARN=arn + "x", Tags={"c": "3"})
    kinesis.delete_stream(StreamName=name)


def test_encryption_marks_the_records_written_meanwhile(kinesis: Any, stream: str):
    key = "alias/aws/kinesis"
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"1")
    kinesis.start_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=key)
    summary = active(kinesis, stream)
    assert (summary["EncryptionType"], summary["KeyId"]) == ("KMS", key)
    assert kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"2")["EncryptionType"] == "KMS"
    kinesis.stop_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=key)
    assert active(kinesis, stream)["EncryptionType"] == "NONE"
    assert "EncryptionType" not in kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"3")
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert [record.get("EncryptionType") for record in records] == [None, "KMS", None]


def test_enhanced_monitoring(kinesis: Any, stream: str):
    answer = kinesis.enable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["IncomingBytes"])
    assert answer["CurrentShardLevelMetrics"] == []
    assert answer["DesiredShardLevelMetrics"] == ["IncomingBytes"]
    active(kinesis, stream)
    answer = kinesis.enable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])
    assert len(answer["DesiredShardLevelMetrics"]) == 7
    active(kinesis, stream)
    answer = kinesis.disable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])
    assert answer["DesiredShardLevelMetrics"] == []


def test_the_mode_changes_twice_in_24_hours(kinesis: Any, stream: str):
    arn = active(kinesis, stream)["StreamARN"]
    for mode in ("ON_DEMAND", "PROVISIONED"):
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})
        summary = active(kinesis, stream)
        assert summary["StreamModeDetails"]["StreamMode"] == mode
        assert summary["OpenShardCount"] == 1
    with refused("LimitExceededException", "2 times in 24 hours"):
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})


def test_account_calls(kinesis: Any, stream: str):
    limits = kinesis.describe_limits()
    assert limits["OpenShardCount"] >= 1
    assert limits["ShardLimit"] > limits["OpenShardCount"]
    assert limits["OnDemandStreamCountLimit"] == 50
    assert kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"] == "DISABLED"


def test_resource_policies(kinesis: Any, stream: str):
    arn = active(kinesis, stream)["StreamARN"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kinesis:GetRecords", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == policy
    kinesis.delete_resource_policy(ResourceARN=arn)
    with refused("ResourceNotFoundException", "No resource policy found"):
        kinesis.delete_resource_policy(ResourceARN=arn)
    with refused("InvalidArgumentException", "Policy validation error"):
        kinesis.put_resource_policy(ResourceARN=arn, Policy="nonsense")
