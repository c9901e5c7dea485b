"""Failure on demand: what a fault does to a function, a shard, a destination, as seen from outside."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.cloud.client import Cloud
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.test_trace import Consumer, events, told, when


def request(cloud: Cloud, method: str, path: str = "/_lab/faults", body: Any = None) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)) as connection:
        connection.request(method, path, body if isinstance(body, str) else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.fixture
def fault(local_cloud: Cloud):
    """Return a way to set faults; all are cleared afterwards."""

    def set_one(**wanted: Any) -> str:
        status, answer = request(local_cloud, "POST", body=wanted)
        assert status == 201, answer
        return answer.get("id", "")

    yield set_one
    request(local_cloud, "DELETE")


def bites(cloud: Cloud, fault_id: str) -> list[dict[str, Any]]:
    return [e for e in events(cloud, limit=10000) if e["event"] == "fault_bit" and e["fault"] == fault_id]


def outcomes(cloud: Cloud, function: str) -> list[tuple[str, int]]:
    return [(e["outcome"], e["count"]) for e in events(cloud, function=function) if e["event"] == "outcome"]


def test_a_throttled_function_is_tried_until_it_is_free_again_and_no_retry_is_used(
    local_cloud: Cloud, workshop: Workshop, fault
):
    consumer = Consumer(workshop, MaximumRetryAttempts=0)
    workshop.put(consumer.stream, "a")
    fault_id = fault(kind="throttle", function=consumer.name, count=2)
    consumer.begin()
    found = when(local_cloud, consumer.name, "checkpoint")
    assert outcomes(local_cloud, consumer.name) == [("throttled", 1), ("throttled", 1), ("succeeded", 1)]
    assert "discarded" not in told(found)
    assert len(bites(local_cloud, fault_id)) == 2
    assert request(local_cloud, "GET")[1] == {"faults": []}, "it is over once it has taken effect so often"
    assert "fault_cleared" in told(events(local_cloud, limit=10000))


def test_a_throttle_is_told_to_who_invokes(local_cloud: Cloud, workshop: Workshop, fault):
    function = workshop.function("def handler(event, context):\n    return 1\n", workshop.role())
    name = function.rsplit(":", 1)[1]
    fault_id = fault(kind="throttle", function=name, for_seconds=30)
    with pytest.raises(ClientError) as refused:
        workshop.clients.lambda_.invoke(FunctionName=name)
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert 0 < request(local_cloud, "GET")[1]["faults"][0]["left_seconds"] <= 30
    assert request(local_cloud, "DELETE", f"/_lab/faults/{fault_id}") == (200, {"cleared": [fault_id]})
    assert workshop.clients.lambda_.invoke(FunctionName=name)["Payload"].read() == b"1"


def test_the_nth_record_fails_each_time_it_comes_until_it_is_given_up(local_cloud: Cloud, workshop: Workshop, fault):
    consumer = Consumer(workshop, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True)
    fault_id = fault(kind="fail", function=consumer.name, record=2)
    numbers = workshop.put(consumer.stream, "a", "b", "c", "d")
    consumer.begin()
    found = when(local_cloud, consumer.name, "discarded")
    given_up = next(event for event in found if event["event"] == "discarded")
    assert (given_up["first"], given_up["last"]) == (numbers[1], numbers[1])
    assert {event["first"] for event in bites(local_cloud, fault_id)} == {numbers[1]}
    eventually(lambda: [e["at"] for e in events(local_cloud, function=consumer.name, limit=1) if "at" in e])
    assert told(events(local_cloud, function=consumer.name)).count("discarded") == 1


def test_every_nth_invocation_fails_for_who_invokes(workshop: Workshop, fault):
    function = workshop.function("def handler(event, context):\n    return 1\n", workshop.role())
    fault(kind="fail", function=function.rsplit(":", 1)[1], every=2, count=2)
    answers = [workshop.clients.lambda_.invoke(FunctionName=function, Payload=b"{}") for _ in range(6)]
    assert [answer.get("FunctionError") for answer in answers] == [None, "Unhandled", None, "Unhandled", None, None]
    assert b"FaultError" in answers[1]["Payload"].read()


def test_a_slow_shard_is_read_later_and_at_once_when_the_fault_is_cleared(
    local_cloud: Cloud, workshop: Workshop, fault
):
    consumer = Consumer(workshop)
    stream = consumer.stream.rsplit("/", 1)[1]
    fault_id = fault(kind="slow", stream=stream, seconds=0.5)
    consumer.begin()
    began = time.monotonic()
    workshop.put(consumer.stream, "a")
    when(local_cloud, consumer.name, "checkpoint")
    assert time.monotonic() - began > 0.3
    (bite,) = bites(local_cloud, fault_id)
    assert (bite["stream"], bite["shard"], bite["wait_seconds"]) == (consumer.stream, "shardId-000000000000", 0.5)
    request(local_cloud, "DELETE")
    fault(kind="slow", stream=stream, shard="shardId-000000000000", seconds=900)
    workshop.put(consumer.stream, "b")
    time.sleep(0.2)
    assert told(events(local_cloud, function=consumer.name)).count("checkpoint") == 1
    request(local_cloud, "DELETE")
    when(local_cloud, consumer.name, "checkpoint", 2)


def test_a_slow_function_is_slow_for_everybody(local_cloud: Cloud, workshop: Workshop, fault):
    function = workshop.function("def handler(event, context):\n    return 1\n", workshop.role())
    fault(kind="slow", function=function.rsplit(":", 1)[1], seconds=0.4)
    began = time.monotonic()
    workshop.clients.lambda_.invoke(FunctionName=function)
    assert time.monotonic() - began >= 0.4


def test_a_cut_destination_is_tried_again(local_cloud: Cloud, workshop: Workshop, fault):
    url, queue = workshop.queue()
    consumer = Consumer(workshop, mode="raise", queue=queue, MaximumRetryAttempts=0)
    fault(kind="cut", destination=queue, count=2)
    workshop.put(consumer.stream, "bad")
    consumer.begin()
    found = when(local_cloud, consumer.name, "destination_told")
    end = told(found)[told(found).index("discarded") + 1 : told(found).index("destination_told")]
    assert end == ["fault_bit", "destination_failed"] * 2
    assert len(workshop.messages(url)) == 1


def test_write_limits_are_switched(local_cloud: Cloud, workshop: Workshop, fault):
    stream = workshop.stream()
    data = bytes(900_000)
    fault(kind="limits", on=True)
    records = [{"PartitionKey": "k", "Data": data} for _ in range(3)]
    answer = workshop.clients.kinesis.put_records(StreamARN=stream, Records=records)
    assert {record.get("ErrorCode") for record in answer["Records"]} == {None, "ProvisionedThroughputExceededException"}
    off = fault(kind="limits", on=False)
    assert [(found["id"], found["on"]) for found in request(local_cloud, "GET")[1]["faults"]] == [(off, False)]
    for _ in range(3):
        workshop.clients.kinesis.put_record(StreamARN=stream, PartitionKey="k", Data=data)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{", "A fault is a JSON object."),
        ([], "A fault is a JSON object."),
        ({}, "kind must be one of"),
        ({"kind": "explode"}, "kind must be one of"),
        ({"kind": "throttle"}, "A fault of the kind throttle needs one of: function."),
        ({"kind": "throttle", "function": 3}, "function must be a text."),
        ({"kind": "throttle", "function": "f", "shard": "s"}, "A fault of the kind throttle has no shard."),
        ({"kind": "throttle", "function": "f", "count": 0}, "count must be a whole number from 1 on."),
        ({"kind": "throttle", "function": "f", "count": True}, "count must be a whole number from 1 on."),
        ({"kind": "throttle", "function": "f", "for_seconds": -1}, "for_seconds must be more than 0"),
        ({"kind": "fail", "function": "f"}, "A fault of the kind fail needs record or every"),
        ({"kind": "fail", "function": "f", "record": 1, "every": 2}, "A fault of the kind fail needs record or every"),
        ({"kind": "slow", "function": "f"}, "A fault of the kind slow needs seconds."),
        ({"kind": "slow", "function": "f", "stream": "s", "seconds": 1}, "A fault of the kind slow needs one of"),
        ({"kind": "slow", "function": "f", "seconds": "1"}, "seconds must be a number."),
        ({"kind": "slow", "function": "f", "seconds": 901}, "seconds must be more than 0 and at most 900."),
        ('{"kind": "slow", "function": "f", "seconds": NaN}', "seconds must be a number."),
        ({"kind": "limits"}, "A fault of the kind limits needs on: true or false."),
    ],
    ids=str,
)
def test_what_cannot_be_set_is_refused_as_aws_does(local_cloud: Cloud, wrong: Any, said: str):
    status, answer = request(local_cloud, "POST", body=wrong)
    assert status == 400
    assert answer["__type"] in ("ValidationException", "SerializationException")
    assert answer["message"].startswith(said)


def test_a_fault_that_is_not_there_cannot_be_cleared(local_cloud: Cloud):
    status, answer = request(local_cloud, "DELETE", "/_lab/faults/f-999")
    assert (status, answer["__type"]) == (404, "ResourceNotFoundException")
