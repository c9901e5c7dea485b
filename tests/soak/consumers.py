"""What the soak test deploys: streams, and consumers of every kind, each with a table and an on-failure queue."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.aws import Clients

HANDLER = """
import base64, json, os, random, time
import boto3

dynamodb = boto3.client("dynamodb")

def handler(event, context):
    chance = random.random()
    if chance < 0.01:
        os._exit(1)
    if chance < 0.02:
        raise RuntimeError("by chance")
    if chance < 0.023:
        time.sleep(60)
    items, failed = [], None
    for record in event["Records"]:
        if "kinesis" in record:
            sequence_number = record["kinesis"]["sequenceNumber"]
            name = json.loads(base64.b64decode(record["kinesis"]["data"]))["id"]
        else:
            sequence_number = record["dynamodb"]["SequenceNumber"]
            name = record["dynamodb"]["Keys"]["pk"]["S"]
        if "poison" in name and "kinesis" in record:
            failed = sequence_number
            break
        place = record["eventID"] if "kinesis" in record else name
        items.append({"PutRequest": {"Item": {"pk": {"S": place}, "id": {"S": name}}}})
    for begin in range(0, len(items), 25):
        dynamodb.batch_write_item(RequestItems={os.environ["TABLE"]: items[begin:begin + 25]})
    if failed and "REPORTS" not in os.environ:
        raise ValueError(failed)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
"""
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
STREAMS = {"one": 2, "two": 3, "three": 1}
"""Streams and how many shards they begin with."""
REPORTS: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("one", {"MaximumRetryAttempts": 3, "BisectBatchOnFunctionError": True, "BatchSize": 50}),
    "reporting": ("one", REPORTS | {"MaximumRetryAttempts": 2, "BatchSize": 100}),
    "parallel": ("two", REPORTS | {"MaximumRetryAttempts": 2, "ParallelizationFactor": 4, "BatchSize": 20}),
    "aging": ("three", {"MaximumRecordAgeInSeconds": 60, "BisectBatchOnFunctionError": True, "BatchSize": 10}),
    "patient": ("three", REPORTS | {"MaximumRetryAttempts": 5, "MaximumBatchingWindowInSeconds": 1}),
}
"""Consumers of streams. Each gives up at some point: a record that is always refused is among what is sent."""
COPY = "copy"
"""Reads the stream of the table of `plain`, and never gives up."""


@dataclass(frozen=True)
class Consumer:
    """A function that stores what it is given.

    Attributes:
        name: its name, its function's and its table's.
        stream: name of the Kinesis stream it reads; None for the one that reads a table's stream.
        queue_url: its on-failure queue.
        queue_arn: the same.
    """

    name: str
    stream: str | None
    queue_url: str
    queue_arn: str


def deploy(aws: Clients) -> list[Consumer]:
    """Make everything; return the consumers."""
    role = aws.iam.create_role(RoleName="soak", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    aws.iam.put_role_policy(RoleName="soak", PolicyName="all", PolicyDocument=json.dumps(ALLOW))
    arns: dict[str, str] = {}
    for name, shards in STREAMS.items():
        aws.kinesis.create_stream(StreamName=name, ShardCount=shards)
        arns[name] = aws.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    consumers = [_consumer(aws, role, name, stream, arns[stream], settings) for name, (stream, settings) in
                 SETTINGS.items()]  # fmt: skip
    changes = aws.dynamodb.describe_table(TableName="plain")["Table"]["LatestStreamArn"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
    consumers.append(_consumer(aws, role, COPY, None, changes, {"BatchSize": 100}))
    deadline = time.monotonic() + 30
    while any(m["State"] != "Enabled" for m in aws.lambda_.list_event_source_mappings()["EventSourceMappings"]):  # pyright: ignore[reportTypedDictNotRequiredAccess]
        assert time.monotonic() < deadline, "the mappings are not enabled"
        time.sleep(0.1)
    return consumers


def _consumer(
    aws: Clients, role: str, name: str, stream: str | None, source_arn: str, settings: dict[str, Any]
) -> Consumer:
    aws.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    url = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    variables = {"TABLE": name} | ({"REPORTS": "yes"} if "FunctionResponseTypes" in settings else {})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", HANDLER)
    function = aws.lambda_.create_function(
        FunctionName=name, Role=role, Runtime="python3.11", Handler="app.handler", Timeout=3, MemorySize=256,
        Code={"ZipFile": code.getvalue()}, Environment={"Variables": variables},
    )["FunctionArn"]  # fmt: skip
    aws.lambda_.create_event_source_mapping(
        EventSourceArn=source_arn, FunctionName=function, StartingPosition="TRIM_HORIZON",
        DestinationConfig={"OnFailure": {"Destination": queue}}, **settings,
    )  # fmt: skip
    return Consumer(name, stream, url, queue)
