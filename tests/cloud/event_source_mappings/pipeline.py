"""What tests of event source mappings share: a stream, a function that notes what it gets, a queue for failures."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.conftest import Workshop

KINESIS_READ = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"]
DYNAMODB_READ = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"]

# Notes every event it gets as a message in the queue LOG; fails on data that hold "bad".
HANDLER = """
import base64, json, os, boto3
sqs = boto3.client("sqs")
MODE = os.environ.get("MODE", "raise")
def data(record):
    if "dynamodb" in record:
        return json.dumps(record["dynamodb"])
    return base64.b64decode(record["kinesis"]["data"]).decode()
def number(record):
    return record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"]
def handler(event, context):
    seen = {"Numbers": [number(record) for record in event["Records"]]} if MODE == "small" else event
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps(seen))
    bad = [record for record in event["Records"] if "bad" in data(record)]
    if bad and MODE == "raise":
        raise RuntimeError("bad record")
    if bad and MODE == "report":
        return {"batchItemFailures": [{"itemIdentifier": number(bad[0])}]}
"""


class Pipeline:
    """A stream, a function that notes what it gets, and a queue for what is given up."""

    def __init__(self, shop: Workshop, source: str, read: list[str], *, mode: str = "raise", **settings: Any) -> None:
        self.shop, self.source = shop, source
        self.log, log_arn = shop.queue()
        self.failures, failures_arn = shop.queue()
        self.role = shop.role((read, source), ("sqs:SendMessage", [log_arn, failures_arn]), ("logs:*", "*"))
        environment = {"Variables": {"LOG": self.log, "MODE": mode}}
        self.function = shop.function(HANDLER, self.role, Environment=environment)
        if settings.pop("destination", True):
            settings["DestinationConfig"] = {"OnFailure": {"Destination": failures_arn}}
        if mode == "report":
            settings["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        self.mapping = shop.mapping(source, self.function, **settings)

    def events(self) -> list[dict[str, Any]]:
        seen: dict[str, dict[str, Any]] = {}
        for _ in range(3):
            found = self.shop.clients.sqs.receive_message(
                QueueUrl=self.log, MaxNumberOfMessages=10, VisibilityTimeout=0
            )
            seen |= {message["MessageId"]: json.loads(message["Body"]) for message in found.get("Messages", [])}
        return list(seen.values())

    def batches(self) -> list[list[Any]]:
        return [
            [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]
            for event in self.events()
        ]


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]
