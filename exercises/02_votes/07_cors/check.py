"""Checks `cors`: two pages may call the API, no other may, as a browser sees it; votes arrive."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

FIRST, SECOND = "http://localhost:8000", "http://localhost:8001"
OPTIONS = ("hamilton", "leclerc", "norris", "piastri", "verstappen")


def check(attempt: Attempt) -> None:
    """Deploy the program and do what browsers do: ask beforehand, then send, or not."""
    cloud = attempt.cloud()
    outputs = cloud.up()["votes"]
    url, stream = outputs["ApiUrl"], outputs["KinesisStreamName"]
    origins = _origins(cloud)
    if SECOND not in origins and any("://" in each and urllib.parse.urlsplit(each).path for each in origins):
        attempt.fail("more_than_an_origin", origins=origins)
    attempt.require(_may_send(url, SECOND), "second_refused", origin=SECOND)
    attempt.require(_may_send(url, FIRST), "first_lost", origin=FIRST)
    strangers = (f"http://localhost:{random.randint(8002, 8999)}", "https://localhost:8001", "https://votes.example", "null")
    for stranger in strangers:
        attempt.require(not _may_send(url, stranger), "everybody", origin=stranger)
    votes = random.choices(OPTIONS, k=2)
    answers = [_post(url, origin, vote, "application/json") for origin, vote in zip((FIRST, SECOND), votes, strict=True)]
    for origin, (status, headers) in zip((FIRST, SECOND), answers, strict=True):
        readable = headers.get("access-control-allow-origin") in (origin, "*")
        attempt.require(status == 200 and readable, "answer_unreadable", origin=origin, status=status)
    status, headers = _post(url, strangers[-2], "norris", "text/plain")
    attempt.expect(_votes(cloud, stream), sorted([*votes, "norris"]), "not_counted")
    if status == 200 and "access-control-allow-origin" not in headers:
        attempt.note("counted_all_the_same", origin=strangers[-2])


def _may_send(url: str, origin: str) -> bool:
    """Say whether a browser lets a page of this origin post JSON: what it asks beforehand must be answered with yes."""
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    status, headers = _request(url, "OPTIONS", asked, None)
    allowed = {word.strip().casefold() for word in headers.get("access-control-allow-headers", "").split(",")}
    return (
        200 <= status < 300
        and headers.get("access-control-allow-origin") in (origin, "*")
        and bool({"content-type", "*"} & allowed)
    )


def _post(url: str, origin: str, vote: str, content_type: str) -> tuple[int, dict[str, str]]:
    return _request(url, "POST", {"Origin": origin, "Content-Type": content_type}, json.dumps({"vote": vote}))


def _request(url: str, method: str, headers: dict[str, str], body: str | None) -> tuple[int, dict[str, str]]:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, f"{parts.path.rstrip('/')}/votes", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status, {name.lower(): value for name, value in response.getheaders()}


def _origins(cloud: Workbench) -> list[str]:
    apis = cloud.clients.apigatewayv2.get_apis().get("Items", [])
    return [origin for api in apis for origin in api.get("CorsConfiguration", {}).get("AllowOrigins", [])]


def _votes(cloud: Workbench, stream: str) -> list[str]:
    kinesis = cloud.clients.kinesis
    [shard] = kinesis.list_shards(StreamName=stream).get("Shards", [])
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return sorted(json.loads(record["Data"])["vote"] for record in kinesis.get_records(ShardIterator=iterator)["Records"])
