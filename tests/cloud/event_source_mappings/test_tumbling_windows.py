"""Tumbling windows from outside: state, the final invocation, and what goes wrong in between."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import DYNAMODB_READ, KINESIS_READ

pytestmark = pytest.mark.slow

SUMMING = """
import base64, json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    seen = event | {"count": len(event["Records"])}
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps(seen))
    if os.environ.get("FORGETS"):
        return None
    state = event["state"]
    for record in event["Records"]:
        state["sum"] = state.get("sum", 0) + json.loads(base64.b64decode(record["kinesis"]["data"]))
    return {"state": state}
"""


def test_a_tumbling_window_sums_up_and_ends_with_a_final_invocation(workshop: Workshop):
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(stream, function, TumblingWindowInSeconds=1, BatchSize=2)
    workshop.put(stream, 1, 2, 3)

    def finals() -> list[dict[str, Any]]:
        return [event for event in workshop.messages(log) if event["isFinalInvokeForWindow"]]

    eventually(lambda: sum(final["state"].get("sum", 0) for final in finals()) == 6)
    for event in workshop.messages(log):
        assert event["shardId"] == "shardId-000000000000"
        assert event["eventSourceARN"] == stream
        assert not event["isWindowTerminatedEarly"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["window"]["start"])
        assert (event["count"] == 0) == event["isFinalInvokeForWindow"]


GROWING = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    size = len(json.dumps(event, separators=(",", ":")))
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps([len(event["Records"]), size]))
    return {"state": {"filler": "x" * 1_000_000}}
"""


def test_with_the_windows_state_an_event_is_no_larger_than_6_mb(workshop: Workshop):
    table, stream = workshop.table()
    log, log_arn = workshop.queue()
    role = workshop.role((DYNAMODB_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(GROWING, role, Environment={"Variables": {"LOG": log}})
    for number in range(32):  # 15 of them are just less than 6 MB, without the state
        item = {"pk": {"S": str(number)}, "text": {"S": "x" * 395_000}}
        workshop.clients.dynamodb.put_item(TableName=table, Item=item)
    workshop.mapping(stream, function, TumblingWindowInSeconds=900)
    seen = eventually(lambda: (found := workshop.messages(log)) and sum(count for count, _ in found) >= 32 and found)
    assert sum(count for count, _size in seen) == 32
    assert all(size <= 6 * 1024 * 1024 for _count, size in seen)


def test_an_answer_without_state_is_a_failure(workshop: Workshop):
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    failures, failures_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", [log_arn, failures_arn]))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log, "FORGETS": "1"}})
    destination = {"OnFailure": {"Destination": failures_arn}}
    workshop.mapping(stream, function, TumblingWindowInSeconds=1, MaximumRetryAttempts=0, DestinationConfig=destination)
    workshop.put(stream, 1)
    (message,) = eventually(lambda: workshop.messages(failures))
    assert message["responseContext"]["functionError"] is None


COUNTING = """
import json, os, boto3
sqs = boto3.client("sqs")
failed = set()
def handler(event, context):
    numbers = [(record.get("kinesis") or record["dynamodb"]) for record in event["Records"]]
    numbers = [number.get("sequenceNumber") or number["SequenceNumber"] for number in numbers]
    seen = [event["shardId"], numbers, event["state"], event["isFinalInvokeForWindow"]]
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps(seen))
    once = (tuple(numbers), event["isFinalInvokeForWindow"])
    if once not in failed:
        failed.add(once)
        raise RuntimeError("every invocation fails at first")
    return {"state": {"count": event["state"].get("count", 0) + len(numbers)}}
"""


def test_an_invocation_of_a_window_that_fails_is_retried_with_the_same_state(workshop: Workshop):
    """On a table: each batch, and the final invocation, fails once; what is summed up is exact all the same."""
    name, source = workshop.table()
    log, log_arn = workshop.queue()
    role = workshop.role((DYNAMODB_READ, source), ("sqs:SendMessage", log_arn))
    function = workshop.function(COUNTING, role, Environment={"Variables": {"LOG": log}})
    for key in "abc":
        workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": key}})
    workshop.mapping(source, function, TumblingWindowInSeconds=1, BatchSize=2)
    seen: list[Any] = []

    def both_finals(batches: int = 2) -> bool:
        seen[:] = workshop.messages(log)
        finals = [state for _, _, state, final in seen if final]
        return sum(state["count"] for state in finals) == 2 * 3 and len(seen) >= 2 * (batches + 1)

    eventually(both_finals, seconds=20)
    for numbers, final in {(tuple(numbers), final) for _, numbers, _, final in seen if numbers}:
        states = [state for _, of, state, f in seen if (tuple(of), f) == (numbers, final)]
        assert len(states) == 2
        assert states[0] == states[1]


def test_a_window_is_closed_when_its_shard_is(workshop: Workshop):
    """Resharding ends the window of the parent, however long it is; the children have windows of their own."""
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(stream, function, TumblingWindowInSeconds=900)
    workshop.put(stream, 4)
    eventually(lambda: workshop.messages(log))
    workshop.clients.kinesis.split_shard(
        StreamName=stream.split("/")[1], ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )

    def finals() -> list[dict[str, Any]]:
        return [event for event in workshop.messages(log) if event["isFinalInvokeForWindow"]]

    (final,) = eventually(finals)
    assert (final["shardId"], final["state"], final["Records"]) == ("shardId-000000000000", {"sum": 4}, [])
    assert not final["isWindowTerminatedEarly"]


def test_a_window_that_was_switched_off_is_closed(workshop: Workshop):
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log}})
    mapping = workshop.mapping(stream, function, TumblingWindowInSeconds=900)
    workshop.put(stream, 1)
    eventually(lambda: workshop.messages(log))
    workshop.clients.lambda_.update_event_source_mapping(UUID=mapping, TumblingWindowInSeconds=0)
    eventually(lambda: any(event["isFinalInvokeForWindow"] for event in workshop.messages(log)))
