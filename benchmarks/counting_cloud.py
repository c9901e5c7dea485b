"""A local cloud that also counts the requests it gets, for the bill: `python -m benchmarks.counting_cloud FOLDER`.

GET /_counts answers what there has been since the last time it was asked, `{"s3.PutObject": 3, …}`; for DynamoDB beside
the requests the units they would be billed as. It is the cloud that `lab cloud start` starts, with one layer around it.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cloud import server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRITE_UNIT_BYTES = 1024


class CountingCloud(server.LocalCloud):
    """Counts what comes in."""

    def app(self) -> Callable[..., Any]:
        """Return the cloud's app with a layer around it."""
        inner, counts = super().app(), Counter[str]()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            if scope["path"] == "/_counts":
                body = json.dumps(counts).encode()
                counts.clear()
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": body})
                return
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            for name, number in _counted(scope, body):
                counts[name] += number
            given = iter([{"type": "http.request", "body": body, "more_body": False}])

            async def again() -> Any:
                return next(given, None) or await receive()

            await inner(scope, again, send)

        return app


def _counted(scope: Any, body: bytes) -> Iterator[tuple[str, float]]:
    """Yield what a request counts as: its operation, and for DynamoDB the units."""
    headers = dict(scope["headers"])
    target = headers.get(b"x-amz-target", b"").decode()
    service, _dot, operation = target.partition(".")
    if service.startswith("DynamoDB_"):
        yield f"dynamodb.{operation}", 1
        yield from _units(operation, json.loads(body))
    elif service.startswith("Kinesis_"):
        request = json.loads(body) if body[:1] == b"{" else {}
        yield f"kinesis.{operation}", 1
        yield "kinesis.records", len(request.get("Records", ())) or float(operation == "PutRecord")
    elif scope["path"].startswith("/_aws/execute-api/"):
        yield "api.requests", 1
    elif b"/s3/" in headers.get(b"authorization", b""):
        is_list = scope["method"] == "GET" and "/" not in scope["path"].strip("/")  # a bucket, not an object
        yield f"s3.{'List' if is_list else scope['method'].title()}", 1


def _units(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield write and read units (DynamoDB developer guide, "On-demand capacity mode").

    An update is billed by the size of the whole item, which the request does not tell: the lessons' items that are
    updated stay under 1 KB.
    """
    match operation:
        case "PutItem":
            yield "dynamodb.write_units", _of_size(request["Item"], WRITE_UNIT_BYTES)
        case "UpdateItem" | "DeleteItem":
            yield "dynamodb.write_units", 1
        case "BatchWriteItem":
            requests = [each for table in request["RequestItems"].values() for each in table]
            items = [each.get("PutRequest", {}).get("Item", {}) for each in requests]
            yield "dynamodb.write_units", sum(_of_size(item, WRITE_UNIT_BYTES) for item in items)
        case "TransactWriteItems":
            yield "dynamodb.write_units", 2 * len(request["TransactItems"])
        case "GetItem" | "Query" | "Scan":
            yield "dynamodb.read_units", 1 if request.get("ConsistentRead") else 0.5
        case _:
            pass


def _of_size(item: Any, unit_bytes: int) -> int:
    return max(1, math.ceil(len(json.dumps(item)) / unit_bytes))


if __name__ == "__main__":
    server.LocalCloud = CountingCloud
    server.serve(0, Path(sys.argv[1]))
