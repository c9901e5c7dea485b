"""The cloud of a check, and what a check makes on it: streams, tables, functions of the learner's code, mappings.

Everything has a name of its own and goes with the cloud; nothing need be removed. Whatever is called is AWS's API, so
that a check sees what a learner would see.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

from lab.aws import LOCAL_REGION, Clients, local_variables
from lab.workbook import failures
from lab.workbook.attempt import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.cloud.client import Cloud
    from lab.workbook.attempt import Attempt

STACK = "exercises"
"""The stack that programs of exercises are deployed to."""
_POLL_SECONDS = 0.02
_MOST_TRACE_EVENTS = 10_000
_MOST_RECORDS_PER_REQUEST = 500
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Workbench:
    """A cloud of a check's own.

    Attributes:
        clients: AWS's APIs, as `lab.aws.Clients` has them (`clients.kinesis`, `clients.dynamodb`, …).
        cloud: where it is.
    """

    def __init__(self, attempt: Attempt, cloud: Cloud) -> None:
        self._attempt = attempt
        self.cloud = cloud
        self.clients = Clients.local(cloud.url)
        self._role = ""

    @classmethod
    def started(cls, attempt: Attempt, time_scale: float) -> Workbench:
        """Start a cloud in the check's own folder and return the workbench; boto3 in this process speaks to it."""
        from lab.cloud import process

        cloud, _ = process.start(port=0, time_scale=time_scale)
        os.environ.update(local_variables(cloud.url, LOCAL_REGION))
        return cls(attempt, cloud)

    def kill_and_restart(self) -> None:
        """End the cloud as `kill -9` does, without a word, and start it again with what it had kept."""
        import signal

        from lab.cloud import process

        os.kill(self.cloud.pid, signal.SIGKILL)
        self.cloud, _ = process.start(port=0, time_scale=self.cloud.time_scale)
        os.environ.update(local_variables(self.cloud.url, LOCAL_REGION))
        self.clients = Clients.local(self.cloud.url)

    # --- the learner's Pulumi program ---------------------------------------------------------------------------------

    def up(self) -> Mapping[str, Any]:
        """Deploy the learner's `program.py`, as `lab up NAME --stack exercises` does, and return its outputs.

        A program that cannot be deployed ends the check.
        """
        from lab.deploy.stack import Stack

        told: list[str] = []

        def listen(event: Any) -> None:
            message = getattr(event, "message", "")
            if message and getattr(event, "severity", "") == "error":
                told.append(str(message))

        self._attempt.read("program.py")  # it is there, and from now on the place that messages name
        stack = Stack.load(STACK)
        result = stack.up([self._attempt.exercise.name], listen)
        if not result.ok:
            self.trace()  # raises where the cloud has died, which is no fault of the program's
            path = self._attempt.exercise.shown_path("program.py")
            raise Failed(failures.not_deployed(path, " ".join(told) or "?"))
        return stack.outputs()

    def down(self) -> bool:
        """Remove what `up` deployed, and say whether all of it went: only where a check wants to see what is left."""
        from lab.deploy.stack import Stack

        return Stack.load(STACK).down(lambda _event: None).ok

    def lab(self, *words: str) -> str:
        """Run a command of the lab, `lab("send", "basic", "--stack", "exercises")`, and return what it printed.

        Raises:
            RuntimeError: it failed; its words are the message.
        """
        from lab.command import main

        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(words))
        if code:
            raise RuntimeError(err.getvalue() or out.getvalue())
        return out.getvalue()

    # --- resources ----------------------------------------------------------------------------------------------------

    def name(self, kind: str) -> str:
        """Return a name that nothing has yet."""
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def stream(self, shards: int = 1, **arguments: Any) -> str:
        """Make a Kinesis stream and return its name."""
        name = self.name("stream")
        self.clients.kinesis.create_stream(StreamName=name, ShardCount=shards, **arguments)
        return name

    def stream_arn(self, name: str) -> str:
        """Return a stream's ARN."""
        summary = self.clients.kinesis.describe_stream_summary(StreamName=name)
        return summary["StreamDescriptionSummary"]["StreamARN"]

    def put(self, stream: str, records: Sequence[Any], *, key: str | Callable[[int], str] = "k") -> list[str]:
        """Put records, in order where they share a key, and return their sequence numbers.

        Args:
            stream: its name.
            records: bytes as they are, a text as UTF-8, anything else as JSON.
            key: the partition key, or what makes it of a record's place in the list.
        """
        entries: list[Any] = [
            {"Data": _bytes(record), "PartitionKey": key if isinstance(key, str) else key(number)}
            for number, record in enumerate(records)
        ]
        numbers: list[str] = []
        for begin in range(0, len(entries), _MOST_RECORDS_PER_REQUEST):
            part = entries[begin : begin + _MOST_RECORDS_PER_REQUEST]
            answer = self.clients.kinesis.put_records(StreamName=stream, Records=part)
            numbers += [entry.get("SequenceNumber", "") for entry in answer["Records"]]
        return numbers

    def table(self, key: str = "pk", *, sort: str = "", stream: str = "", indexes: Sequence[Any] = ()) -> str:
        """Make a table and return its name.

        Args:
            key: the partition key, a text.
            sort: the sort key, a text, where there is one.
            stream: the view of its stream (`NEW_AND_OLD_IMAGES`), where it is to have one.
            indexes: global secondary indexes, as DynamoDB's API takes them.
        """
        name = self.name("table")
        schemas: list[Any] = [{"AttributeName": key, "KeyType": "HASH"}]
        schemas += [{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []
        attributes = {schema["AttributeName"] for schema in schemas}
        attributes |= {part["AttributeName"] for index in indexes for part in index["KeySchema"]}
        options: dict[str, Any] = {}
        if stream:
            options["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream}
        if indexes:
            options["GlobalSecondaryIndexes"] = list(indexes)
        self.clients.dynamodb.create_table(
            TableName=name,
            KeySchema=schemas,
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)],
            BillingMode="PAY_PER_REQUEST",
            **options,
        )
        return name

    def items(self, table: str) -> list[dict[str, Any]]:
        """Return all items of a table, numbers as Decimal."""
        from boto3.dynamodb.types import TypeDeserializer

        deserialize: Callable[[Any], Any] = TypeDeserializer().deserialize
        pages = self.clients.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [{name: deserialize(value) for name, value in item.items()} for page in pages for item in page["Items"]]

    def queue(self) -> tuple[str, str]:
        """Make a queue; return its URL and ARN."""
        url = self.clients.sqs.create_queue(QueueName=self.name("queue"))["QueueUrl"]
        attributes = self.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return url, attributes["QueueArn"]

    def messages(self, queue_url: str) -> list[dict[str, Any]]:
        """Return the JSON bodies of a queue's messages (10 at most); they stay there."""
        found = self.clients.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message.get("Body", "")) for message in found.get("Messages", [])]

    def bucket(self) -> str:
        """Make a bucket and return its name."""
        name = self.name("bucket")
        self.clients.s3.create_bucket(Bucket=name)
        return name

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all objects of a bucket: key and content."""
        pages = self.clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [found.get("Key", "") for page in pages for found in page.get("Contents", [])]
        return {key: self.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def role(self) -> str:
        """Return the ARN of a role that functions may have, which may do everything."""
        if not self._role:
            name = self.name("role")
            made = self.clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
            self.clients.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(_ALLOW_ALL))
            self._role = made["Role"]["Arn"]
        return self._role

    def function(
        self,
        handler: str = "handler.lambda_handler",
        *,
        environment: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        **configuration: Any,
    ) -> str:
        """Make a function and return its name.

        Args:
            handler: module and function.
            environment: its variables.
            files: name → text of its modules; by default the learner's Python files (they see boto3 and the standard
                library, nothing of this project).
            configuration: as CreateFunction takes it: `Timeout=3`, `MemorySize=256`.
        """
        if files is None:
            own = [file for file in self._attempt.exercise.files if file.endswith(".py") and file != "program.py"]
            files = {file: self._attempt.read(file) for file in own}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as package:
            for file, text in files.items():
                package.writestr(file, text)
        name = self.name("function")
        settings = {"Runtime": "python3.11", "Timeout": 10} | configuration
        client: Any = self.clients.lambda_  # whose types know no arguments that come from elsewhere
        client.create_function(
            FunctionName=name,
            Handler=handler,
            Role=self.role(),
            Code={"ZipFile": buffer.getvalue()},
            Environment={"Variables": dict(environment or {})},
            **settings,
        )
        self.eventually(
            lambda: self.clients.lambda_.get_function_configuration(FunctionName=name).get("State") == "Active"
        )
        return name

    def invoke(self, function: str, event: Any) -> tuple[Any, str]:
        """Invoke a function; return what it answered and, where it failed, its error as `Type: message`."""
        answer = self.clients.lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            return None, f"{payload.get('errorType', '')}: {payload.get('errorMessage', '')}"
        return payload, ""

    def mapping(self, source_arn: str, function: str, **settings: Any) -> str:
        """Map a stream (by ARN) to a function, wait until the mapping is Enabled, and return its UUID.

        Args:
            source_arn: the stream.
            function: its name.
            settings: as CreateEventSourceMapping takes them; without `StartingPosition` it is TRIM_HORIZON.
        """
        client: Any = self.clients.lambda_
        made: dict[str, Any] = client.create_event_source_mapping(
            EventSourceArn=source_arn, FunctionName=function, **({"StartingPosition": "TRIM_HORIZON"} | settings)
        )
        identity = made.get("UUID", "")
        if settings.get("Enabled", True):
            self.eventually(
                lambda: self.clients.lambda_.get_event_source_mapping(UUID=identity).get("State") == "Enabled"
            )
        return identity

    def trace(self, function: str = "") -> list[dict[str, Any]]:
        """Return what mappings did so far (`lab trace --json`), oldest first, of one function or of all."""
        from lab.cloud.asking import ask

        page = ask(self.cloud, "GET", "/_lab/trace", parameters={"since": 0, "limit": _MOST_TRACE_EVENTS})
        return [event for event in page["events"] if not function or event.get("function") == function]

    def eventually(self, condition: Callable[[], Any], *, seconds: float = 10.0) -> Any:
        """Wait until a condition gives something true and return it; what it gave last when it does not in time."""
        deadline = time.monotonic() + seconds
        while not (result := condition()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return result


def _bytes(record: Any) -> bytes:
    if isinstance(record, bytes):
        return record
    return record.encode() if isinstance(record, str) else json.dumps(record).encode()
