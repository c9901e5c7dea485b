"""What came out of lesson basic: the items of its table, and what lies in its on-failure queue."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_HIDDEN_SECONDS = 30
_MESSAGES_PER_CALL = 10


@dataclass(frozen=True)
class Items:
    """The items of the table."""

    count: int
    newest: list[dict[str, Any]]
    """Some of them, newest first: eventId, timestamp, data, and what else the handler stored."""
    by_shard: Counter[str]


@dataclass(frozen=True)
class Failure:
    """A batch that Lambda gave up: what its message in the on-failure queue says.

    The message tells where the records are, not what they are. Source: Lambda developer guide, "Retaining discarded
    batches".
    """

    shard: str
    first_sequence_number: str
    last_sequence_number: str
    records: int
    condition: str
    """`RetryAttemptsExhausted` or `RecordAgeExceeded`."""
    attempts: int
    function_error: str | None
    """`Unhandled` where the function raised; None where it reported the record as failed."""
    time: str


def read_items(dynamodb: DynamoDBClient, table: str, *, newest: int) -> Items:
    """Read the whole table (a lesson's table is small); keep the `newest` items."""
    by_shard: Counter[str] = Counter()

    def counted() -> Iterator[dict[str, Any]]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                by_shard[_text(item, "eventId").partition(":")[0]] += 1
                yield item

    kept = heapq.nlargest(newest, counted(), key=lambda item: (_text(item, "timestamp"), _text(item, "eventId")))
    items = [{name: plain(value) for name, value in item.items()} for item in kept]
    return Items(by_shard.total(), items, by_shard)


def _text(item: dict[str, Any], attribute: str) -> str:
    """Return an attribute that is a text; "" where it is something else, or missing."""
    return str(item.get(attribute, {}).get("S", ""))


def plain(attribute: Any) -> Any:
    """Return the plain value of a DynamoDB attribute (`{"N": "22.5"}` is 22.5)."""
    [(kind, value)] = attribute.items()
    match kind:
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else float(number)
        case "M":
            return {name: plain(inner) for name, inner in value.items()}
        case "L":
            return [plain(inner) for inner in value]
        case "NULL":
            return None
        case "SS" | "NS" | "BS":
            return sorted(value)
        case _:
            return value


def read_failures(sqs: SQSClient, queue_url: str) -> list[Failure]:
    """Read every message of the on-failure queue and leave it there; newest first.

    A message is hidden while the others are read, because asking again may give the same one; then all are shown
    again at once.
    """
    messages: dict[str, MessageTypeDef] = {}
    try:
        while True:
            answer = sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=_MESSAGES_PER_CALL, VisibilityTimeout=_HIDDEN_SECONDS
            )
            new = {message.get("MessageId", ""): message for message in answer.get("Messages", [])}
            if not new.keys() - messages.keys():
                break
            messages |= new
    finally:
        _show_again(sqs, queue_url, list(messages.values()))
    failures = [_failure(json.loads(message.get("Body", "{}"))) for message in messages.values()]
    return sorted(failures, key=lambda failure: failure.time, reverse=True)


def _show_again(sqs: SQSClient, queue_url: str, messages: list[MessageTypeDef]) -> None:
    for start in range(0, len(messages), _MESSAGES_PER_CALL):
        sqs.change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message.get("ReceiptHandle", ""), "VisibilityTimeout": 0}
                for number, message in enumerate(messages[start : start + _MESSAGES_PER_CALL])
            ],
        )


def _failure(body: dict[str, Any]) -> Failure:
    batch = body["KinesisBatchInfo"]
    return Failure(
        shard=batch["shardId"],
        first_sequence_number=batch["startSequenceNumber"],
        last_sequence_number=batch["endSequenceNumber"],
        records=int(batch["batchSize"]),
        condition=body["requestContext"]["condition"],
        attempts=int(body["requestContext"]["approximateInvokeCount"]),
        function_error=body.get("responseContext", {}).get("functionError"),
        time=body["timestamp"],
    )
