"""Event source mappings from outside, through boto3, on a served cloud."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.conftest import Workshop, eventually

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


def test_a_kinesis_record_reaches_the_function_as_on_aws(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    (sequence_number,) = workshop.put(stream, {"n": 1}, key="sensor")
    (event,) = eventually(pipeline.events)
    (record,) = event["Records"]
    assert isinstance(record["kinesis"].pop("approximateArrivalTimestamp"), float)
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "sensor",
            "sequenceNumber": sequence_number,
            "data": base64.b64encode(b'{"n": 1}').decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": pipeline.role,
        "awsRegion": "us-east-1",
        "eventSourceARN": stream,
    }


def test_a_table_change_reaches_the_function(workshop: Workshop):
    name, table_stream = workshop.table("NEW_AND_OLD_IMAGES")
    pipeline = Pipeline(workshop, table_stream, DYNAMODB_READ)
    workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}})
    (event,) = eventually(pipeline.events)
    (record,) = event["Records"]
    assert (record["eventName"], record["eventVersion"], record["eventSource"]) == ("INSERT", "1.1", "aws:dynamodb")
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "a"}}


def test_recorded_case_of_partial_answers(workshop: Workshop):
    """Recorded: 6 records, BatchSize 3, window 1, retries 3, #5 always fails: [3,4,5] then [5] four times, count 4."""
    stream = workshop.stream()
    workshop.put(stream, 0, 1, 2, 3, 4, "bad")
    pipeline = Pipeline(
        workshop,
        stream,
        KINESIS_READ,
        mode="report",
        BatchSize=3,
        MaximumBatchingWindowInSeconds=1,
        MaximumRetryAttempts=3,
    )
    (message,) = eventually(lambda: workshop.messages(pipeline.failures), seconds=20)
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["requestContext"]["approximateInvokeCount"] == 4
    assert message["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}
    assert message["KinesisBatchInfo"]["batchSize"] == 1
    assert sorted(map(str, pipeline.batches())) == sorted(map(str, [[0, 1, 2], [3, 4, "bad"], *([["bad"]] * 4)]))


def test_a_poison_record_is_bisected_out_and_the_others_pass(workshop: Workshop):
    stream = workshop.stream()
    workshop.put(stream, 0, 1, "bad", 3)
    pipeline = Pipeline(workshop, stream, KINESIS_READ, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    (message,) = eventually(lambda: workshop.messages(pipeline.failures), seconds=20)
    assert message["responseContext"]["functionError"] == "Unhandled"
    eventually(lambda: [3] in pipeline.batches())


def test_s3_gets_the_records_themselves(workshop: Workshop):
    """S3 adds `payload`, the whole event as an escaped JSON string."""
    stream, bucket = workshop.stream(), workshop.name("bucket")
    workshop.clients.s3.create_bucket(Bucket=bucket)
    workshop.put(stream, "bad")
    log, log_arn = workshop.queue()
    s3_arn = f"arn:aws:s3:::{bucket}"
    role = workshop.role(
        (KINESIS_READ, stream), ("sqs:SendMessage", log_arn), ("s3:PutObject", f"{s3_arn}/*"), ("s3:ListBucket", s3_arn)
    )
    function = workshop.function(HANDLER, role, Environment={"Variables": {"LOG": log}})
    mapping = workshop.mapping(
        stream, function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": s3_arn}}
    )
    (found,) = eventually(lambda: workshop.clients.s3.list_objects_v2(Bucket=bucket).get("Contents", []))
    assert re.match(
        rf"aws/lambda/{mapping}/shardId-0{{12}}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT[\d.]{{8}}-", found["Key"]
    )
    message = json.loads(workshop.clients.s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    (record,) = json.loads(message["payload"])["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b'"bad"'


def test_sns_is_told(workshop: Workshop):
    stream = workshop.stream()
    topic = workshop.clients.sns.create_topic(Name=workshop.name("topic"))["TopicArn"]
    inbox, inbox_arn = workshop.queue()
    sns = {"Service": "sns.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": sns, "Action": "sqs:SendMessage", "Resource": inbox_arn}
    workshop.clients.sqs.set_queue_attributes(
        QueueUrl=inbox, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    )
    workshop.clients.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox_arn)
    workshop.put(stream, "bad")
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn), ("sns:Publish", topic))
    function = workshop.function(HANDLER, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(stream, function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": topic}})
    (message,) = eventually(lambda: workshop.messages(inbox))
    assert json.loads(message["Message"])["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_latest_begins_where_the_mapping_was_enabled(workshop: Workshop):
    stream = workshop.stream()
    workshop.put(stream, "before")
    pipeline = Pipeline(workshop, stream, KINESIS_READ, StartingPosition="LATEST")
    workshop.put(stream, "after")
    eventually(pipeline.events)
    assert pipeline.batches() == [["after"]]


def test_disabled_and_enabled_again_goes_on_at_the_checkpoint(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    workshop.put(stream, 1)
    eventually(pipeline.events)
    update = workshop.clients.lambda_.update_event_source_mapping
    assert update(UUID=pipeline.mapping, Enabled=False)["State"] == "Disabling"
    state = lambda: workshop.clients.lambda_.get_event_source_mapping(UUID=pipeline.mapping)["State"]  # noqa: E731
    eventually(lambda: state() == "Disabled")
    workshop.put(stream, 2)
    update(UUID=pipeline.mapping, Enabled=True)
    eventually(lambda: len(pipeline.events()) == 2)
    assert sorted(pipeline.batches()) == [[1], [2]]


def test_filtered_out_records_never_reach_the_function(workshop: Workshop):
    stream = workshop.stream()
    criteria = {"Filters": [{"Pattern": json.dumps({"data": {"kind": ["wanted"]}})}]}
    pipeline = Pipeline(workshop, stream, KINESIS_READ, FilterCriteria=criteria)
    workshop.put(stream, {"kind": "other"}, b"not json", {"kind": "wanted"})
    eventually(pipeline.events)
    assert pipeline.batches() == [[{"kind": "wanted"}]]


def test_a_consumer_of_the_stream_is_a_source(workshop: Workshop):
    """Enhanced fan-out: the mapping names the consumer, and so does the event."""
    stream = workshop.stream()
    registered = workshop.clients.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="fan")
    consumer = registered["Consumer"]["ConsumerARN"]
    log, log_arn = workshop.queue()
    looks = (["kinesis:DescribeStream", "kinesis:ListShards"], stream)
    role = workshop.role(("kinesis:SubscribeToShard", consumer), looks, ("sqs:SendMessage", log_arn))
    function = workshop.function(HANDLER, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(consumer, function)
    workshop.put(stream, 1)
    (event,) = eventually(lambda: workshop.messages(log))
    assert event["Records"][0]["eventSourceARN"] == consumer


# --- permissions that are taken away later


def test_a_role_that_may_no_longer_read_stops_the_mapping_and_shows_it(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    workshop.put(stream, 1)
    eventually(pipeline.events)
    workshop.clients.iam.delete_role_policy(RoleName=pipeline.role.rsplit("/", 1)[1], PolicyName="policy")
    get = workshop.clients.lambda_.get_event_source_mapping
    eventually(lambda: "PROBLEM" in get(UUID=pipeline.mapping)["LastProcessingResult"])
    workshop.put(stream, 2)
    time.sleep(0.3)
    assert pipeline.batches() == [[1]]


def test_a_role_that_may_no_longer_send_to_the_destination_sends_nothing(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ, MaximumRetryAttempts=0)
    workshop.allow(pipeline.role, (KINESIS_READ, stream), ("logs:*", "*"))
    workshop.put(stream, "bad", "good")
    get = workshop.clients.lambda_.get_event_source_mapping
    eventually(lambda: get(UUID=pipeline.mapping)["LastProcessingResult"] != "No records processed")
    time.sleep(0.5)
    assert workshop.messages(pipeline.failures) == []


SLOW = """
import base64, json, os, time, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    began = time.time()
    time.sleep(2)
    numbers = [r["kinesis"]["sequenceNumber"] for r in event["Records"]]
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps([began, time.time(), numbers]))
"""


def test_an_update_waits_for_the_batch_under_way(workshop: Workshop):
    """One batch in flight per shard, also while a mapping takes over a new configuration."""
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SLOW, role, Environment={"Variables": {"LOG": log}})
    mapping = workshop.mapping(stream, function, BatchSize=1)
    workshop.put(stream, 1, 2)
    time.sleep(0.8)
    workshop.clients.lambda_.update_event_source_mapping(UUID=mapping, BatchSize=50)
    first, second = eventually(lambda: len(found := workshop.messages(log)) == 2 and sorted(found))
    assert second[0] >= first[1], "the second batch begins when the first has ended"
    assert first[2] != second[2]


def test_a_window_that_was_switched_off_is_closed(workshop: Workshop):
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log}})
    mapping = workshop.mapping(stream, function, TumblingWindowInSeconds=900)
    workshop.put(stream, 1)
    eventually(lambda: workshop.messages(log))
    workshop.clients.lambda_.update_event_source_mapping(UUID=mapping, TumblingWindowInSeconds=0)
    eventually(lambda: any(event["isFinalInvokeForWindow"] for event in workshop.messages(log)))


# --- the API


def test_create_answers_creating_and_the_defaults(workshop: Workshop):
    stream = workshop.stream()
    role = workshop.role((KINESIS_READ, stream))
    function = workshop.function(HANDLER, role)
    created = workshop.clients.lambda_.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=function, StartingPosition="LATEST"
    )
    workshop.made.append(lambda: workshop.clients.lambda_.delete_event_source_mapping(UUID=created["UUID"]))
    expected = {
        "State": "Creating", "StateTransitionReason": "User action", "LastProcessingResult": "No records processed",
        "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1, "ParallelizationFactor": 1, "BisectBatchOnFunctionError": False,
        "TumblingWindowInSeconds": 0, "FunctionResponseTypes": [], "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": stream, "FunctionArn": function, "StartingPosition": "LATEST",
    }  # fmt: skip
    assert {name: created.get(name) for name in expected} == expected
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_what_aws_refuses_at_create_is_refused_in_its_words(workshop: Workshop):
    stream = workshop.stream()
    role = workshop.role((KINESIS_READ, stream))
    function = workshop.function(HANDLER, role)
    create = workshop.clients.lambda_.create_event_source_mapping
    wanted = {"EventSourceArn": stream, "FunctionName": function, "StartingPosition": "LATEST"}
    missing = stream + "-missing"
    assert refused(create, **wanted | {"EventSourceArn": missing}) == (
        "InvalidParameterValueException", f"Stream not found: {missing}")  # fmt: skip
    assert refused(create, **wanted, FilterCriteria={"Filters": [{"Pattern": "[]"}]}) == (
        "InvalidParameterValueException", "Invalid filter pattern definition.")  # fmt: skip
    code, message = refused(create, **wanted, ParallelizationFactor=2, TumblingWindowInSeconds=5)
    assert message == "Parallelization factor must be equal to 1 when tumbling window period is configured"
    del wanted["StartingPosition"]
    assert refused(create, **wanted)[0] == "InvalidParameterValueException"
    mapping = workshop.mapping(stream, function)
    code, message = refused(create, **wanted, StartingPosition="LATEST")
    assert code == "ResourceConflictException"
    assert message.endswith(f"Please update or delete the existing mapping with UUID {mapping}")


def test_a_role_that_may_not_read_the_stream_is_refused(workshop: Workshop):
    stream = workshop.stream()
    function = workshop.function(HANDLER, workshop.role(("logs:*", "*")))
    code, message = refused(
        workshop.clients.lambda_.create_event_source_mapping,
        EventSourceArn=stream, FunctionName=function, StartingPosition="LATEST",
    )  # fmt: skip
    assert code == "InvalidParameterValueException"
    assert message == (
        f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, ListShards, and ListStreams Actions on your stream in IAM."
    )


def test_delete_then_not_found(workshop: Workshop):
    pipeline = Pipeline(workshop, workshop.stream(), KINESIS_READ)
    aws = workshop.clients.lambda_
    assert aws.delete_event_source_mapping(UUID=pipeline.mapping)["State"] == "Deleting"
    eventually(lambda: not aws.list_event_source_mappings(FunctionName=pipeline.function)["EventSourceMappings"])
    for call in (aws.get_event_source_mapping, aws.update_event_source_mapping, aws.delete_event_source_mapping):
        assert refused(call, UUID=pipeline.mapping) == (
            "ResourceNotFoundException", "The resource you requested does not exist.")  # fmt: skip


def test_list_filters_and_pages_and_tags(workshop: Workshop):
    stream = workshop.stream()
    role = workshop.role((KINESIS_READ, stream))
    functions = [workshop.function(HANDLER, role) for _ in range(3)]
    mappings = {workshop.mapping(stream, function) for function in functions}
    aws = workshop.clients.lambda_
    listed = aws.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    assert {each["UUID"] for each in listed} == mappings
    listed = aws.list_event_source_mappings(FunctionName=functions[0])["EventSourceMappings"]
    assert [each["FunctionArn"] for each in listed] == [functions[0]]
    pages = aws.get_paginator("list_event_source_mappings").paginate(
        EventSourceArn=stream, PaginationConfig={"PageSize": 1}
    )
    assert {each["UUID"] for page in pages for each in page["EventSourceMappings"]} == mappings
    arn = listed[0]["EventSourceMappingArn"]
    aws.tag_resource(Resource=arn, Tags={"lesson": "basic"})
    assert aws.list_tags(Resource=arn)["Tags"] == {"lesson": "basic"}
    aws.untag_resource(Resource=arn, TagKeys=["lesson"])
    assert aws.list_tags(Resource=arn)["Tags"] == {}


# --- tumbling windows

SUMMING = """
import base64, json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    seen = event | {"count": len(event["Records"])}
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps(seen))
    if os.environ.get("FORGETS"):
        return None
    state = event["state"]
    for record in event["Records"]:
        state["sum"] = state.get("sum", 0) + json.loads(base64.b64decode(record["kinesis"]["data"]))
    return {"state": state}
"""


def test_a_tumbling_window_sums_up_and_ends_with_a_final_invocation(workshop: Workshop):
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(stream, function, TumblingWindowInSeconds=1, BatchSize=2)
    workshop.put(stream, 1, 2, 3)

    def finals() -> list[dict[str, Any]]:
        return [event for event in workshop.messages(log) if event["isFinalInvokeForWindow"]]

    eventually(lambda: sum(final["state"].get("sum", 0) for final in finals()) == 6)
    for event in workshop.messages(log):
        assert event["shardId"] == "shardId-000000000000"
        assert event["eventSourceARN"] == stream
        assert not event["isWindowTerminatedEarly"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["window"]["start"])
        assert (event["count"] == 0) == event["isFinalInvokeForWindow"]


GROWING = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    size = len(json.dumps(event, separators=(",", ":")))
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps([len(event["Records"]), size]))
    return {"state": {"filler": "x" * 1_000_000}}
"""


def test_with_the_windows_state_an_event_is_no_larger_than_6_mb(workshop: Workshop):
    table, stream = workshop.table()
    log, log_arn = workshop.queue()
    role = workshop.role((DYNAMODB_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(GROWING, role, Environment={"Variables": {"LOG": log}})
    for number in range(32):  # 15 of them are just less than 6 MB, without the state
        item = {"pk": {"S": str(number)}, "text": {"S": "x" * 395_000}}
        workshop.clients.dynamodb.put_item(TableName=table, Item=item)
    workshop.mapping(stream, function, TumblingWindowInSeconds=900)
    seen = eventually(lambda: (found := workshop.messages(log)) and sum(count for count, _ in found) >= 32 and found)
    assert sum(count for count, _size in seen) == 32
    assert all(size <= 6 * 1024 * 1024 for _count, size in seen)


def test_an_answer_without_state_is_a_failure(workshop: Workshop):
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    failures, failures_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", [log_arn, failures_arn]))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log, "FORGETS": "1"}})
    destination = {"OnFailure": {"Destination": failures_arn}}
    workshop.mapping(stream, function, TumblingWindowInSeconds=1, MaximumRetryAttempts=0, DestinationConfig=destination)
    workshop.put(stream, 1)
    (message,) = eventually(lambda: workshop.messages(failures))
    assert message["responseContext"]["functionError"] is None


COUNTING = """
import json, os, boto3
sqs = boto3.client("sqs")
failed = set()
def handler(event, context):
    numbers = [(record.get("kinesis") or record["dynamodb"]) for record in event["Records"]]
    numbers = [number.get("sequenceNumber") or number["SequenceNumber"] for number in numbers]
    seen = [event["shardId"], numbers, event["state"], event["isFinalInvokeForWindow"]]
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps(seen))
    once = (tuple(numbers), event["isFinalInvokeForWindow"])
    if once not in failed:
        failed.add(once)
        raise RuntimeError("every invocation fails at first")
    return {"state": {"count": event["state"].get("count", 0) + len(numbers)}}
"""


def test_an_invocation_of_a_window_that_fails_is_retried_with_the_same_state(workshop: Workshop):
    """On a table: each batch, and the final invocation, fails once; what is summed up is exact all the same."""
    name, source = workshop.table()
    log, log_arn = workshop.queue()
    role = workshop.role((DYNAMODB_READ, source), ("sqs:SendMessage", log_arn))
    function = workshop.function(COUNTING, role, Environment={"Variables": {"LOG": log}})
    for key in "abc":
        workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": key}})
    workshop.mapping(source, function, TumblingWindowInSeconds=1, BatchSize=2)
    seen: list[Any] = []

    def both_finals(batches: int = 2) -> bool:
        seen[:] = workshop.messages(log)
        finals = [state for _, _, state, final in seen if final]
        return sum(state["count"] for state in finals) == 2 * 3 and len(seen) >= 2 * (batches + 1)

    eventually(both_finals, seconds=20)
    for numbers, final in {(tuple(numbers), final) for _, numbers, _, final in seen if numbers}:
        states = [state for _, of, state, f in seen if (tuple(of), f) == (numbers, final)]
        assert len(states) == 2
        assert states[0] == states[1]


def test_a_window_is_closed_when_its_shard_is(workshop: Workshop):
    """Resharding ends the window of the parent, however long it is; the children have windows of their own."""
    stream = workshop.stream()
    log, log_arn = workshop.queue()
    role = workshop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = workshop.function(SUMMING, role, Environment={"Variables": {"LOG": log}})
    workshop.mapping(stream, function, TumblingWindowInSeconds=900)
    workshop.put(stream, 4)
    eventually(lambda: workshop.messages(log))
    workshop.clients.kinesis.split_shard(
        StreamName=stream.split("/")[1], ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )

    def finals() -> list[dict[str, Any]]:
        return [event for event in workshop.messages(log) if event["isFinalInvokeForWindow"]]

    (final,) = eventually(finals)
    assert (final["shardId"], final["state"], final["Records"]) == ("shardId-000000000000", {"sum": 4}, [])
    assert not final["isWindowTerminatedEarly"]
