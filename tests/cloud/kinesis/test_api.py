"""The Kinesis API through boto3 on a served cloud: what AWS's API reference says of each operation."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from boto3 import Session
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.cloud.client import Cloud
from tests.cloud.conftest import eventually

FIRST = "shardId-000000000000"


@contextlib.contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    with pytest.raises(ClientError) as error:
        yield
    answer = error.value.response["Error"]
    assert answer["Code"] == code, answer
    for word in words:
        assert word in answer["Message"], answer


@pytest.fixture(scope="module")
def kinesis(local_cloud: Cloud) -> Any:
    """A client that sends what it is told to, also what AWS refuses, and sends it once."""
    config = Config(parameter_validation=False, retries={"max_attempts": 0, "mode": "standard"})
    session = Session("test", "test", region_name="us-east-1")
    return session.client("kinesis", endpoint_url=local_cloud.url, config=config)


class Streams:
    """Makes streams; one client makes them all, because a client takes longer to make than a stream."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.made: list[str] = []

    def name(self) -> str:
        self.made.append(f"stream-{uuid.uuid4().hex[:8]}")
        return self.made[-1]

    def make(self, shards: int = 1) -> str:
        name = self.name()
        self._client.create_stream(StreamName=name, ShardCount=shards)
        active(self._client, name)
        return name


@pytest.fixture
def streams(kinesis: Any) -> Iterator[Streams]:
    made = Streams(kinesis)
    yield made
    for name in made.made:
        with contextlib.suppress(ClientError):  # a test may have deleted it itself
            kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


@pytest.fixture
def stream(streams: Streams) -> str:
    return streams.make()


def active(kinesis: Any, name: str) -> dict[str, Any]:
    def summary() -> dict[str, Any] | None:
        found = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return found if found["StreamStatus"] == "ACTIVE" else None

    return eventually(summary)


def read_all(kinesis: Any, name: str, shard: str) -> list[bytes]:
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    return [record["Data"] for record in answer["Records"]]


def shards_of(kinesis: Any, name: str, **arguments: Any) -> list[dict[str, Any]]:
    return kinesis.list_shards(StreamName=name, **arguments)["Shards"]


# --- streams


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


# --- writing


def test_put_record(kinesis: Any, stream: str):
    numbers = [kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"%d" % n) for n in range(3)]
    assert all(answer["ShardId"] == FIRST and len(answer["SequenceNumber"]) == 56 for answer in numbers)
    assert sorted(numbers, key=lambda a: int(a["SequenceNumber"])) == numbers
    ordered = numbers[-1]["SequenceNumber"]
    kinesis.put_record(StreamName=stream, PartitionKey="ü", Data=b"\x00\xff", SequenceNumberForOrdering=ordered)
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    record = answer["Records"][-1]
    assert (record["PartitionKey"], record["Data"]) == ("ü", b"\x00\xff")
    assert set(record) == {"SequenceNumber", "ApproximateArrivalTimestamp", "Data", "PartitionKey"}
    assert abs(record["ApproximateArrivalTimestamp"].timestamp() - time.time()) < 5
    assert answer["MillisBehindLatest"] == 0


def test_records_go_to_the_shard_of_their_hash(kinesis: Any, streams: Streams):
    name = streams.make(4)
    ranges = {
        shard["ShardId"]: [int(key) for key in shard["HashKeyRange"].values()] for shard in shards_of(kinesis, name)
    }
    entries = [{"PartitionKey": f"key-{n}", "Data": b"x"} for n in range(100)]
    answer = kinesis.put_records(StreamName=name, Records=entries)
    assert answer["FailedRecordCount"] == 0
    for entry, placed in zip(entries, answer["Records"], strict=True):
        key = int(hashlib.md5(str(entry["PartitionKey"]).encode(), usedforsecurity=False).hexdigest(), 16)
        assert min(ranges[placed["ShardId"]]) <= key <= max(ranges[placed["ShardId"]])
    explicit = kinesis.put_record(StreamName=name, PartitionKey="k", ExplicitHashKey=str(2**128 - 1), Data=b"x")
    assert explicit["ShardId"] == "shardId-000000000003"
    with refused("InvalidArgumentException", "ExplicitHashKey must be in the range: [0, 2^128-1]"):
        kinesis.put_record(StreamName=name, PartitionKey="k", ExplicitHashKey=str(2**128), Data=b"x")
    with refused("ValidationException", "at 'explicitHashKey' failed to satisfy constraint"):
        kinesis.put_record(StreamName=name, PartitionKey="k", ExplicitHashKey="abc", Data=b"x")


def test_puts_are_checked(kinesis: Any, stream: str):
    with refused("ValidationException", "Value null at 'partitionKey'"):
        kinesis.put_record(StreamName=stream, Data=b"x")
    with refused("ValidationException", "Value '' at 'partitionKey'", "length greater than or equal to 1"):
        kinesis.put_record(StreamName=stream, PartitionKey="", Data=b"x")
    with refused("ValidationException", "length less than or equal to 256"):
        kinesis.put_record(StreamName=stream, PartitionKey="k" * 257, Data=b"x")
    with refused("ValidationException", "at 'records' failed", "length less than or equal to 500"):
        kinesis.put_records(StreamName=stream, Records=[{"PartitionKey": "k", "Data": b"x"}] * 501)
    with refused("ValidationException", "length greater than or equal to 1"):
        kinesis.put_records(StreamName=stream, Records=[])
    with refused("ValidationException", "Value null at 'records.2.member.partitionKey'"):
        kinesis.put_records(StreamName=stream, Records=[{"PartitionKey": "k", "Data": b"x"}, {"Data": b"x"}])
    with refused("InvalidArgumentException", "ExclusiveMinimumSequenceNumber"):
        kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"x", SequenceNumberForOrdering="123")
    with refused("ResourceNotFoundException"):
        kinesis.put_records(StreamName="nowhere", Records=[{"PartitionKey": "k", "Data": b"x"}])
    assert read_all(kinesis, stream, FIRST) == []


def test_a_record_has_a_mebibyte_partition_key_included_and_a_call_ten(kinesis: Any, streams: Streams, stream: str):
    mebibyte = 1024 * 1024
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"x" * (mebibyte - 1))
    for size in (mebibyte, mebibyte + 1):
        with refused("ValidationException", "Member must have length less than or equal to 1048576"):
            kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"x" * size)
    with refused("InvalidArgumentException", "10 MB"):
        kinesis.put_records(
            StreamName=stream, Records=[{"PartitionKey": "k", "Data": b"x" * (mebibyte - 1)}] * 10
            + [{"PartitionKey": "k", "Data": b""}]
        )  # fmt: skip
    name = streams.make()
    arn = active(kinesis, name)["StreamARN"]
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10_240)
    assert active(kinesis, name)["MaxRecordSizeInKiB"] == 10_240
    kinesis.put_record(StreamName=name, PartitionKey="k", Data=b"x" * (10 * mebibyte - 1))
    assert [len(data) for data in read_all(kinesis, name, FIRST)] == [10 * mebibyte - 1]
    with refused("ValidationException", "at 'maxRecordSizeInKiB'"):
        kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=1)


# --- reading


def test_the_five_kinds_of_iterators(kinesis: Any, stream: str):
    first = kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"1")["SequenceNumber"]
    time.sleep(0.01)
    between = datetime.now(UTC)
    time.sleep(0.01)
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"2")

    def iterator(kind: str, **arguments: Any) -> str:
        return kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType=kind, **arguments)[
            "ShardIterator"
        ]

    iterators = {
        "TRIM_HORIZON": iterator("TRIM_HORIZON"),
        "AT_SEQUENCE_NUMBER": iterator("AT_SEQUENCE_NUMBER", StartingSequenceNumber=first),
        "AFTER_SEQUENCE_NUMBER": iterator("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first),
        "AT_TIMESTAMP": iterator("AT_TIMESTAMP", Timestamp=between),
        "LATEST": iterator("LATEST"),
    }
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"3")
    found = {
        kind: b"".join(record["Data"] for record in kinesis.get_records(ShardIterator=text)["Records"])
        for kind, text in iterators.items()
    }
    assert found == {
        "TRIM_HORIZON": b"123",
        "AT_SEQUENCE_NUMBER": b"123",
        "AFTER_SEQUENCE_NUMBER": b"23",
        "AT_TIMESTAMP": b"23",
        "LATEST": b"3",
    }


def test_iterators_are_checked(kinesis: Any, streams: Streams, stream: str):
    def iterator(kind: str, shard: str = FIRST, **arguments: Any) -> Any:
        return kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType=kind, **arguments)

    other = streams.make(2)
    foreign = kinesis.put_record(StreamName=other, PartitionKey="k", Data=b"")["SequenceNumber"]
    with refused("InvalidArgumentException", "Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber."):
        iterator("AT_SEQUENCE_NUMBER")
    with refused("InvalidArgumentException", "Request specified LATEST and also a StartingSequenceNumber."):
        iterator("LATEST", StartingSequenceNumber=foreign)
    with refused("InvalidArgumentException", "is invalid because it did not come from this stream."):
        iterator("AT_SEQUENCE_NUMBER", StartingSequenceNumber=foreign)
    with refused("InvalidArgumentException", "StartingSequenceNumber 17 used in GetShardIterator"):
        iterator("AT_SEQUENCE_NUMBER", StartingSequenceNumber="17")
    with refused("InvalidArgumentException", "Timestamp"):
        iterator("AT_TIMESTAMP")
    with refused("InvalidArgumentException", "cannot be greater than the currentTimestampInMillis"):
        iterator("AT_TIMESTAMP", Timestamp=time.time() + 1000)
    with refused("ValidationException", "enum value set"):
        iterator("SOMEWHERE")
    with refused("ResourceNotFoundException", "does not exist"):
        iterator("LATEST", "shardId-000000000099")
    with refused("InvalidArgumentException", "Invalid ShardIterator."):
        kinesis.get_records(ShardIterator="nonsense")
    good = iterator("LATEST")["ShardIterator"]
    for limit in (0, 10_001):
        with refused("ValidationException", "at 'limit'"):
            kinesis.get_records(ShardIterator=good, Limit=limit)
    kinesis.delete_stream(StreamName=stream)
    with refused("ResourceNotFoundException"):
        kinesis.get_records(ShardIterator=good)
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    with refused("ResourceNotFoundException"):
        kinesis.get_records(ShardIterator=good)


def test_reading_goes_on_and_says_how_far_behind_it_is(kinesis: Any, stream: str):
    kinesis.put_records(StreamName=stream, Records=[{"PartitionKey": "k", "Data": b"%d" % n} for n in range(5)])
    time.sleep(0.05)
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    found, behind = [], []
    text = iterator["ShardIterator"]
    for _ in range(4):
        answer = kinesis.get_records(ShardIterator=text, Limit=2)
        found.append(b"".join(record["Data"] for record in answer["Records"]))
        behind.append(answer["MillisBehindLatest"])
        text = answer["NextShardIterator"]
    assert found == [b"01", b"23", b"4", b""]
    assert behind[0] >= 50
    assert behind[2:] == [0, 0]


# --- resharding


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


# --- settings


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


# --- consumers


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
