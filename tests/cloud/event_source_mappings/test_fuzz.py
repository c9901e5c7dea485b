"""Whatever is sent to the event source mapping API: an answer, or an error of the caller's in AWS's shape."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.aws import Clients
from lab.cloud.client import Cloud
from tests.cloud.conftest import Workshop
from tests.cloud.requests_of import Requests, anything, texts

COLLECTION = "/2015-03-31/event-source-mappings"
ROOT = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=none"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/fuzzed"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
Answered = tuple[int, dict[str, str], bytes]

arns = st.sampled_from(
    [
        STREAM,
        STREAM + "x",
        STREAM + "/consumer/c:1",
        "arn:aws:kinesis:mars-1:000000000000:stream/fuzzed",
        "arn:aws:kinesis:us-east-1:999999999999:stream/fuzzed",
        "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000",
        "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/",
        "arn:aws:sqs:us-east-1:000000000000:gone",
        "arn:aws:kafka:us-east-1:000000000000:cluster/c/1",
        "arn:aws:sns:us-east-1:000000000000:t",
        "arn:aws:s3:::b",
        "arn:aws:kinesis",
        "arn",
        "",
    ]
)
likely = {
    "Arn": arns,
    "DestinationArn": arns,
    "NamespacedFunctionName": st.sampled_from(["fuzzed", "gone", "fuzzed:1", "a:b:c", "x" * 300, "é", ""]),
    "EventSourceMappingArn": arns,
    "Date": st.sampled_from([0, -1, 1.5, 1e300, 10**30, "2026-01-01T00:00:00Z", "today"]),
    "Pattern": st.sampled_from(["{}", "[", '{"a": ["b"]}', '{"a": 1}', "[" * 10_000, '{"data":' * 500]),
}
requests = Requests("lambda", likely)
creations = st.tuples(
    requests.of("CreateEventSourceMapping"),
    st.fixed_dictionaries(
        {}, optional={"EventSourceArn": st.just(STREAM), "FunctionName": st.just("fuzzed"),
                      "StartingPosition": st.just("LATEST")},
    ),
).map(lambda both: both[0] | both[1])  # fmt: skip
updates = requests.of("UpdateEventSourceMapping")
bodies = st.one_of(creations, updates, anything).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=20)
paths = st.sampled_from([COLLECTION, COLLECTION + "/", f"{COLLECTION}/{UNKNOWN}", f"{COLLECTION}/known"])
ids = st.sampled_from(["x", "%00", "..", "é", "x" * 500, "[]"]).map(lambda text: f"{COLLECTION}/{quote(text)}")
tagged = st.sampled_from([UNKNOWN, "known", "x"]).map(
    lambda name: f"/2017-03-31/tags/arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{name}"
)
queries = st.dictionaries(
    st.sampled_from(["MaxItems", "Marker", "FunctionName", "EventSourceArn", "tagKeys", "x"]),
    st.one_of(texts, arns, st.sampled_from(["0", "1", "99999999999999999999", "-1", "1.5", "fuzzed", "٣", UNKNOWN])),
    max_size=3,
)


@pytest.fixture(scope="module")
def ask(local_cloud: Cloud):
    """Give a way to ask; the stream and the function that requests name are there, and one mapping, `known`."""
    shop = Workshop(Clients.local(local_cloud.url))
    shop.clients.kinesis.create_stream(StreamName="fuzzed", ShardCount=1)
    role = shop.role(("*", "*"))
    function = shop.function("def handler(event, context): pass", role)
    known = shop.mapping(STREAM, function)
    pool = urllib3.connection_from_url(local_cloud.url)

    def ask(method: str, path: str, body: bytes = b"", query: dict[str, str] | None = None) -> Answered:
        path = path.replace("known", known) + (f"?{urlencode(query)}" if query else "")
        answer = pool.request(method, path, body=body, headers={"Authorization": ROOT}, retries=False)
        return answer.status, dict(answer.headers.items()), answer.data

    yield ask
    for mapping in shop.clients.lambda_.list_event_source_mappings(EventSourceArn=STREAM)["EventSourceMappings"]:
        shop.clients.lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    shop.clients.kinesis.delete_stream(StreamName="fuzzed")


def check(answered: Answered, *asked: Any) -> None:
    status, headers, body = answered
    assert status < 500, (*asked, status, body)
    if status >= 400:
        error = json.loads(body)
        assert isinstance(error.get("message", error.get("Message")), str), (*asked, body)
        names = {name.lower(): value for name, value in headers.items()}
        assert names.get("x-amzn-errortype"), (*asked, status, names, body)


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(path=paths | ids | tagged, method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
       body=bodies, query=queries)  # fmt: skip
def test_any_request_is_answered_in_aws_s_shape(
    ask: Callable[..., Answered], path: str, method: str, body: bytes, query: dict[str, str]
):
    if method == "DELETE" and path.endswith("known"):
        return
    check(ask(method, path, body, query), method, path, body, query)


@QUICK
@given(body=creations)
def test_any_creation_is_accepted_or_refused(ask: Callable[..., Answered], body: dict[str, Any]):
    answered = ask("POST", COLLECTION + "/", json.dumps(body).encode())
    check(answered, body)
    if answered[0] == 202:
        made = json.loads(answered[2])["UUID"]
        assert ask("DELETE", f"{COLLECTION}/{made}")[0] == 202


@QUICK
@given(body=updates)
def test_any_update_is_accepted_or_refused(ask: Callable[..., Answered], body: dict[str, Any]):
    check(ask("PUT", f"{COLLECTION}/known", json.dumps(body).encode()), body)
    assert ask("GET", f"{COLLECTION}/known")[0] == 200


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"EventSourceArn":' * 20_000, b'{"BatchSize":' + b"1" * 5000 + b"}", b"\xff\xfe{",
     b'{"BatchSize": NaN}', json.dumps({"EventSourceArn": STREAM, "Tags": [1]}).encode()],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_monstrous_bodies_too(ask: Callable[..., Answered], method: str, body: bytes):
    for path in (COLLECTION, f"{COLLECTION}/known", f"{COLLECTION}/{uuid.uuid4()}"):
        check(ask(method, path, body), method, path, body[:40])
