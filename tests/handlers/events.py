"""Kinesis events as an event source mapping makes them, and what Lambda does with the answer."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SHARD = "shardId-000000000000"
FIRST_ARRIVAL = 1_795_000_000.123  # 2026-11-18T11:06:40.123Z


def kinesis_record(number: int, payload: Any, *, partition_key: str = "1") -> Any:
    """Return the record number `number` of a shard; a payload that is not bytes is sent as JSON."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sequence_number = f"4960000000000000000000000000000000000000000000000000{number:04d}"
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": sequence_number,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": round(FIRST_ARRIVAL + number, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{SHARD}:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::000000000000:role/consumer",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/EventStream",
    }


def kinesis_event(*payloads: Any) -> Any:
    """Return a batch with these payloads."""
    return {"Records": [kinesis_record(number, payload) for number, payload in enumerate(payloads)]}


def failed(response: Any) -> list[str]:
    """Return the sequence numbers that a handler's answer names."""
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def sequence_number(record: Any) -> str:
    """Return the sequence number of a record of either kind of stream."""
    return record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"]


@dataclass
class Context:
    """What Lambda passes beside the event."""

    function_name: str = "basic-consumer"
    memory_limit_in_mb: str = "256"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:basic-consumer"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"


def deliver(handler: Callable[[Any, Any], Any], records: list[Any], *, retries: int = 1) -> list[str]:
    """Deliver a shard as a mapping does: from the checkpoint on, again after a failure, giving up when retries end.

    Returns the event ids that were given up.
    """
    given_up: list[str] = []
    checkpoint = attempts = 0
    while checkpoint < len(records):
        batch = records[checkpoint:]
        numbers = [sequence_number(record) for record in batch]
        try:
            named = failed(handler({"Records": batch}, Context()))
            done = min((numbers.index(number) for number in named), default=len(batch))
        except Exception:  # noqa: BLE001 - a crash of any kind fails the batch
            done = 0
        if done:
            checkpoint, attempts = checkpoint + done, 0
            continue
        attempts += 1
        if attempts > retries:  # with bisect, the one record that fails is what remains of the batch
            given_up.append(batch[0]["eventID"])
            checkpoint, attempts = checkpoint + 1, 0
    return given_up
