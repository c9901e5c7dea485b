"""Events as AWS hands them to a function, made by hand: to call a handler without a stream, a table or an API.

Shapes: Lambda developer guide, "Using Lambda to process records from Kinesis", "… from DynamoDB streams", and
API Gateway developer guide, "Lambda proxy integrations for HTTP APIs", payload format 2.0.
"""

from __future__ import annotations

import base64
import datetime as dt
import time
import uuid
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

_ACCOUNT = "000000000000"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/consumer"
_SHARD = "shardId-000000000000"
_SEQUENCE_NUMBER = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000

Change = Literal["INSERT", "MODIFY", "REMOVE"]
CHANGES: tuple[Change, ...] = ("INSERT", "MODIFY", "REMOVE")


def kinesis_event(payloads: Sequence[bytes], *, key: str, region: str) -> dict[str, Any]:
    """Return a batch of these payloads, in order."""
    now = round(time.time(), 3)
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": key,
                    "sequenceNumber": str(_SEQUENCE_NUMBER + number),
                    "data": base64.b64encode(payload).decode(),
                    "approximateArrivalTimestamp": now,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{_SHARD}:{_SEQUENCE_NUMBER + number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": _ROLE,
                "awsRegion": region,
                "eventSourceARN": f"arn:aws:kinesis:{region}:{_ACCOUNT}:stream/stream",
            }
            for number, payload in enumerate(payloads)
        ]
    }


def dynamodb_event(change: Change, item: dict[str, Any], keys: Sequence[str], *, region: str) -> dict[str, Any]:
    """Return a batch of one change: of a new item, of one that looked the same before, or of one that went.

    Args:
        change: what happened.
        item: the item, its numbers as Decimal.
        keys: which of its attributes are the table's key.
        region: such as `us-east-1`.

    Raises:
        KeyError: the item lacks a key.
    """
    from boto3.dynamodb.types import TypeSerializer

    typed: dict[str, Any] = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    images = {"INSERT": ("NewImage",), "MODIFY": ("NewImage", "OldImage"), "REMOVE": ("OldImage",)}[change]
    return {
        "Records": [
            {
                "eventID": uuid.uuid4().hex,
                "eventName": change,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": region,
                "dynamodb": {
                    "ApproximateCreationDateTime": int(time.time()),
                    "Keys": {name: typed[name] for name in keys},
                    **dict.fromkeys(images, typed),
                    "SequenceNumber": "100000000000000000001",
                    "SizeBytes": len(str(item)),
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
                "eventSourceARN": f"arn:aws:dynamodb:{region}:{_ACCOUNT}:table/table/stream/2026-01-01T00:00:00.000",
            }
        ]
    }


def api_event(method: str, path: str, body: str | None) -> dict[str, Any]:
    """Return a request to an HTTP API, payload format 2.0."""
    now = dt.datetime.now(dt.UTC)
    domain = "abcdef1234.execute-api.us-east-1.amazonaws.com"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "*/*", "content-type": "application/json", "host": domain, "user-agent": "lab"},
        "requestContext": {
            "accountId": _ACCOUNT,
            "apiId": "abcdef1234",
            "domainName": domain,
            "domainPrefix": "abcdef1234",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "lab",
            },
            "requestId": uuid.uuid4().hex,
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": f"{now:%d/%b/%Y:%H:%M:%S} +0000",
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = body
    return event
