"""What tests of the local cloud share: clients, roles, functions."""

from __future__ import annotations

import contextlib
import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.aws import Clients
from lab.cloud.client import Cloud

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def eventually(check: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    """Wait until a check gives something true, and return it; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return result


@dataclass
class Workshop:
    """Makes resources with names of their own."""

    clients: Clients
    made: list[Callable[[], Any]] = field(default_factory=list)

    def name(self, kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def role(self, *statements: tuple[str | list[str], str | list[str]], trust: dict | None = None) -> str:
        """Make a role that may do what the statements (actions, resources) say; return its ARN."""
        name = self.name("role")
        arn = self.clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST))["Role"][
            "Arn"
        ]
        self.allow(name, *statements)
        return arn

    def allow(self, role: str, *statements: tuple[str | list[str], str | list[str]]) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in statements
            ],
        }
        if statements:
            self.clients.iam.put_role_policy(
                RoleName=role.rsplit("/", 1)[-1], PolicyName="policy", PolicyDocument=json.dumps(document)
            )

    def stream(self, shards: int = 1) -> str:
        """Make a Kinesis stream; return its ARN."""
        name = self.name("stream")
        self.clients.kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.made.append(lambda: self.clients.kinesis.delete_stream(StreamName=name))
        return self.clients.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def table(self, view: str = "NEW_IMAGE", key: tuple[str, str] = ("pk", "S")) -> tuple[str, str]:
        """Make a table with a stream and a key (name, type); return its name and the stream's ARN."""
        name = self.name("table")
        made = self.clients.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key[0], "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key[0], "AttributeType": key[1]}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        return name, made["TableDescription"]["LatestStreamArn"]

    def queue(self) -> tuple[str, str]:
        """Make a queue; return its URL and ARN."""
        url = self.clients.sqs.create_queue(QueueName=self.name("queue"))["QueueUrl"]
        attributes = self.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return url, attributes["QueueArn"]

    def function(self, source: str, role: str, *, name: str = "", **configuration: Any) -> str:
        """Make a function from the text of its module (handler `app.handler`); return its ARN."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", source)
        arguments = {"Runtime": "python3.11", "Handler": "app.handler", "Timeout": 10} | configuration
        name = name or self.name("function")
        arn = self.clients.lambda_.create_function(
            FunctionName=name, Role=role, Code={"ZipFile": buffer.getvalue()}, **arguments
        )["FunctionArn"]
        self.made.append(lambda: self.clients.lambda_.delete_function(FunctionName=name))
        return arn

    def mapping(self, source: str, function: str, **settings: Any) -> str:
        """Map a stream to a function and wait until it is Enabled; return the mapping's UUID."""
        arguments = {"StartingPosition": "TRIM_HORIZON"} | settings
        created = self.clients.lambda_.create_event_source_mapping(
            EventSourceArn=source, FunctionName=function, **arguments
        )
        mapping = created["UUID"]
        self.made.append(lambda: self.clients.lambda_.delete_event_source_mapping(UUID=mapping))
        if arguments.get("Enabled", True):
            eventually(lambda: self.clients.lambda_.get_event_source_mapping(UUID=mapping)["State"] == "Enabled")
        return mapping

    def put(self, stream_arn: str, *records: Any, key: str = "k") -> list[str]:
        """Put records; return their sequence numbers."""
        return [
            self.clients.kinesis.put_record(
                StreamARN=stream_arn, PartitionKey=key, Data=r if isinstance(r, bytes) else json.dumps(r).encode()
            )["SequenceNumber"]
            for r in records
        ]

    def messages(self, queue_url: str) -> list[dict[str, Any]]:
        """Return the bodies of a queue's messages; they stay there."""
        found = self.clients.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def workshop(local_cloud: Cloud):
    shop = Workshop(Clients.local(local_cloud.url))
    yield shop
    for remove in reversed(shop.made):
        with contextlib.suppress(ClientError):  # a test may have removed it itself
            remove()
