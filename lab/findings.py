"""What a lesson's on-failure destination tells of the records that were given up."""

from __future__ import annotations

import base64
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from handlers.shared.failures import PermanentFailure
from lab.times import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from lab.aws import Clients

LAMBDAS_OBJECTS = "aws/lambda/"
"""How the key of an object begins that Lambda wrote about a failure."""
_HIDDEN_SECONDS = 30
_MESSAGES_PER_CALL = 10
_READS_AT_ONCE = 8


@dataclass(frozen=True)
class Record:
    """A record as a bucket keeps it."""

    sequence_number: str
    partition_key: str
    data: str


@dataclass(frozen=True)
class Failure:
    """A batch that Lambda gave up: what its message to the on-failure destination says.

    The message tells where the records are, not what they are; only a bucket is given the records too. Source: Lambda
    developer guide, "Retaining discarded batches".
    """

    shard: str
    first_sequence_number: str
    last_sequence_number: str
    records: int
    condition: str
    """`RetryAttemptsExhausted`, `RecordAgeExceeded` or `MaximumPayloadSizeExceeded`."""
    attempts: int
    function_error: str | None
    """`Unhandled` where the function raised; None where it reported the record as failed."""
    time: str
    contents: list[Record] | None = None
    """The records themselves; None where the destination is not given them."""


@dataclass(frozen=True)
class Foreign:
    """What lies in the destination and is not Lambda's; nobody knows whose it is, so it is never shown."""

    id: str
    """Of the message, or the object's key."""
    time: str
    """When it arrived."""


@dataclass(frozen=True)
class Failures:
    """What can be known of failures."""

    destination: str
    """The ARN of queue, topic or bucket; "" where the outputs do not name it."""
    told: list[Failure] | None
    """Newest first; None where the destination keeps nothing to look up: then nobody knows how many there are."""
    foreign: list[Foreign]
    """Newest first."""

    @property
    def kind(self) -> str:
        """`sqs`, `sns`, `s3`; "" where nobody knows."""
        return self.destination.split(":")[2] if self.destination else ""

    @property
    def name(self) -> str:
        """The name of queue, topic or bucket."""
        return self.destination.rpartition(":")[2]


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


def read_failures(clients: Clients, outputs: Mapping[str, Any]) -> Failures:
    """Read what a lesson's on-failure destination holds, and leave it there.

    Args:
        clients: reach the destination.
        outputs: the lesson's.
    """
    # A stack that was deployed before there was this output names its queue only.
    arn = outputs.get("FailureDestinationArn") or outputs.get("FailureQueueArn") or ""
    match arn.split(":"):
        case [_, _, "sqs", *_]:
            return _sorted(arn, read_queue(clients.sqs, outputs["FailureQueueUrl"]))
        case [_, _, "s3", *_, bucket]:
            return _sorted(arn, read_bucket(clients.s3, bucket))
        case _:
            return Failures(arn, None, [])


def _sorted(arn: str, messages: list[Failure | Foreign]) -> Failures:
    messages = sorted(messages, key=lambda message: message.time, reverse=True)
    failures = [message for message in messages if isinstance(message, Failure)]
    return Failures(arn, failures, [message for message in messages if isinstance(message, Foreign)])


def read_queue(sqs: SQSClient, queue_url: str) -> list[Failure | Foreign]:
    """Read every message of an on-failure queue and leave it there.

    A message is hidden while the others are read, because asking again may give the same one; then all are shown
    again at once.
    """
    messages: dict[str, MessageTypeDef] = {}
    try:
        while True:
            answer = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=_MESSAGES_PER_CALL,
                VisibilityTimeout=_HIDDEN_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
            new = {message.get("MessageId", ""): message for message in answer.get("Messages", [])}
            if not new.keys() - messages.keys():
                break
            messages |= new
    finally:
        _show_again(sqs, queue_url, list(messages.values()))
    return [_of_message(name, message) for name, message in messages.items()]


def _of_message(name: str, message: MessageTypeDef) -> Failure | Foreign:
    sent = int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000
    return _failure(message.get("Body", "")) or Foreign(name, shown(dt.datetime.fromtimestamp(sent, dt.UTC)))


def _show_again(sqs: SQSClient, queue_url: str, messages: list[MessageTypeDef]) -> None:
    for start in range(0, len(messages), _MESSAGES_PER_CALL):
        sqs.change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message.get("ReceiptHandle", ""), "VisibilityTimeout": 0}
                for number, message in enumerate(messages[start : start + _MESSAGES_PER_CALL])
            ],
        )


def read_bucket(s3: S3Client, bucket: str) -> list[Failure | Foreign]:
    """Read every object of an on-failure bucket: the message, and with it the records themselves."""
    objects = [
        entry
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    ]

    def read(entry: ObjectTypeDef) -> Failure | Foreign:
        key = entry.get("Key", "")
        when = entry.get("LastModified", dt.datetime.fromtimestamp(0, dt.UTC))
        foreign = Foreign(key, shown(when))
        if not key.startswith(LAMBDAS_OBJECTS):
            return foreign
        return _failure(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) or foreign

    with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
        return list(threads.map(read, objects))


def _failure(text: str | bytes) -> Failure | None:
    """Return what a message of Lambda's says; None where it is somebody else's."""
    try:
        body = json.loads(text)
        batch = body.get("KinesisBatchInfo") or body["DDBStreamBatchInfo"]
        response: dict[str, Any] = body.get("responseContext") or {}
        failure = Failure(
            shard=batch["shardId"],
            first_sequence_number=batch["startSequenceNumber"],
            last_sequence_number=batch["endSequenceNumber"],
            records=int(batch["batchSize"]),
            condition=body["requestContext"]["condition"],
            attempts=int(body["requestContext"]["approximateInvokeCount"]),
            function_error=response.get("functionError"),
            time=body["timestamp"],
            contents=[_record(record) for record in json.loads(body["payload"])["Records"]]
            if "payload" in body
            else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, PermanentFailure):
        return None
    texts: list[Any] = [failure.shard, failure.first_sequence_number, failure.last_sequence_number, failure.time]
    return failure if all(isinstance(text, str) for text in texts) else None


def _record(record: dict[str, Any]) -> Record:
    if "dynamodb" in record:
        from lab.table_stream import change_record

        change = change_record(record)
        return Record(change["SequenceNumber"], change["PartitionKey"], change["Data"].decode())
    kinesis = record["kinesis"]
    data = base64.b64decode(kinesis["data"])
    return Record(kinesis["sequenceNumber"], kinesis["partitionKey"], data.decode("utf-8", "backslashreplace"))
