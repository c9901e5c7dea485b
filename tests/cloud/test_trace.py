"""The trace: what is told about a batch, over HTTP, as a stream and in the file."""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from lab.cloud import process
from lab.cloud.client import Cloud
from lab.cloud.trace import Trace
from lab.cloud.trace import store as trace_store
from lab.cloud.trace.events import EVENTS, FIELDS
from tests.cloud.conftest import Workshop, eventually

READ = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"]

# Fails as its mapping's test wants; it knows nothing of queues, so that it is quick.
HANDLER = """
import base64, os
def handler(event, context):
    records = [record["kinesis"] for record in event["Records"]]
    numbers = [record["sequenceNumber"] for record in records if b"bad" in base64.b64decode(record["data"])]
    if numbers and os.environ["MODE"] == "raise":
        raise ValueError("secret payload")
    return {"batchItemFailures": [{"itemIdentifier": n} for n in numbers]}
"""


def ask(cloud: Cloud, path: str = "/_lab/trace", method: str = "GET", **parameters: Any) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)) as connection:
        connection.request(method, f"{path}?{urlencode(parameters)}")
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def events(cloud: Cloud, **parameters: Any) -> list[dict[str, Any]]:
    status, answer = ask(cloud, **parameters)
    assert status == 200, answer
    return answer["events"]


class Consumer:
    """A function that reads a stream of one shard."""

    def __init__(self, shop: Workshop, *, mode: str = "report", queue: str | None = None, **settings: Any) -> None:
        self.stream = shop.stream()
        statements = [(READ, self.stream), *([("sqs:SendMessage", queue)] if queue else [])]
        self.role = shop.role(*statements)
        self.arn = shop.function(HANDLER, self.role, Environment={"Variables": {"MODE": mode}})
        self.name = self.arn.rsplit(":", 1)[1]
        if queue:
            settings["DestinationConfig"] = {"OnFailure": {"Destination": queue}}
        if mode == "report":
            settings["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        self.settings, self.shop = settings, shop

    def begin(self) -> str:
        self.mapping = self.shop.mapping(self.stream, self.arn, **self.settings)
        return self.mapping


def told(found: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in found]


def when(cloud: Cloud, function: str, event: str, count: int = 1) -> list[dict[str, Any]]:
    """Return a function's trace once it holds an event so often."""

    def check() -> list[dict[str, Any]]:
        found = events(cloud, function=function)
        return found if told(found).count(event) >= count else []

    return eventually(check)


def test_a_batch_that_is_reported_in_part_is_told_step_by_step(local_cloud: Cloud, workshop: Workshop):
    _url, queue = workshop.queue()
    consumer = Consumer(workshop, queue=queue, MaximumRetryAttempts=1)
    numbers = workshop.put(consumer.stream, "a", "b", "bad", "d")
    mapping = consumer.begin()
    found = when(local_cloud, consumer.name, "checkpoint", 2)
    assert told(found) == [
        "shard_found",
        "mapping_enabled",
        "shard_started",
        *("batch_formed", "invoked", "outcome", "retried", "checkpoint"),
        *("invoked", "outcome", "retried"),
        *("invoked", "outcome", "discarded", "destination_told", "checkpoint"),
    ]
    batch = next(event for event in found if event["event"] == "batch_formed")
    assert (batch["count"], batch["first"], batch["last"]) == (4, numbers[0], numbers[3])
    assert {e["batch"] for e in found if "batch" in e and e is not batch} == {batch["id"]}
    assert {event["mapping"] for event in found} == {mapping}
    assert {event["shard"] for event in found if "shard" in event} == {"shardId-000000000000"}
    first, second, third = [event for event in found if event["event"] == "outcome"]
    assert (first["outcome"], first["failed_from"], first["count"]) == ("partly_failed", numbers[2], 4)
    assert (second["outcome"], second["first"], third["count"]) == ("partly_failed", numbers[2], 2)
    assert [e["at"] for e in found if e["event"] == "checkpoint"] == [numbers[1], numbers[3]]
    waits = [(e["failures"], e["maximum_retry_attempts"], e["first"]) for e in found if e["event"] == "retried"]
    assert waits == [(0, 1, numbers[2]), (1, 1, numbers[2])]
    given_up = next(event for event in found if event["event"] == "discarded")
    assert (given_up["condition"], given_up["invocations"]) == ("RetryAttemptsExhausted", 2)
    assert next(event for event in found if event["event"] == "destination_told")["destination"] == queue


def test_a_batch_that_raises_is_split_and_nothing_of_its_data_is_told(local_cloud: Cloud, workshop: Workshop):
    consumer = Consumer(workshop, mode="raise", MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    numbers = workshop.put(consumer.stream, "a", "bad")
    consumer.begin()
    found = when(local_cloud, consumer.name, "checkpoint", 2)
    split = next(event for event in found if event["event"] == "split")
    assert (split["parts"], split["second"]) == ([1, 1], numbers[1])
    outcomes = [e for e in found if e["event"] == "outcome"]
    assert [(e["outcome"], e.get("error"), e.get("error_type")) for e in outcomes] == [
        ("failed", "Unhandled", "ValueError"),
        ("succeeded", None, None),
        ("failed", "Unhandled", "ValueError"),
    ]
    assert "secret" not in json.dumps(found)


def test_a_mapping_s_own_life_is_told(local_cloud: Cloud, workshop: Workshop):
    consumer = Consumer(workshop)
    consumer.begin()
    role = consumer.role.rsplit("/", 1)[1]
    workshop.clients.iam.delete_role_policy(RoleName=role, PolicyName="policy")
    when(local_cloud, consumer.name, "access_lost")
    workshop.allow(role, (READ, consumer.stream))
    when(local_cloud, consumer.name, "access_regained")
    lambda_ = workshop.clients.lambda_
    lambda_.update_event_source_mapping(UUID=consumer.mapping, Enabled=False)
    when(local_cloud, consumer.name, "mapping_disabled")
    lambda_.delete_event_source_mapping(UUID=consumer.mapping)
    when(local_cloud, consumer.name, "mapping_deleted")


def test_the_children_of_a_split_shard_begin_when_it_has_ended(local_cloud: Cloud, workshop: Workshop):
    consumer = Consumer(workshop)
    workshop.put(consumer.stream, "a")
    consumer.begin()
    when(local_cloud, consumer.name, "checkpoint")
    workshop.clients.kinesis.update_shard_count(
        StreamName=consumer.stream.rsplit("/", 1)[1], TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    found = when(local_cloud, consumer.name, "child_started", 2)
    order = told(found)
    assert order.index("shard_closed") < order.index("shard_ended") < order.index("child_started")
    child = found[order.index("child_started")]
    assert child["parents"] == ["shardId-000000000000"]
    assert child["shard"] != "shardId-000000000000"


def test_what_is_asked_for_is_what_comes(local_cloud: Cloud, workshop: Workshop):
    consumer = Consumer(workshop)
    workshop.put(consumer.stream, "a")
    consumer.begin()
    everything = when(local_cloud, consumer.name, "checkpoint")
    ids = [event["id"] for event in everything]
    assert ids == sorted(set(ids))
    _status, page = ask(local_cloud, function=consumer.name, after=ids[0], limit=2)
    assert [event["id"] for event in page["events"]] == ids[1:3]
    assert (page["next"], page["lost"]) == (ids[2], 0)
    _status, rest = ask(local_cloud, function=consumer.name, after=page["next"])
    assert [event["id"] for event in rest["events"]] == ids[3:]
    assert rest["next"] >= ids[-1]
    assert [event["id"] for event in events(local_cloud, mapping=consumer.mapping, limit=3)] == ids[-3:]
    assert events(local_cloud, function=consumer.name, shard="shardId-000000000007") == []
    assert events(local_cloud, function=consumer.name, since=everything[-1]["time"] + 1) == []
    assert len(events(local_cloud, function=consumer.name, since=everything[0]["time"])) == len(ids)


@pytest.mark.parametrize(
    "wrong",
    [{"after": "x"}, {"after": -1}, {"limit": 0}, {"limit": 10001}, {"since": "nan"}, {"since": "yesterday"},
     {"after": "9" * 30}, {"limit": "\uff11"}],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused_as_aws_does(local_cloud: Cloud, wrong: dict[str, Any]):
    status, answer = ask(local_cloud, **wrong)
    assert status == 400
    assert answer["__type"] == "ValidationException"
    assert answer["message"].startswith(next(iter(wrong)))


class Stream:
    """A client of the trace's server-sent events, as slow as the test wants it."""

    def __init__(self, cloud: Cloud, *, headers: str = "", **parameters: Any) -> None:
        self.socket = socket.create_connection(("127.0.0.1", cloud.port), timeout=10)
        path = f"/_lab/trace/stream?{urlencode(parameters)}"
        self.socket.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
        self.text = ""
        self.read_until(": the trace")

    def read_until(self, text: str) -> str:
        while text not in self.text:
            piece = self.socket.recv(65536)
            assert piece, f"it ended: {self.text[-1000:]}"
            self.text += piece.decode()
        return self.text

    def events(self) -> list[dict[str, Any]]:
        messages = [message for message in self.text.split("\n\n")[:-1] if message.startswith("id: ")]
        return [json.loads(message.split("data: ")[1]) for message in messages]


def test_the_stream_tells_as_it_happens_and_goes_on_where_a_client_was(local_cloud: Cloud, workshop: Workshop):
    consumer = Consumer(workshop)
    workshop.put(consumer.stream, "a")
    with closing(Stream(local_cloud, function=consumer.name).socket):
        listener = Stream(local_cloud, function=consumer.name)
        consumer.begin()
        listener.read_until('"event":"checkpoint"')
        listener.read_until("}\n\n")
    assert listener.events() == events(local_cloud, function=consumer.name)[: len(listener.events())]
    listener.socket.close()
    seen = listener.events()[2]["id"]
    again = Stream(local_cloud, function=consumer.name, headers=f"Last-Event-ID: {seen}\r\n")
    again.read_until('"event":"checkpoint"')
    assert again.events()[0] == listener.events()[3]
    again.socket.close()


def test_a_slow_listener_is_told_what_it_lost_and_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import asyncio

    monkeypatch.setattr(trace_store, "MOST_WAITING", 3)

    async def listen() -> None:
        trace = Trace(tmp_path / "trace.jsonl")
        with trace.listener(trace_store.Wanted(function="f")) as listener:
            for number in range(10):
                trace("invoked", function="f", count=number)
                trace("invoked", function="another")
            lost, entries = await anext(listener.read(1))
            assert (lost, [json.loads(entry.line)["count"] for entry in entries]) == (7, [7, 8, 9])
        trace.close()

    asyncio.run(listen())


def test_the_file_is_bounded_and_its_end_is_there_again_after_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trace_store, "MOST_BYTES", 20_000)
    path = tmp_path / "trace.jsonl"
    trace = Trace(path)
    for _ in range(5_000):
        trace("checkpoint", function="f", at="4" * 56)
    trace.close()
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) < 400_000
    assert sorted(each.name for each in tmp_path.iterdir()) == ["trace.jsonl", "trace.jsonl.1"]
    with path.open("a") as file:
        file.write('{"id": 9999, "half a li')
    again = Trace(path)
    assert again.newest == 5_000
    assert again("cloud_started", time_scale=1) == 5_001
    again.close()
    assert Trace(path).newest == 5_001


def test_stopping_does_not_wait_for_listeners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    cloud, _started = process.start(port=0)
    streams = [Stream(cloud) for _ in range(5)]
    began = time.monotonic()
    process.stop()
    assert time.monotonic() - began < 2
    for stream in streams:
        while piece := stream.socket.recv(65536):
            stream.text += piece.decode()
        stream.socket.close()


def test_telling_is_cheap(tmp_path: Path):
    trace = Trace(tmp_path / "trace.jsonl")
    began = time.process_time()
    for _ in range(20_000):
        trace("outcome", mapping="m" * 36, function="function", shard="shardId-000000000000", batch=1, count=100,
              first="4" * 56, last="4" * 56, outcome="succeeded", duration_ms=1.5)  # fmt: skip
    microseconds = (time.process_time() - began) / 20_000 * 1e6
    trace.close()
    assert microseconds < 30, "about 5 µs on the machine it was written on"


def test_every_event_has_documented_fields_only(local_cloud: Cloud):
    for event in events(local_cloud, limit=10000):
        _meaning, fields = EVENTS[event["event"]]
        assert set(event) <= {"id", "time", "event", *fields}, event
    for _meaning, fields in EVENTS.values():
        assert set(fields) <= set(FIELDS)
