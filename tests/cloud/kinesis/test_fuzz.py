"""Whatever is sent: an answer, or an error of the caller's in AWS's shape; never a 5xx, never a traceback."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.cloud.kinesis import KinesisService, cbor
from lab.cloud.kinesis.errors import KinesisError
from lab.cloud.kinesis.operations import CHECKED, CHECKING_THEMSELVES, SUBSCRIBE
from tests.cloud.requests_of import Requests, anything

HERE = ("000000000000", "us-east-1")
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
OPERATIONS = sorted([*CHECKED, *CHECKING_THEMSELVES])

names = st.sampled_from(["s", "t", "gone", "", "-", "x" * 129])
likely = {
    "StreamName": names,
    "StreamARN": st.sampled_from([ARN, ARN + "x", ARN + "/consumer/c:1", "arn:aws:kinesis:x", "arn:aws:s3:::b"]),
    "ConsumerName": st.sampled_from(["c", "d"]),
    "ShardId": st.sampled_from([f"shardId-{n:012d}" for n in range(4)] + ["0", "x", "shardId-" + "9" * 40, "٣"]),
    "HashKey": st.one_of(st.integers(0, 2**128).map(str), st.sampled_from(["0", "01", "9" * 39, "9" * 40])),
    "SequenceNumber": st.sampled_from(["0", "1", "49" + "1" * 54, "9" * 129]),
    "Data": st.sampled_from(["", "YQ==", "YQ", "====", "é", "\n"]),
    "PositiveIntegerObject": st.integers(-1, 5),
    "RetentionPeriodHours": st.sampled_from([0, 23, 24, 25, 48, 8760, 8761, 10**30]),
    "Policy": st.sampled_from(["{}", "[", '{"Version": "1", "Statement": []}', "[" * 100_000]),
    "Timestamp": st.sampled_from([0, -1, 1.5, 1_700_000_000, 1e300, 10**20]),
}
sent = Requests("kinesis", likely)
requests = st.sampled_from(OPERATIONS).flatmap(lambda operation: st.tuples(st.just(operation), sent.of(operation)))


def outcome(kinesis: KinesisService, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
    try:
        return 200, kinesis.perform(operation, request, *HERE)
    except KinesisError as error:
        return error.status, error


@settings(max_examples=80, deadline=None)
@given(st.lists(requests, max_size=8))
def test_any_sequence_of_requests_is_answered_or_refused(calls: list[tuple[str, dict[str, Any]]]):
    kinesis = KinesisService(None, transition_seconds=0)
    kinesis.perform("CreateStream", {"StreamName": "s", "ShardCount": 2}, *HERE)
    for operation, request in calls:
        status, answer = outcome(kinesis, operation, request)
        assert status < 500, (operation, request, answer)
    stream = kinesis.shards(ARN)
    if stream is not None:
        assert kinesis.put(ARN, "k", b"alive")


in_cbor = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.floats(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
bodies = st.one_of(
    st.binary(max_size=30),
    anything.map(lambda value: json.dumps(value).encode()),
    in_cbor.map(lambda value: cbor.encode({"StreamName": value, "Data": value, "Limit": value})),
)


def check_body(body: bytes, operation: str, *, as_cbor: bool) -> None:
    kinesis = KinesisService(None, transition_seconds=0)
    kind = "application/x-amz-cbor-1.1" if as_cbor else "application/x-amz-json-1.1"
    headers = {"x-amz-target": f"Kinesis_20131202.{operation}", "content-type": kind}
    kinesis.resource_of(headers, body, *HERE)
    status, answered, content = asyncio.run(kinesis.handle("POST", "/", headers, body, {}))
    assert answered["Content-Type"] == kind
    if status != 200:
        error = cbor.decode(content) if as_cbor else json.loads(content)
        assert (status, error["__type"]) == (400, answered["x-amzn-ErrorType"])


@settings(max_examples=120, deadline=None)
@given(bodies, st.sampled_from([*OPERATIONS, SUBSCRIBE, "Nonsense", ""]), st.booleans())
def test_any_body_is_answered_in_aws_s_shape(body: bytes, operation: str, as_cbor: bool):
    check_body(body, operation, as_cbor=as_cbor)


@pytest.mark.parametrize("as_cbor", [True, False])
@pytest.mark.parametrize("number", range(7))
def test_monstrous_bodies_too(number: int, as_cbor: bool):
    body = [b"", b"[" * 100_000, b'{"StreamName":' * 20_000, b'{"Limit":' + b"1" * 5000 + b"}", b"\xff\xfe{",
            b'{"Limit": NaN}', b"\x9f" * 100_000][number]  # fmt: skip
    for operation in ("PutRecords", "ListStreams", SUBSCRIBE):
        check_body(body, operation, as_cbor=as_cbor)


def test_an_error_of_ours_is_an_internal_failure_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    kinesis = KinesisService(None)
    monkeypatch.setitem(CHECKED, "ListStreams", lambda _call: 1 / 0)  # type: ignore[arg-type,return-value]
    headers = {"x-amz-target": "Kinesis_20131202.ListStreams", "content-type": "application/x-amz-json-1.1"}
    with caplog.at_level(logging.ERROR):
        status, _, content = asyncio.run(kinesis.handle("POST", "/", headers, b"{}", {}))
    assert (status, json.loads(content)["__type"]) == (500, "InternalFailure")
    assert "ZeroDivisionError" in caplog.text
