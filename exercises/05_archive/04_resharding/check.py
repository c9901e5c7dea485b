"""Checks `resharding`: splits a shard while it is being read, and compares what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

SENT, BATCH, KEYS = 100, 10, 8
CONSUMER = """
import time

def lambda_handler(event, context):
    time.sleep(0.05)
"""
NUMBERS = ("shards", "open", "records", "twice", "key_shards")
WHEN = ("at once", "after the parent")


def check(attempt: Attempt) -> None:
    """Ask for all answers and look at what needs no cloud, then make the experiment."""
    predicted = {"records": attempt.number("prediction.records"), "children": attempt.choice("prediction.children", WHEN)}
    seen = {name: attempt.number(f"observed.{name}") for name in NUMBERS}
    children = attempt.choice("observed.children", WHEN)
    attempt.require(seen["shards"] != 2, "parent_is_there")
    attempt.require(seen["shards"] != 1, "not_split")
    attempt.require(seen["open"] != seen["shards"], "parent_closed")
    attempt.require(seen["records"] >= 2 * SENT, "records_early", seen=seen["records"])
    attempt.require(seen["key_shards"] != 1, "one_shard")
    attempt.require(seen["key_shards"] != seen["shards"], "three_shards")
    there = _experiment(cloud := attempt.cloud())
    attempt.require(children == ("after the parent" if _in_order(cloud) else "at once"), "children_at_once")
    for name in NUMBERS:
        attempt.require(seen[name] == there[name], "other", answer=f"observed.{name}", seen=seen[name])
    if predicted["records"] != there["records"]:
        attempt.note("records", predicted=predicted["records"], seen=there["records"])
    if predicted["children"] != children:
        attempt.note("children", predicted=predicted["children"])


def _experiment(cloud: Workbench) -> dict[str, int]:
    """Put records, split while they are read, put more of the same keys, and return what came of it."""
    stream, kinesis = cloud.stream(), cloud.clients.kinesis
    function = cloud.function("consumer.lambda_handler", files={"consumer.py": CONSUMER})
    cloud.mapping(cloud.stream_arn(stream), function, BatchSize=BATCH)
    records = list(range(SENT))
    cloud.put(stream, records, key=_key)
    kinesis.update_shard_count(StreamName=stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    summary = kinesis.describe_stream_summary
    cloud.eventually(lambda: summary(StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")
    cloud.put(stream, records, key=_key)
    cloud.eventually(lambda: sum(event["count"] for event in _events(cloud, "outcome")) >= 2 * SENT)
    done = sum(event["count"] for event in _events(cloud, "outcome"))
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    closed = sum("EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in shards)
    return {
        "shards": len(shards),
        "open": len(shards) - closed,
        "records": min(done, 2 * SENT),
        "twice": max(0, done - 2 * SENT),
        "key_shards": sum(_holds(cloud, stream, shard["ShardId"], _key(0)) for shard in shards),
    }


def _key(number: int) -> str:
    return f"PartitionKey{number % KEYS + 1}"


def _events(cloud: Workbench, kind: str) -> list[dict[str, Any]]:
    return [event for event in cloud.trace() if event["event"] == kind]


def _in_order(cloud: Workbench) -> bool:
    """Say whether no child was given to the function before its parent was done."""
    ended = min(event["id"] for event in _events(cloud, "shard_ended"))
    of_children = [event["id"] for event in _events(cloud, "invoked") if not event["shard"].endswith("000")]
    return min(of_children) > ended


def _holds(cloud: Workbench, stream: str, shard: str, key: str) -> bool:
    begin = cloud.clients.kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    found = cloud.clients.kinesis.get_records(ShardIterator=begin["ShardIterator"])["Records"]
    return any(record["PartitionKey"] == key for record in found)
