"""What ends under a mapping, or with it: a delete, a stop, a function, role or stream that is taken away."""

from __future__ import annotations

import time

from botocore.exceptions import ClientError

from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import (
    HANDLER,
    KINESIS_READ,
    Pipeline,
    refused,
)

TELLING = """
import json, os, time, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    for word in ("begun", "ended"):
        seen = [word, [record["kinesis"]["sequenceNumber"] for record in event["Records"]]]
        sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps(seen))
        time.sleep(0.4 if word == "begun" else 0)
"""


def under_way(shop: Workshop, stream: str) -> tuple[str, str, list[str]]:
    """Make a mapping whose first batch of two is under way; return the function's log, the mapping, the records."""
    log, log_arn = shop.queue()
    role = shop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = shop.function(TELLING, role, Environment={"Variables": {"LOG": log}})
    mapping = shop.mapping(stream, function, BatchSize=1)
    numbers = shop.put(stream, 1, 2)
    eventually(lambda: shop.messages(log))
    return log, mapping, numbers


def deleted(shop: Workshop, mapping: str) -> bool:
    try:
        return not shop.clients.lambda_.get_event_source_mapping(UUID=mapping)
    except ClientError as error:
        return error.response.get("Error", {}).get("Code") == "ResourceNotFoundException"


def test_delete_then_not_found(workshop: Workshop):
    pipeline = Pipeline(workshop, workshop.stream(), KINESIS_READ)
    aws = workshop.clients.lambda_
    assert aws.delete_event_source_mapping(UUID=pipeline.mapping)["State"] == "Deleting"
    eventually(lambda: not aws.list_event_source_mappings(FunctionName=pipeline.function)["EventSourceMappings"])
    for call in (aws.get_event_source_mapping, aws.update_event_source_mapping, aws.delete_event_source_mapping):
        assert refused(call, UUID=pipeline.mapping) == (
            "ResourceNotFoundException", "The resource you requested does not exist.")  # fmt: skip


def test_a_mapping_is_deleting_until_what_is_under_way_has_ended(workshop: Workshop, stream: str):
    """For at most a second: a function that hangs does not hold up who waits for the delete."""
    aws = workshop.clients.lambda_
    log, mapping, numbers = under_way(workshop, stream)
    assert aws.delete_event_source_mapping(UUID=mapping)["State"] == "Deleting"
    assert aws.get_event_source_mapping(UUID=mapping)["State"] == "Deleting"
    assert refused(aws.update_event_source_mapping, UUID=mapping, BatchSize=5)[0] == "ResourceInUseException"
    eventually(lambda: deleted(workshop, mapping))
    eventually(lambda: sorted(workshop.messages(log)) == [["begun", numbers[:1]], ["ended", numbers[:1]]])


def test_a_mapping_is_disabling_until_what_is_under_way_has_ended(workshop: Workshop, stream: str):
    aws = workshop.clients.lambda_
    log, mapping, numbers = under_way(workshop, stream)
    state = lambda: aws.get_event_source_mapping(UUID=mapping)["State"]  # noqa: E731
    assert aws.update_event_source_mapping(UUID=mapping, Enabled=False)["State"] == "Disabling"
    assert state() == "Disabling"
    eventually(lambda: state() == "Disabled")
    assert sorted(workshop.messages(log)) == [["begun", numbers[:1]], ["ended", numbers[:1]]]
    aws.update_event_source_mapping(UUID=mapping, Enabled=True)
    eventually(lambda: ["ended", numbers[1:]] in workshop.messages(log))


def test_a_function_that_is_deleted_and_made_again_goes_on(workshop: Workshop, stream: str):
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    workshop.put(stream, 1)
    eventually(pipeline.events)
    aws = workshop.clients.lambda_
    name = pipeline.function.rsplit(":", 1)[1]
    aws.delete_function(FunctionName=name)
    workshop.put(stream, 2)
    get = aws.get_event_source_mapping
    eventually(lambda: get(UUID=pipeline.mapping)["LastProcessingResult"] == "PROBLEM: Function call failed")
    assert get(UUID=pipeline.mapping)["State"] == "Enabled"
    (listed,) = aws.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert listed.get("UUID") == pipeline.mapping
    again = workshop.function(HANDLER, pipeline.role, name=name, Environment={"Variables": {"LOG": pipeline.log}})
    assert again == pipeline.function
    eventually(lambda: sorted(pipeline.batches()) == [[1], [2]])


def test_a_mapping_reads_as_the_role_that_its_function_has_now(workshop: Workshop, stream: str):
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    other = workshop.role(("logs:*", "*"))
    workshop.clients.lambda_.update_function_configuration(FunctionName=pipeline.function, Role=other)
    get = workshop.clients.lambda_.get_event_source_mapping
    workshop.put(stream, 1)
    eventually(lambda: "PROBLEM: Access denied" in get(UUID=pipeline.mapping)["LastProcessingResult"])


def test_a_stream_that_is_deleted_and_made_again_is_read_from_its_beginning(workshop: Workshop):
    kinesis, name = workshop.clients.kinesis, workshop.name("stream")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    stream = f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    kinesis.split_shard(StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    eventually(
        lambda: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["OpenShardCount"] == 2
    )
    workshop.put(stream, 1)
    eventually(pipeline.events)
    kinesis.delete_stream(StreamName=name)
    time.sleep(1.2)  # a mapping looks once a second
    assert workshop.clients.lambda_.get_event_source_mapping(UUID=pipeline.mapping)["State"] == "Enabled"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    workshop.made.append(lambda: kinesis.delete_stream(StreamName=name))
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    workshop.put(stream, 2)
    eventually(lambda: [2] in pipeline.batches())
