"""Checks `retention`: makes the experiment itself, with an age of a second, and compares what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

EVENTS, BATCH, AGE_SECONDS = 30, 10, 100
CONSUMER = """
import base64

def lambda_handler(event, context):
    for record in event["Records"]:
        if base64.b64decode(record["kinesis"]["data"]) == b"0":
            raise ZeroDivisionError
"""
NAMES = ("archived", "given_up", "untried", "messages_without", "in_stream")


def check(attempt: Attempt) -> None:
    """Ask for all answers and look at what needs no cloud, then make the experiment."""
    predicted = {name: attempt.number(f"prediction.{name}") for name in ("archived", "untried")}
    seen = {name: attempt.number(f"observed.{name}") for name in NAMES}
    attempt.require(seen["archived"] not in (EVENTS - 1, EVENTS - BATCH), "archived_some", seen=seen["archived"])
    attempt.require(seen["given_up"] != EVENTS // BATCH, "counted_messages")
    attempt.require(seen["given_up"] not in (1, BATCH), "only_the_first", seen=seen["given_up"])
    attempt.require(seen["untried"] not in (0, EVENTS), "untried_misread", seen=seen["untried"])
    attempt.require(seen["messages_without"] != EVENTS // BATCH, "old_messages")
    attempt.require(seen["in_stream"] != 0, "age_is_not_retention")
    there = _experiment(attempt.cloud(time_scale=0.01))
    for name in NAMES:
        attempt.require(seen[name] == there[name], "other", answer=f"observed.{name}", seen=seen[name])
    for name, guess in predicted.items():
        if guess != there[name]:
            attempt.note(name, predicted=guess, seen=there[name])


def _experiment(cloud: Workbench) -> dict[str, int]:
    """Two mappings on one stream, with and without a destination."""
    stream = cloud.stream()
    queue, queue_arn = cloud.queue()
    limits = {"BatchSize": BATCH, "MaximumRecordAgeInSeconds": AGE_SECONDS}
    told = _begin(cloud, stream, **limits, DestinationConfig={"OnFailure": {"Destination": queue_arn}})
    untold = _begin(cloud, stream, **limits)
    cloud.put(stream, [str(number) for number in range(EVENTS)])
    cloud.eventually(lambda: _given_up(cloud, told) == _given_up(cloud, untold) == EVENTS)
    messages = cloud.eventually(lambda: len(found := cloud.messages(queue)) == EVENTS // BATCH and found)
    events = cloud.trace(told)
    tried = {event["first"] for event in events if event["event"] == "invoked"}
    untried = sum(event["count"] for event in events if event["event"] == "discarded" and event["first"] not in tried)
    done = sum(event["count"] for event in events if event.get("outcome") == "succeeded")
    reports = [message for message in messages or [] if message["requestContext"]["functionArn"].endswith(untold)]
    kept = {"archived": done, "given_up": _given_up(cloud, told), "untried": untried, "messages_without": len(reports)}
    return {**kept, "in_stream": _readable(cloud, stream)}


def _begin(cloud: Workbench, stream: str, **settings: Any) -> str:
    function = cloud.function("consumer.lambda_handler", files={"consumer.py": CONSUMER})
    cloud.mapping(cloud.stream_arn(stream), function, **settings)
    return function


def _given_up(cloud: Workbench, function: str) -> int:
    return sum(event["count"] for event in cloud.trace(function) if event["event"] == "discarded")


def _readable(cloud: Workbench, stream: str) -> int:
    """Return how many records the stream still gives to a reader."""
    shard = cloud.clients.kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    begin = cloud.clients.kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    return len(cloud.clients.kinesis.get_records(ShardIterator=begin["ShardIterator"])["Records"])
