"""What a mapping hands to its function and to its destination, from outside, on a served cloud."""

from __future__ import annotations

import base64
import json
import re
import time

from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import DYNAMODB_READ, HANDLER, KINESIS_READ, Pipeline


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
