"""Records through the API: written, and read by iterators."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import Any

from tests.cloud.kinesis.conftest import FIRST, Streams, active, read_all, refused, shards_of


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
