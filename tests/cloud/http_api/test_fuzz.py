"""Whatever is sent to an API: the function's answer or a refusal of AWS's, never a 5xx of the gateway's own."""

from __future__ import annotations

import http.client
import json
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cloud.http_api.conftest import Bench

GATEWAYS = {400, 403, 404, 413, 431}
"""400 and 431 are the web server's, for what is no HTTP."""

parts = st.binary(max_size=6).map(quote_from_bytes) | st.sampled_from(["votes", "", "..", ".", "%", "%2", "$default"])
paths = st.lists(parts, max_size=4).map(lambda each: "".join(f"/{part}" for part in each))
queries = st.lists(parts, max_size=3).map("&".join)
names = st.sampled_from(["Content-Type", "Cookie", "Origin", "Accept", "X-Forwarded-For", "Authorization", "X-A",
                         "Access-Control-Request-Method", "X-Amz-Security-Token", "X-Amzn-Trace-Id"])  # fmt: skip
values = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=12) | st.sampled_from(
    ["text/html", "application/json", "https://page.example", "AWS4-HMAC-SHA256 Credential=test/2/3/4/5, Signature=x"]
)
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ODD"])


@pytest.fixture(scope="module")
def apis(bench: Bench) -> list[str]:
    cors = {"AllowOrigins": ["https://page.example"], "AllowMethods": ["*"], "AllowHeaders": ["*"]}
    return [
        bench.api("ANY /{proxy+}", "GET /votes/{id}"),
        bench.api("GET /votes", CorsConfiguration=cors),
        bench.api("$default", authorization="AWS_IAM", CorsConfiguration=cors),
    ]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2), methods, paths, queries, st.dictionaries(names, values, max_size=4), st.binary(max_size=20))
def test_whatever_is_sent(
    bench: Bench, apis: list[str], which: int, method: str, path: str, query: str, headers: dict[str, str], body: bytes
):
    connection = http.client.HTTPConnection("127.0.0.1", bench.cloud.port, timeout=30)
    url = f"/_aws/execute-api/{apis[which]}{path}" + (f"?{query}" if query else "")
    connection.request(method, url, body=body, headers={k: v.encode("latin-1") for k, v in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert response.status in {200, 204, 308} | GATEWAYS
    if response.status in {403, 404, 413} and method != "HEAD":
        assert list(json.loads(content)) == ["message"]
    if response.status == 200 and method != "HEAD":
        event = json.loads(content)
        assert event["version"] == "2.0"
        assert event["requestContext"]["http"]["method"] == method
