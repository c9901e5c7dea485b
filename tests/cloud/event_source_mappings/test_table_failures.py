"""Failing batches of a table's changes: the same rules as for Kinesis, and what the destinations are told."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import DYNAMODB_READ, HANDLER, Pipeline

pytestmark = pytest.mark.slow

KEYS = ("first", "second", "bad", "last")


def filled(shop: Workshop, *keys: str, view: str = "KEYS_ONLY") -> str:
    """Make a table with items of these keys; return its stream's ARN."""
    name, stream = shop.table(view)
    for key in keys:
        shop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": key}})
    return stream


def keys_of(event: dict[str, Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]


def test_a_table_partial_answer_moves_the_checkpoint_and_the_rest_is_retried(workshop: Workshop):
    """Four records, the third is reported: [1-4], then the last two 1 + 2 times, and both are given up."""
    stream = filled(workshop, *KEYS)
    pipeline = Pipeline(workshop, stream, DYNAMODB_READ, mode="report", MaximumRetryAttempts=2)
    (message,) = eventually(lambda: workshop.messages(pipeline.failures), seconds=20)
    assert message["requestContext"]["approximateInvokeCount"] == 3
    assert message["responseContext"]["functionError"] is None
    assert message["DDBStreamBatchInfo"]["batchSize"] == 2
    assert sorted(map(keys_of, pipeline.events())) == [["bad", "last"]] * 3 + [list(KEYS)]


def test_a_failed_batch_of_a_table_is_bisected_and_s3_gets_the_whole_event(workshop: Workshop):
    stream, bucket = filled(workshop, *KEYS), workshop.name("bucket")
    workshop.clients.s3.create_bucket(Bucket=bucket)
    log, log_arn = workshop.queue()
    bucket_arn = f"arn:aws:s3:::{bucket}"
    role = workshop.role(
        (DYNAMODB_READ, stream), ("sqs:SendMessage", log_arn), ("s3:PutObject", f"{bucket_arn}/*"),
        ("s3:ListBucket", bucket_arn),
    )  # fmt: skip
    function = workshop.function(HANDLER, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(
        stream, function, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": bucket_arn}},
    )  # fmt: skip
    (found,) = eventually(lambda: workshop.clients.s3.list_objects_v2(Bucket=bucket).get("Contents", []), seconds=20)
    message = json.loads(workshop.clients.s3.get_object(Bucket=bucket, Key=found.get("Key", ""))["Body"].read())
    assert list(message) == [
        "requestContext", "responseContext", "version", "timestamp", "DDBStreamBatchInfo", "payload",
    ]  # fmt: skip
    assert message["requestContext"] | {"requestId": ""} == {
        "requestId": "", "functionArn": function, "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1,
    }  # fmt: skip
    assert message["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
    }  # fmt: skip
    assert message["version"] == "1.0"
    event = json.loads(message["payload"])
    (record,) = event["Records"]
    assert keys_of(event) == ["bad"]
    batch = message["DDBStreamBatchInfo"]
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"] == record["dynamodb"]["SequenceNumber"]
    assert batch["streamArn"] == stream
    assert batch["approximateArrivalOfFirstRecord"].endswith("Z")
    assert "." not in batch["approximateArrivalOfFirstRecord"]
    assert f"/{batch['shardId']}/" in found.get("Key", "")
    expected = [["bad"], ["bad", "last"], ["first", "second"], ["last"], [*KEYS]]
    eventually(lambda: sorted(map(keys_of, workshop.messages(log))) == sorted(expected))


def test_a_table_is_read_from_its_end_with_latest(workshop: Workshop):
    name, stream = workshop.table()
    workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": "before"}})
    pipeline = Pipeline(workshop, stream, DYNAMODB_READ, StartingPosition="LATEST")
    workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": "after"}})
    eventually(pipeline.events)
    assert list(map(keys_of, pipeline.events())) == [["after"]]


TIMING = """
import json, os, time, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    began = time.time()
    time.sleep(0.3)
    changes = [record["dynamodb"] for record in event["Records"]]
    seen = [[c["Keys"]["pk"]["S"], int(c["NewImage"]["n"]["N"])] for c in changes]
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps([began, time.time(), seen]))
"""


def test_changes_of_one_item_never_overlap_and_keep_their_order(workshop: Workshop):
    """ParallelizationFactor on a table: several batches at once, but one at a time for each item."""
    name, stream = workshop.table()
    for number in range(4):
        for key in "abcd":
            workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": key}, "n": {"N": str(number)}})
    log, log_arn = workshop.queue()
    role = workshop.role((DYNAMODB_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(TIMING, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(stream, function, ParallelizationFactor=4, BatchSize=2)
    found: list[Any] = []

    def all_seen() -> bool:
        found[:] = sorted(workshop.messages(log))
        return sum(len(seen) for *_, seen in found) == 16

    eventually(all_seen, seconds=20)
    for key in "abcd":
        of_key = [(began, ended, [n for k, n in seen if k == key]) for began, ended, seen in found]
        of_key = [each for each in of_key if each[2]]
        assert [n for *_, numbers in of_key for n in numbers] == [0, 1, 2, 3]
        assert all(second[0] >= first[1] for first, second in itertools.pairwise(of_key))
    assert any(second[0] < first[1] for first, second in itertools.pairwise(found)), "some ran at once"
