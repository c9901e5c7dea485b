"""What the program deploys for lesson `basic`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from handlers.basic.event import event_item
from handlers.shared.kinesis import kinesis_records
from tests.components.conftest import arn
from tests.handlers.events import kinesis_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.components.conftest import Deploy, Deployment

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

ALARMS = ["basic-reader-errors", "basic-reader-given-up", "basic-reader-lag"]


@pytest.fixture
def deployed(deploy: Deploy) -> Deployment:
    return deploy()


def test_everything_that_is_deployed(deployed: Deployment):
    assert {name: resource.type.split(":")[-1] for name, resource in deployed.resources.items()} == {
        "basic-stream": "Stream",
        "basic-table": "Table",
        "basic-consumer-logs": "LogGroup",
        "basic-consumer-role": "Role",
        "basic-consumer-policy": "RolePolicy",
        "basic-consumer-function": "Function",
        "basic-reader-failures": "Queue",
        "basic-reader-policy": "RolePolicy",
        "basic-reader-mapping": "EventSourceMapping",
        **dict.fromkeys(ALARMS, "MetricAlarm"),
    }
    assert deployed.components == {
        "basic": "streamlab:index:BasicLesson",
        "basic-consumer": "streamlab:index:Function",
        "basic-reader": "streamlab:index:StreamConsumer",
    }
    for name, resource in deployed.resources.items():
        parents = [part for part in deployed.components if name.startswith(f"{part}-")]
        assert resource.parent_type == deployed.components[max(parents, key=len)], name


def test_nothing_is_deployed_when_no_lesson_is_switched_on(deploy: Deploy):
    deployment = deploy(lessons=[])
    assert deployment.resources == {}
    assert deployment.components == {}


def test_the_outputs_by_which_commands_find_everything(deployed: Deployment):
    assert deployed.exports["basic"] == {
        "KinesisStreamName": "basic-stream-1a2b3c4",
        "KinesisStreamArn": arn("kinesis", "basic-stream-1a2b3c4"),
        "DynamoDBTableName": "basic-table-1a2b3c4",
        "ConsumerFunctionName": "basic-consumer-function-1a2b3c4",
        "ConsumerLogGroupName": "basic-consumer-logs-1a2b3c4",
        "EventSourceMappingId": "6f0e3d1c-0000-4000-8000-000000000000",
        "FailureDestinationArn": arn("sqs", "basic-reader-failures-1a2b3c4"),
        "FailureQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
        "FailureQueueArn": arn("sqs", "basic-reader-failures-1a2b3c4"),
        "SensorIndexName": "sensor-timestamp-index",
    }


def test_without_index_and_queue_their_outputs_are_null(deploy: Deploy):
    exports = deploy(basic={"sensor_index": False, "destination": "sns"}).exports["basic"]
    assert [name for name, value in exports.items() if value is None] == [
        "FailureQueueUrl",
        "FailureQueueArn",
        "SensorIndexName",
    ]
    assert exports["FailureDestinationArn"] == arn("sns", "basic-reader-failures-1a2b3c4")


def test_names_are_pulumis_own_unless_the_texts_are_asked_for(deploy: Deploy):
    auto, text = deploy(names="auto"), deploy(names="text")
    assert not [name for name, resource in auto.resources.items() if "name" in resource.inputs]
    assert {
        name: resource.inputs["name"] for name, resource in text.resources.items() if "name" in resource.inputs
    } == {
        "basic-stream": "EventStream",
        "basic-table": "EventLogs",
    }
    assert text.exports["basic"]["KinesisStreamName"] == "EventStream"


def test_the_stream(deployed: Deployment):
    inputs = deployed["basic-stream"].inputs
    assert inputs["streamModeDetails"] == {"streamMode": "PROVISIONED"}
    assert (inputs["shardCount"], inputs["retentionPeriod"]) == (1, 24)
    assert inputs["enforceConsumerDeletion"] is True


def test_an_on_demand_stream_has_no_shard_count(deploy: Deploy):
    inputs = deploy(basic={"capacity": "on-demand"})["basic-stream"].inputs
    assert inputs["streamModeDetails"] == {"streamMode": "ON_DEMAND"}
    assert "shardCount" not in inputs


def test_the_table_and_its_index(deployed: Deployment):
    inputs = deployed["basic-table"].inputs
    assert (inputs["hashKey"], inputs["billingMode"]) == ("eventId", "PAY_PER_REQUEST")
    assert "rangeKey" not in inputs
    assert inputs["attributes"] == [{"name": name, "type": "S"} for name in ("eventId", "sensor", "timestamp")]
    assert inputs["globalSecondaryIndexes"] == [
        {
            "name": "sensor-timestamp-index",
            "projectionType": "ALL",
            "keySchemas": [
                {"attributeName": "sensor", "keyType": "HASH"},
                {"attributeName": "timestamp", "keyType": "RANGE"},
            ],
        }
    ]


def test_the_handler_writes_the_attributes_that_the_keys_are_made_of(deployed: Deployment):
    item = event_item(kinesis_records({"Records": [kinesis_record(1, {"sensor": "a"})]})[0])
    assert {attribute["name"] for attribute in deployed["basic-table"].inputs["attributes"]} <= set(item)


def test_without_the_index_only_the_tables_key_is_declared(deploy: Deploy):
    inputs = deploy(basic={"sensor_index": False})["basic-table"].inputs
    assert inputs["attributes"] == [{"name": "eventId", "type": "S"}]
    assert "globalSecondaryIndexes" not in inputs


def test_the_function(deployed: Deployment, tmp_path: Path):
    inputs = deployed["basic-consumer-function"].inputs
    assert isinstance(inputs["code"], pulumi.FileArchive)
    assert inputs["code"].path == str(tmp_path / "basic.zip")
    assert inputs["handler"] == "handlers.basic.handler.lambda_handler"
    assert inputs["role"] == arn("iam", "basic-consumer-role-1a2b3c4")
    assert inputs["architectures"] == ["arm64"]
    assert inputs["environment"]["variables"] == {
        "DYNAMODB_TABLE_NAME": "basic-table-1a2b3c4",
        "POWERTOOLS_SERVICE_NAME": "basic",
    }
    assert (inputs["memorySize"], inputs["timeout"], inputs["runtime"]) == (256, 30, "python3.13")


def test_the_log_group_is_there_before_the_function_and_the_function_uses_it(deployed: Deployment):
    assert deployed["basic-consumer-logs"].inputs["retentionInDays"] == 7
    function = deployed["basic-consumer-function"]
    assert function.inputs["loggingConfig"] == {"logFormat": "Text", "logGroup": "basic-consumer-logs-1a2b3c4"}
    assert {"basic-consumer-logs", "basic-consumer-policy"} <= function.dependencies


def test_the_role_may_do_exactly_what_the_function_needs(deployed: Deployment):
    # text fault 13: the permissions
    assert deployed["basic-consumer-policy"].statements == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", "basic-consumer-logs-1a2b3c4") + ":*",
        },
        {
            "Effect": "Allow",
            "Action": ["dynamodb:BatchWriteItem", "dynamodb:PutItem"],
            "Resource": arn("dynamodb", "basic-table-1a2b3c4"),
        },
    ]
    assert deployed["basic-reader-policy"].statements == [
        {
            "Effect": "Allow",
            "Action": [
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            "Resource": arn("kinesis", "basic-stream-1a2b3c4"),
        },
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": arn("sqs", "basic-reader-failures-1a2b3c4")},
    ]
    for policy in ("basic-consumer-policy", "basic-reader-policy"):
        assert deployed[policy].inputs["role"] == "basic-consumer-role-1a2b3c4"
    assert "lambda.amazonaws.com" in deployed["basic-consumer-role"].inputs["assumeRolePolicy"]


def test_the_mapping_ends_every_failure(deployed: Deployment):
    # text fault 6: no partial answer, no limit, no destination; text fault 13: the starting position
    mapping = deployed["basic-reader-mapping"]
    assert {name: value for name, value in mapping.inputs.items() if name != "tags"} == {
        "eventSourceArn": arn("kinesis", "basic-stream-1a2b3c4"),
        "functionName": arn("lambda", "basic-consumer-function-1a2b3c4"),
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 100,
        "maximumBatchingWindowInSeconds": 0,
        "parallelizationFactor": 1,
        "maximumRetryAttempts": 2,
        "maximumRecordAgeInSeconds": 43_200,
        "bisectBatchOnFunctionError": True,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "destinationConfig": {"onFailure": {"destinationArn": arn("sqs", "basic-reader-failures-1a2b3c4")}},
    }


def test_the_mapping_comes_after_its_permissions_and_a_new_one_after_the_old(deployed: Deployment):
    mapping = deployed["basic-reader-mapping"]
    assert {"basic-reader-policy", "basic-reader-failures", "basic-stream"} <= mapping.dependencies
    assert mapping.delete_before_replace


SETTINGS = [
    ("shard_count", 3, "basic-stream", "shardCount", 3),
    ("retention_hours", 48, "basic-stream", "retentionPeriod", 48),
    ("batch_size", 10_000, "basic-reader-mapping", "batchSize", 10_000),
    ("batching_window_seconds", 5, "basic-reader-mapping", "maximumBatchingWindowInSeconds", 5),
    ("starting_position", "LATEST", "basic-reader-mapping", "startingPosition", "LATEST"),
    ("parallelization_factor", 10, "basic-reader-mapping", "parallelizationFactor", 10),
    ("maximum_retry_attempts", -1, "basic-reader-mapping", "maximumRetryAttempts", -1),
    ("maximum_record_age_seconds", 60, "basic-reader-mapping", "maximumRecordAgeInSeconds", 60),
    ("bisect", False, "basic-reader-mapping", "bisectBatchOnFunctionError", False),
    ("memory_mb", 512, "basic-consumer-function", "memorySize", 512),
    ("timeout_seconds", 60, "basic-consumer-function", "timeout", 60),
    ("runtime", "python3.12", "basic-consumer-function", "runtime", "python3.12"),
    ("log_retention_days", 1, "basic-consumer-logs", "retentionInDays", 1),
]


def test_every_setting_reaches_its_resource(deploy: Deploy):
    deployed = deploy(basic={setting: value for setting, value, *_ in SETTINGS})
    for setting, _, resource, name, value in SETTINGS:
        assert deployed[resource].inputs[name] == value, setting


def test_reading_from_a_time(deploy: Deploy):
    time = "2026-11-22T08:00:00Z"
    basic = {"starting_position": "AT_TIMESTAMP", "starting_position_timestamp": time}
    inputs = deploy(basic=basic)["basic-reader-mapping"].inputs
    assert (inputs["startingPosition"], inputs["startingPositionTimestamp"]) == ("AT_TIMESTAMP", time)


def test_a_learner_lab_has_no_role_made_for_it(deploy: Deploy):
    deployed = deploy(role_mode="existing", aws={"region": "us-west-2"})
    assert not deployed.of_type("aws:iam/")
    assert deployed.calls == ["aws:iam/getRole:getRole"]
    role = deployed["basic-consumer-function"].inputs["role"]
    assert role == "arn:aws:iam::123456789012:role/LabRole"
    assert "basic-reader-mapping" in deployed.resources


@pytest.mark.parametrize("destination", ["sqs", "sns", "s3"])
def test_everything_that_takes_tags_has_them(deploy: Deploy, destination: str):
    deployed = deploy(stack="ana", expires="2027-06-30", basic={"destination": destination})
    tags = {"project": "streamlab", "lesson": "basic", "student": "ana", "expires": "2027-06-30"}
    for resource in deployed.resources.values():
        assert resource.inputs.get("tags") == (None if resource.type.endswith(":RolePolicy") else tags), resource.name


def test_no_expiry_no_tag(deployed: Deployment):
    assert "expires" not in deployed["basic-stream"].inputs["tags"]


def test_alarms(deployed: Deployment):
    alarms = {name: deployed[name].inputs for name in ALARMS}
    watched = {
        name: (alarm["namespace"], alarm["metricName"], alarm["statistic"], alarm["dimensions"])
        for name, alarm in alarms.items()
    }
    function = {"FunctionName": "basic-consumer-function-1a2b3c4"}
    queue = {"QueueName": "basic-reader-failures-1a2b3c4"}
    assert watched == {
        "basic-reader-errors": ("AWS/Lambda", "Errors", "Sum", function),
        "basic-reader-given-up": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", queue),
        "basic-reader-lag": ("AWS/Lambda", "IteratorAge", "Maximum", function),
    }
    for alarm in alarms.values():
        assert alarm["comparisonOperator"] == "GreaterThanThreshold"
        assert alarm["treatMissingData"] == "notBreaching"
        assert alarm["alarmDescription"]
    assert (alarms["basic-reader-lag"]["threshold"], alarms["basic-reader-lag"]["evaluationPeriods"]) == (60_000, 3)
    assert alarms["basic-reader-errors"]["threshold"] == 0


def test_no_alarms_when_they_are_switched_off(deploy: Deploy):
    assert not deploy(basic={"alarms": False}).of_type("MetricAlarm")


def test_a_topic_as_destination(deploy: Deploy):
    deployed = deploy(basic={"destination": "sns"})
    assert not deployed.of_type("Queue")
    topic = arn("sns", "basic-reader-failures-1a2b3c4")
    assert deployed["basic-reader-failures"].type == "aws:sns/topic:Topic"
    assert deployed["basic-reader-policy"].statements[1:] == [
        {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": topic}
    ]
    mapping = deployed["basic-reader-mapping"].inputs
    assert mapping["destinationConfig"] == {"onFailure": {"destinationArn": topic}}
    assert deployed["basic-reader-given-up"].inputs["metricName"] == "NumberOfMessagesPublished"


def test_a_bucket_as_destination(deploy: Deploy):
    deployed = deploy(basic={"destination": "s3"})
    bucket = deployed["basic-reader-failures"]
    assert (bucket.type, bucket.inputs["forceDestroy"]) == ("aws:s3/bucket:Bucket", True)
    bucket = "basic-reader-failures-1a2b3c4"
    assert deployed["basic-reader-policy"].statements[1:] == [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": arn("s3", bucket)},
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": arn("s3", f"{bucket}/*")},
    ]
    assert deployed["basic-reader-mapping"].inputs["metricsConfig"] == {"metrics": ["EventCount"]}
    alarm = deployed["basic-reader-given-up"].inputs
    assert alarm["metricName"] == "OnFailureDestinationDeliveredEventCount"
    assert alarm["dimensions"] == {"EventSourceMappingUUID": "6f0e3d1c-0000-4000-8000-000000000000"}


@pytest.mark.parametrize("removable", [True, False])
def test_data_goes_with_the_stack_only_if_it_may(deploy: Deploy, *, removable: bool):
    deployed = deploy(removable=removable, basic={"destination": "s3"})
    kept: dict[str, Any] = {
        "stream": not deployed["basic-stream"].inputs["enforceConsumerDeletion"],
        "table": deployed["basic-table"].inputs["deletionProtectionEnabled"],
        "logs": deployed["basic-consumer-logs"].inputs["skipDestroy"],
        "failures": not deployed["basic-reader-failures"].inputs["forceDestroy"],
    }
    assert set(kept.values()) == {not removable}


def test_a_package_that_was_not_built(deploy: Deploy, tmp_path: Path):
    (tmp_path / "basic.zip").unlink()
    with pytest.raises(pulumi.RunError, match=r"has not been built\. Run: lab package basic"):
        deploy()
