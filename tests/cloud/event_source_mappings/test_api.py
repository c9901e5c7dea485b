"""The API of event source mappings from outside: what it answers, refuses and takes over, in AWS's own words."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.request import Request, urlopen

import pytest

from lab.aws import Clients
from lab.cloud.client import Cloud
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import (
    DYNAMODB_READ,
    HANDLER,
    KINESIS_READ,
    Pipeline,
    refused,
)
from tests.cloud.event_source_mappings.test_reading import unchecked

SILENT = "def handler(event, context): pass"


@pytest.fixture(scope="module")
def function(local_cloud: Cloud) -> str:
    """A function that does nothing, for the tests that only ask the API."""
    shop = Workshop(Clients.local(local_cloud.url))
    return shop.function(SILENT, shop.role(([*KINESIS_READ, *DYNAMODB_READ, "sqs:SendMessage"], "*")))


# --- create


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


def test_a_mapping_of_a_table_has_the_recorded_keys(workshop: Workshop, function: str):
    _name, source = workshop.table()
    aws = workshop.clients.lambda_
    created: dict[str, Any] = dict(
        aws.create_event_source_mapping(EventSourceArn=source, FunctionName=function, StartingPosition="TRIM_HORIZON")
    )
    workshop.made.append(lambda: aws.delete_event_source_mapping(UUID=created["UUID"]))
    assert created.pop("ResponseMetadata")["HTTPStatusCode"] == 202
    uuid = created["UUID"]
    assert time.time() - created.pop("LastModified").timestamp() < 60
    expected = {
        "BatchSize": 100, "BisectBatchOnFunctionError": False, "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": source, "FunctionArn": function, "FunctionResponseTypes": [],
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}",
        "LastProcessingResult": "No records processed", "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON", "State": "Creating", "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0, "UUID": uuid,
    }  # fmt: skip
    assert created == expected
    eventually(lambda: aws.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")


def test_a_function_may_be_named_in_every_way(workshop: Workshop, function: str, stream: str):
    """Name, partial ARN, ARN; with a version or an alias each is a mapping of its own."""
    aws = workshop.clients.lambda_
    name = function.rsplit(":", 1)[1]
    aws.publish_version(FunctionName=name)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for reference, qualifier in {
        f"000000000000:function:{name}": "", f"{name}:1": ":1", f"000000000000:function:{name}:live": ":live",
    }.items():  # fmt: skip
        mapping = workshop.mapping(stream, reference)
        assert aws.get_event_source_mapping(UUID=mapping)["FunctionArn"] == function + qualifier
        (listed,) = aws.list_event_source_mappings(EventSourceArn=stream, FunctionName=function + qualifier)[
            "EventSourceMappings"
        ]
        assert listed.get("UUID") == mapping
        code, _ = refused(
            aws.create_event_source_mapping,
            EventSourceArn=stream,
            FunctionName=function + qualifier,
            StartingPosition="LATEST",
        )
        assert code == "ResourceConflictException"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"EventSourceArn": None}, "Unrecognized event source."),
        ({"FunctionName": "nobody"}, "Function does not exist"),
        ({"StartingPosition": "SOON"},
         ("1 validation error detected: Value 'SOON' at 'startingPosition' failed to satisfy constraint: "
         "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]")),
        ({"StartingPositionTimestamp": 5}, "Timestamp only valid with StartingPosition AT_TIMESTAMP"),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": -1},
         ("Received Exception while reading from provided stream. "
         "class java.lang.Long can not be converted to a Timestamp")),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 9e9},
         "StartingPositionTimestamp cannot be in the future."),
        ({"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}}},
         "Unsupported DestinationConfig parameter for given event source mapping type."),
        ({"Topics": ["t"]}, "Unsupported Topics parameter for given event source mapping type."),
        ({"MetricsConfig": {"Metrics": ["Everything"]}},
         ("1 validation error detected: Value '[Everything]' at 'metricsConfig.metrics' failed to satisfy constraint: "
         "Member must satisfy constraint: "
         "[Member must satisfy enum value set: [EventCount, ErrorCount, KafkaMetrics]]")),
        ({"MetricsConfig": {"Metrics": ["KafkaMetrics"]}},
         "Unsupported metric for given event source mapping type: KafkaMetrics"),
        ({"FunctionResponseTypes": ["ReportBatchItemFailures"] * 2},
         ("1 validation error detected: Value '[ReportBatchItemFailures, ReportBatchItemFailures]' at "
         "'functionResponseTypes' failed to satisfy constraint: Member must have length less than or equal to 1")),
        ({"Tags": {"aws:mine": "x"}}, "Keys starting with 'aws:' are reserved for system use"),
        ({"Tags": {str(n): "x" for n in range(51)}}, "Number of tags exceeds resource tag limit. Limit: 50"),
    ],
)  # fmt: skip
def test_a_create_is_refused_in_these_words(
    workshop: Workshop, function: str, stream: str, wanted: dict[str, Any], message: str
):
    request = {"EventSourceArn": stream, "FunctionName": function, "StartingPosition": "LATEST"} | wanted
    request = {name: value for name, value in request.items() if value is not None}
    code, found = refused(unchecked(workshop.clients.lambda_).create_event_source_mapping, **request)
    assert found == message
    assert code == ("ValidationException" if "validation error" in message else "InvalidParameterValueException")


def test_at_timestamp_of_a_table_is_refused_in_these_words(workshop: Workshop, function: str):
    _name, source = workshop.table()
    assert refused(
        workshop.clients.lambda_.create_event_source_mapping,
        EventSourceArn=source, FunctionName=function, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=5,
    ) == ("InvalidParameterValueException", f"Unsupported starting position for arn type: {source}")  # fmt: skip


@pytest.mark.parametrize(
    ("actions", "destination", "words"),
    [
        ([], "arn:aws:sqs:us-east-1:000000000000:failures", "SendMessage on SQS"),
        ([], "arn:aws:sns:us-east-1:000000000000:failures", "Publish on SNS"),
        (["s3:ListBucket"], "arn:aws:s3:::failures", "PutObject on S3"),
        (["s3:PutObject"], "arn:aws:s3:::failures", "ListBucket on S3"),
    ],
)
def test_a_role_that_may_not_send_to_the_destination_is_refused(
    workshop: Workshop, stream: str, actions: list[str], destination: str, words: str
):
    function = workshop.function(SILENT, workshop.role((KINESIS_READ, stream), (["logs:*", *actions], "*")))
    wanted: dict[str, Any] = {"DestinationConfig": {"OnFailure": {"Destination": destination}}}
    expected = (
        "InvalidParameterValueException",
        f"The function execution role does not have permissions to call {words}",
    )
    aws = workshop.clients.lambda_
    request = {"EventSourceArn": stream, "FunctionName": function, "StartingPosition": "LATEST"}
    assert refused(aws.create_event_source_mapping, **request, **wanted) == expected
    mapping = workshop.mapping(stream, function)
    assert refused(aws.update_event_source_mapping, UUID=mapping, **wanted) == expected


def test_a_fifo_queue_is_no_destination(workshop: Workshop, function: str, stream: str):
    queue = "arn:aws:sqs:us-east-1:000000000000:failures.fifo"
    code, _ = refused(
        workshop.clients.lambda_.create_event_source_mapping,
        EventSourceArn=stream, FunctionName=function, StartingPosition="LATEST",
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )  # fmt: skip
    assert code == "InvalidParameterValueException"


def test_the_last_processing_result_tells_how_the_last_invocation_went(workshop: Workshop, stream: str):
    pipeline = Pipeline(workshop, stream, KINESIS_READ, MaximumRetryAttempts=0)
    get = workshop.clients.lambda_.get_event_source_mapping
    result = lambda: get(UUID=pipeline.mapping)["LastProcessingResult"]  # noqa: E731
    assert result() == "No records processed"
    for data, expected in [(1, "OK"), ("bad", "PROBLEM: Function call failed"), (2, "OK")]:
        workshop.put(stream, data)
        eventually(lambda expected=expected: result() == expected)


def test_tags_are_given_at_create_and_found_by_the_mappings_arn(workshop: Workshop, function: str, stream: str):
    aws = workshop.clients.lambda_
    mapping = workshop.mapping(stream, function, Tags={"lesson": "basic", "room": ""})
    arn = aws.get_event_source_mapping(UUID=mapping)["EventSourceMappingArn"]
    assert aws.list_tags(Resource=arn)["Tags"] == {"lesson": "basic", "room": ""}
    code, _ = refused(aws.tag_resource, Resource=arn, Tags={str(n): "x" for n in range(49)})
    assert code == "InvalidParameterValueException"
    assert aws.list_tags(Resource=arn)["Tags"] == {"lesson": "basic", "room": ""}


# --- update


def test_an_update_changes_what_it_names_and_nothing_else(workshop: Workshop, function: str, stream: str):
    aws = workshop.clients.lambda_
    _, queue = workshop.queue()
    mapping = workshop.mapping(stream, function, BatchSize=7, MaximumRetryAttempts=3)
    before: dict[str, Any] = dict(aws.get_event_source_mapping(UUID=mapping))
    changes: dict[str, Any] = {
        "BatchSize": 8, "MaximumBatchingWindowInSeconds": 2, "ParallelizationFactor": 2, "MaximumRetryAttempts": 0,
        "MaximumRecordAgeInSeconds": 60, "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "MetricsConfig": {"Metrics": ["EventCount"]},
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]},
    }  # fmt: skip
    for name, value in changes.items():
        answer: dict[str, Any] = dict(aws.update_event_source_mapping(UUID=mapping, **{name: value}))
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert answer["State"] == "Updating"
        assert answer[name] == value
    eventually(lambda: aws.get_event_source_mapping(UUID=mapping)["State"] == "Enabled")
    after: dict[str, Any] = dict(aws.get_event_source_mapping(UUID=mapping))
    expected = before | changes
    assert {name: after[name] for name in after if name not in ("LastModified", "ResponseMetadata")} == {
        name: expected[name] for name in expected if name not in ("LastModified", "ResponseMetadata")
    }
    assert after["LastModified"] > before["LastModified"]


def test_an_update_takes_back_destination_filters_metrics_and_response_types(
    workshop: Workshop, function: str, stream: str
):
    _, queue = workshop.queue()
    mapping = workshop.mapping(
        stream, function, DestinationConfig={"OnFailure": {"Destination": queue}},
        FilterCriteria={"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]}, MetricsConfig={"Metrics": ["EventCount"]},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )  # fmt: skip
    answer: dict[str, Any] = dict(
        workshop.clients.lambda_.update_event_source_mapping(
            UUID=mapping, DestinationConfig={"OnFailure": {}}, FilterCriteria={}, MetricsConfig={"Metrics": []},
            FunctionResponseTypes=[],
        )
    )  # fmt: skip
    assert answer["DestinationConfig"] == {"OnFailure": {}}
    assert answer["FunctionResponseTypes"] == []
    assert "FilterCriteria" not in answer
    assert "MetricsConfig" not in answer


def test_an_update_that_is_refused_changes_nothing(workshop: Workshop, function: str, stream: str):
    aws = unchecked(workshop.clients.lambda_)
    mapping = workshop.mapping(stream, function, TumblingWindowInSeconds=5)
    before = aws.get_event_source_mapping(UUID=mapping)
    other = workshop.function(SILENT, workshop.role((KINESIS_READ, stream)))
    unable = workshop.function(SILENT, workshop.role(("logs:*", "*")))
    workshop.mapping(stream, other)
    for wanted, error in [
        ({"ParallelizationFactor": 2}, "InvalidParameterValueException"),
        ({"BatchSize": 0}, "ValidationException"),
        ({"MaximumRecordAgeInSeconds": 30}, "InvalidParameterValueException"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"data": {"a": 1}}'}]}}, "InvalidParameterValueException"),
        ({"FunctionName": "nobody"}, "InvalidParameterValueException"),
        ({"FunctionName": unable}, "InvalidParameterValueException"),
        ({"FunctionName": other}, "ResourceConflictException"),
    ]:
        assert (
            refused(aws.update_event_source_mapping, UUID=mapping, BisectBatchOnFunctionError=True, **wanted)[0]
            == error
        )
    after = aws.get_event_source_mapping(UUID=mapping)
    assert after["LastModified"] == before["LastModified"]
    assert after["BisectBatchOnFunctionError"] is False


def test_the_starting_position_is_not_updated(workshop: Workshop, function: str, stream: str):
    mapping = workshop.mapping(stream, function, StartingPosition="LATEST")
    body = json.dumps({"StartingPosition": "TRIM_HORIZON"}).encode()
    path = f"{workshop.clients.endpoint_url}/2015-03-31/event-source-mappings/{mapping}"
    key = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=none"
    with urlopen(Request(path, body, {"Authorization": key}, method="PUT")) as answer:
        assert json.load(answer)["StartingPosition"] == "LATEST"


# --- list


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
