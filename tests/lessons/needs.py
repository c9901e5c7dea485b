"""The smallest thing of a lesson that needs an action: did it come out, or was it seen to fail?

Each check does its thing and answers. False is never the mere absence of something: a record was given up, a function
answered that it could not, an API refused. Only a log that may not be written can be seen by nothing but its absence;
there it is that of an invocation that has answered, whose lines are written before the answer.
"""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lab.aws import LOCAL_KEY, Clients
from lab.sample_events import kinesis_event
from tests.lessons.conftest import PATIENCE_SECONDS

Check = Callable[[], bool]

PURCHASE = {
    "tenant_id": {"S": "empresa_sur"},
    "user_id": {"S": "user-01"},
    "fecha": {"S": "2026-11-22 08:00:00"},
    "productos": {
        "L": [
            {
                "M": {
                    "codigo": {"S": "PROD001"},
                    "nombre": {"S": "Café de altura"},
                    "precio_unitario": {"N": "12.90"},
                    "cantidad": {"N": "2"},
                }
            }
        ]
    },
}
EMPTY_BATCH = b'{"Records": []}'
"""What any function can be invoked with: some answer that it is no request."""
CANNOT = (500, 503)
"""What an API answers when it, or what is behind it, may not do something."""
MORE_THAN_AN_ITEM_HOLDS_BYTES = 410_000


@dataclass
class Lesson:
    """A deployed lesson, as its checks use it."""

    clients: Clients
    outputs: Mapping[str, Any]
    _given_up: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    # --- functions ---------------------------------------------------------------------------------------------------

    def invoke(self, function: str, event: Any) -> Any:
        """Return a function's answer; None when it failed."""
        answer = self.clients.lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        return None if "FunctionError" in answer else json.loads(answer["Payload"].read())

    def logs(self, function: str, group: str) -> Check:
        """An invocation that has answered stands in the log."""

        def check() -> bool:
            answer = self.clients.lambda_.invoke(FunctionName=function, Payload=EMPTY_BATCH, LogType="Tail")
            *_others, last = base64.b64decode(answer["LogResult"]).decode().splitlines()
            report = last.partition("\t")[0]  # `REPORT RequestId: …`
            return bool(self.clients.logs.filter_log_events(logGroupName=group, filterPattern=f'"{report}"')["events"])

        return check

    def makes_log_stream(self, function: str, group: str) -> Check:
        """An invocation that has answered has a log stream, where there was none, as with a new environment."""
        logs = self.clients.logs

        def check() -> bool:
            for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
                logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])
            self.clients.lambda_.invoke(FunctionName=function, Payload=EMPTY_BATCH)
            return bool(logs.describe_log_streams(logGroupName=group)["logStreams"])

        return check

    def is_mapped(self) -> bool:
        """Lambda would map the stream to the function: it minds only, as the last thing, that this was done before."""
        lambda_ = self.clients.lambda_
        mapping = lambda_.get_event_source_mapping(UUID=self.outputs["EventSourceMappingId"])
        try:
            lambda_.create_event_source_mapping(
                EventSourceArn=mapping["EventSourceArn"],
                FunctionName=mapping["FunctionArn"],
                DestinationConfig=mapping["DestinationConfig"],
                StartingPosition="LATEST",
            )
        except lambda_.exceptions.ResourceConflictException:
            return True
        except lambda_.exceptions.InvalidParameterValueException as refused:
            if re.search("Cannot access stream|does not have permissions to call", str(refused)):
                return False
            raise
        raise AssertionError("a second mapping of the same stream and function")

    # --- what goes through the stream --------------------------------------------------------------------------------

    def put(self, *payloads: bytes) -> list[tuple[str, str]]:
        """Put records together; return their shards and sequence numbers."""
        entries: Any = [{"Data": payload, "PartitionKey": "one"} for payload in payloads]
        answer = self.clients.kinesis.put_records(StreamARN=self.outputs["KinesisStreamArn"], Records=entries)
        assert not answer["FailedRecordCount"]
        return [(each["ShardId"], each["SequenceNumber"]) for each in answer["Records"]]

    def failures(self) -> list[dict[str, Any]]:
        """Return all messages about records that were given up: those of the queue, or of the bucket."""
        url = self.outputs["FailureQueueUrl"]
        if url is None:
            bucket = self.outputs["FailureDestinationArn"].rpartition(":")[2]
            found = self.clients.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
            bodies = (self.clients.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"] for each in found)
            return [json.loads(body.read()) for body in bodies]
        # What was received is hidden for a while, so it is taken out and kept here.
        messages = self.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            self._given_up.append(json.loads(message["Body"]))
        return self._given_up

    def is_given_up(self, number: str) -> bool:
        """Say whether a record of the Kinesis stream was given up."""
        batches = [message["KinesisBatchInfo"] for message in self.failures()]
        return any(batch["startSequenceNumber"] <= number <= batch["endSequenceNumber"] for batch in batches)

    def item(self, key: Mapping[str, str]) -> dict[str, Any]:
        """Return an item of the lesson's table, empty when there is none."""
        typed = {name: {"S": value} for name, value in key.items()}
        found = self.clients.dynamodb.get_item(
            TableName=self.outputs["DynamoDBTableName"], Key=typed, ConsistentRead=True
        )
        return found.get("Item", {})

    def has_object(self, part_of_key: str) -> bool:
        """Say whether the lesson's bucket has an object whose key holds this."""
        found = self.clients.s3.list_objects_v2(Bucket=self.outputs["BucketName"]).get("Contents", [])
        return any(part_of_key in each["Key"] for each in found)

    def request(self, method: str, path: str, body: Any = None) -> bool:
        """Call the lesson's API, signed; say whether it answers 200, and not that it cannot."""
        data = None if body is None else json.dumps(body).encode()
        request = AWSRequest(method, self.outputs["ApiUrl"] + path, {"Content-Type": "application/json"}, data)
        SigV4Auth(Credentials(LOCAL_KEY, LOCAL_KEY), "execute-api", self.clients.region).add_auth(request)
        made = urllib.request.Request(request.url, data, dict(request.headers), method=method)
        try:
            with urllib.request.urlopen(made, timeout=10) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as refused:
            refused.close()
            if refused.code in CANNOT:
                return False
            raise


def either(came_out: Check, failed: Check) -> bool:
    """Wait for one of the two, and say which."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if came_out():
            return True
        if failed():
            return False
        time.sleep(0.01)
    raise AssertionError("neither did it come out, nor was it given up")


# --- basic -----------------------------------------------------------------------------------------------------------


def stores_an_event(basic: Lesson) -> bool:
    """An event becomes an item."""
    [(shard, number)] = basic.put(b'{"sensor": "temperature"}')
    return either(lambda: bool(basic.item({"eventId": f"{shard}:{number}"})), lambda: basic.is_given_up(number))


def stores_an_event_beside_one_that_is_refused(basic: Lesson) -> bool:
    """An event becomes an item although DynamoDB refuses another one of the same batch (there is no bisecting here)."""
    too_large = json.dumps({"blob": "x" * MORE_THAN_AN_ITEM_HOLDS_BYTES}).encode()
    (shard, number), _refused = basic.put(b'{"sensor": "temperature"}', too_large)
    return either(lambda: bool(basic.item({"eventId": f"{shard}:{number}"})), lambda: basic.is_given_up(number))


# --- votes -----------------------------------------------------------------------------------------------------------


def takes_a_vote(votes: Lesson) -> bool:
    """`POST /votes` answers 200."""
    return votes.request("POST", "votes", {"vote": "norris"})


def tells_the_results(votes: Lesson) -> bool:
    """`GET /results` answers 200."""
    return votes.request("GET", "results")


def shows_the_page(votes: Lesson) -> bool:
    """`GET /` answers 200."""
    return votes.request("GET", "")


def counts_economically(votes: Lesson) -> bool:
    """The option's item says that its shard was counted up to the vote."""
    [(shard, number)] = votes.put(json.dumps({"vote": "hamilton", "id": str(uuid.uuid4())}).encode())

    def counted() -> bool:
        last = votes.item({"option_id": "hamilton"}).get("last", {}).get("M", {})
        return last.get(shard, {}).get("S", "") >= number

    return either(counted, lambda: votes.is_given_up(number))


def counts_in_transactions(votes: Lesson) -> bool:
    """The vote has an item of its own."""
    vote_id = str(uuid.uuid4())
    [(_shard, number)] = votes.put(json.dumps({"vote": "hamilton", "id": vote_id}).encode())
    return either(lambda: bool(votes.item({"option_id": f"vote#{vote_id}"})), lambda: votes.is_given_up(number))


# --- purchases -------------------------------------------------------------------------------------------------------


def documents_a_purchase(purchases: Lesson) -> bool:
    """A purchase becomes a document; nobody else writes to the table, so any new failure is its own."""
    compra_id, before = str(uuid.uuid4()), len(purchases.failures())
    item: Any = PURCHASE | {"compra_id": {"S": compra_id}}
    purchases.clients.dynamodb.put_item(TableName=purchases.outputs["DynamoDBTableName"], Item=item)
    return either(lambda: purchases.has_object(compra_id), lambda: len(purchases.failures()) > before)


def reports(purchases: Lesson) -> bool:
    """The report answers 200."""
    answer = purchases.invoke(purchases.outputs["ReportFunctionName"], {"tenant_id": "empresa_sur"})
    assert answer["statusCode"] in (200, 503)
    return answer["statusCode"] == 200


def reports_over_http(purchases: Lesson) -> bool:
    """`GET /reportes` answers 200."""
    return purchases.request("GET", "reportes?tenant_id=empresa_sur")


# --- orders ----------------------------------------------------------------------------------------------------------


def produces_an_order(orders: Lesson) -> bool:
    """The producer answers that it sent an order."""
    answer = orders.invoke(orders.outputs["ProducerFunctionName"], {"count": 1})
    return answer is not None and answer["sent"] == 1


# --- archive ---------------------------------------------------------------------------------------------------------


def archives(archive: Lesson) -> bool:
    """A record becomes an object."""
    [(_shard, number)] = archive.put(b"hello kinesis")
    return either(lambda: archive.has_object(number), lambda: archive.is_given_up(number))


def archives_again(archive: Lesson) -> bool:
    """A batch that comes again is taken for what it is."""
    event = kinesis_event([b"hello kinesis"], key="one", region=archive.clients.region)
    answers = [archive.invoke(archive.outputs["ConsumerFunctionName"], event) for _time in range(2)]
    return answers[-1] == {"batchItemFailures": []}
