"""The pieces that need no cloud: which route, how many requests, what a function's answer becomes."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.cloud.http_api.answer import InvalidAnswerError, response_of
from lab.cloud.http_api.event import clf_time
from lab.cloud.http_api.messages import decoded
from lab.cloud.http_api.routes import api_of, route_of, stage_of
from lab.cloud.http_api.throttling import ACCOUNT_BURST, Throttles, TokenBucket


def routes(*keys: str) -> list[dict[str, Any]]:
    return [{"routeKey": key} for key in keys]


def taken(method: str, path: str, *keys: str) -> str | None:
    """Return the key of the route that is taken, the same in whatever order they are."""
    found = {json.dumps(route_of(method, path, order)) for order in (routes(*keys), routes(*reversed(keys)))}
    assert len(found) == 1
    first = json.loads(found.pop())
    return first and first[0]["routeKey"]


# The example of the developer guide, page "Routing API requests", and what follows from its rules.
GUIDE = ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default")


@pytest.mark.parametrize(
    ("method", "path", "keys", "expected"),
    [
        ("GET", "/pets/dog/1", GUIDE, "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", GUIDE, "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", GUIDE, "GET /pets/{proxy+}"),
        ("POST", "/test/5", GUIDE, "ANY /{proxy+}"),
        ("GET", "/", GUIDE, "$default"),
        ("GET", "//pets/dog/1", GUIDE, "GET /pets/dog/1"),
        ("GET", "/a", ("ANY /a", "GET /a"), "GET /a"),
        ("GET", "/a", ("ANY /a", "GET /{x}"), "ANY /a"),
        ("GET", "/a/b", ("GET /{x}/b", "GET /a/{y}"), "GET /a/{y}"),
        ("GET", "/a/b/c", ("GET /{x}/{y}/{z}", "GET /a/b/{proxy+}"), "GET /{x}/{y}/{z}"),
        ("GET", "/a/", ("GET /a", "GET /a/{x}", "GET /a/{proxy+}"), None),
        ("HEAD", "/a", ("GET /a",), None),
        ("GET", "/A", ("GET /a",), None),
    ],
)
def test_the_route_that_is_taken(method: str, path: str, keys: tuple[str, ...], expected: str | None):
    assert taken(method, path, *keys) == expected


segments = st.sampled_from(["a", "b", "{x}", "{y}"])
paths = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=4).map(lambda parts: "/" + "/".join(parts))
route_keys = st.one_of(
    st.just("$default"),
    st.tuples(st.sampled_from(["GET", "ANY"]), st.lists(segments, max_size=3), st.booleans()).map(
        lambda key: f"{key[0]} /{'/'.join([*key[1], *(['{all+}'] if key[2] else [])])}"
    ),
)


@given(paths, st.lists(route_keys, max_size=6, unique=True))
def test_a_route_is_taken_exactly_when_one_matches(path: str, keys: list[str]):
    def matches(key: str) -> bool:
        if key == "$default":
            return True
        pattern = re.sub(r"\\\{all\\\+\\\}", ".+", re.escape(key.partition(" ")[2]))
        return bool(re.fullmatch(re.sub(r"\\\{.\\\}", "[^/]+", pattern), "/" + path.lstrip("/")))

    found = route_of("GET", path, routes(*keys))
    assert (found is not None) == any(map(matches, keys))
    if found:
        key, parameters = found[0]["routeKey"], found[1]
        assert matches(key)
        assert all(parameters.values())


def test_where_an_api_is():
    assert api_of("127.0.0.1:4566", "/_aws/execute-api/abc123/prod/x") == ("abc123", "/prod/x")
    assert api_of("127.0.0.1:4566", "/_aws/execute-api/abc123") == ("abc123", "")
    assert api_of("abc123.execute-api.localhost:4566", "/prod/x") == ("abc123", "/prod/x")
    assert api_of("127.0.0.1:4566", "/_aws/execute-api/") is None
    assert api_of("127.0.0.1:4566", "/bucket/_aws/execute-api/abc") is None


def test_stages():
    assert stage_of("/prod/x/", ["prod", "$default"]) == ("prod", "/x/")
    assert stage_of("/prod", ["prod"]) == ("prod", "/")
    assert stage_of("/x/y", ["prod", "$default"]) == ("$default", "/x/y")
    assert stage_of("", ["$default"]) == ("$default", "/")
    assert stage_of("/x", ["prod"]) is None


def test_paths_are_decoded_but_for_the_percent_sign():
    assert decoded("/a%20b/%C3%A9/a%252Eb") == "/a b/é/a%252Eb"


def test_the_times_of_an_event():
    assert clf_time(1583348638390) == "04/Mar/2020:19:03:58 +0000"  # the developer guide's example has this form


@given(st.floats(0, 1000), st.integers(0, 50), st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(rate: float, burst: int, waits: list[float]):
    now = [0.0]
    bucket, given_out = TokenBucket(rate, burst, lambda: now[0]), 0
    for wait in waits:
        now[0] += wait
        given_out += bucket.take()
    assert given_out <= burst + rate * now[0] + 1e-6
    assert given_out >= min(len(waits), burst)


def test_settings_of_a_route_come_before_those_of_the_stage_and_zero_is_zero():
    throttles = Throttles(clock=lambda: 0.0)
    stage = {
        "stageName": "$default",
        "defaultRouteSettings": {"throttlingBurstLimit": 1, "throttlingRateLimit": 1},
        "routeSettings": {"GET /b": {"throttlingBurstLimit": 2}, "GET /none": {"throttlingBurstLimit": 0}},
    }

    def admitted(route: str) -> int:
        return sum(throttles.admits("api", stage, route) for _ in range(4))

    assert [admitted("GET /a"), admitted("GET /b"), admitted("GET /none"), admitted("GET /a")] == [1, 2, 0, 0]


def test_without_settings_the_account_has_its_limit():
    throttles = Throttles(clock=lambda: 0.0)
    stages = [{"stageName": "$default"}, {"stageName": "prod", "defaultRouteSettings": {}}]
    assert sum(throttles.admits("api", stages[n % 2], "r") for n in range(ACCOUNT_BURST + 10)) == ACCOUNT_BURST


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
answers = st.fixed_dictionaries(
    {"statusCode": st.sampled_from([200, 204, "301", 99, "x", 10**20, True, None]) | anything},
    optional={
        "headers": anything | st.dictionaries(st.text(max_size=5), st.text(max_size=5) | anything, max_size=3),
        "cookies": anything | st.lists(st.text(max_size=5), max_size=3),
        "body": anything,
        "isBase64Encoded": anything,
    },
)


@settings(max_examples=300)
@given(anything | answers)
def test_whatever_a_function_returns_is_a_response_or_invalid(returned: Any):
    with contextlib.suppress(InvalidAnswerError):
        response = response_of(json.dumps(returned).encode())
        assert 200 <= response.status <= 599
        for name, value in response.headers:
            assert re.fullmatch(r"[!-~]+", name)
            assert not set(value) & set("\r\n\0")
            value.encode("utf-8", "replace")


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json_is_invalid(payload: bytes):
    with pytest.raises(InvalidAnswerError):
        response_of(payload)
