"""Handlers that misbehave and destinations that are gone, behind a mapping: the shard goes on, and each is told."""

from __future__ import annotations

import time
from typing import Any

from tests.cloud.conftest import Workshop, eventually

EVERYTHING = ("*", "*")
HANDLER = """
import base64, json, os, signal, sys, time

def handler(event, context):
    what = json.loads(base64.b64decode(event["Records"][0]["kinesis"]["data"]))
    if what == "exits":
        os._exit(0)
    if what == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "never returns":
        while True:
            time.sleep(1)
    if what == "answers 7 MB":
        return "x" * 7_000_000
    if what == "forks":
        if os.fork() == 0:
            time.sleep(60)
    if what == "prints 100 MB":
        line = "y" * 999_999
        for _ in range(100):
            print(line)
    if what == "raises":
        raise ValueError(what)
"""
FAILS = ["exits", "is killed", "never returns", "answers 7 MB", "raises"]
SUCCEEDS = ["good", "forks", "prints 100 MB"]


def given_up(workshop: Workshop, queue: str) -> list[str]:
    """Return the sequence numbers that the messages of a queue name, each of one record."""
    bodies: list[dict[str, Any]] = workshop.messages(queue)
    return sorted(body["KinesisBatchInfo"]["startSequenceNumber"] for body in bodies)


def test_whatever_a_handler_does_its_shard_goes_on(workshop: Workshop):
    stream = workshop.stream()
    queue, queue_arn = workshop.queue()
    function = workshop.function(HANDLER, workshop.role(EVERYTHING), Timeout=1)
    workshop.mapping(
        stream,
        function,
        BatchSize=1,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue_arn}},
    )
    acts = [act for pair in zip(FAILS[:3], SUCCEEDS, strict=True) for act in pair] + FAILS[3:]
    numbers = dict(zip(acts, workshop.put(stream, *acts), strict=True))
    failed = eventually(lambda: len(found := given_up(workshop, queue)) == len(FAILS) and found, seconds=30)
    assert failed == sorted(numbers[act] for act in FAILS)


def test_a_destination_that_was_deleted_costs_its_messages_and_nothing_else(workshop: Workshop):
    stream = workshop.stream()
    queue, queue_arn = workshop.queue()
    function = workshop.function(HANDLER, workshop.role(EVERYTHING))
    mapping = workshop.mapping(
        stream,
        function,
        BatchSize=1,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue_arn}},
    )
    workshop.clients.sqs.delete_queue(QueueUrl=queue)
    workshop.put(stream, "raises", "good")
    failures = {"Namespace": "AWS/Lambda", "MetricName": "DestinationDeliveryFailures"}

    def told() -> bool:
        points = workshop.clients.cloudwatch.get_metric_statistics(
            **failures,
            Dimensions=[{"Name": "FunctionName", "Value": function.rsplit(":", 1)[-1]}],
            StartTime=time.time() - 600,
            EndTime=time.time() + 60,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return bool(points)

    eventually(told)
    eventually(
        lambda: workshop.clients.lambda_.get_event_source_mapping(UUID=mapping)["LastProcessingResult"] == "OK",
        seconds=30,
    )
