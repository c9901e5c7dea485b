"""Readings, and a queue for what was given up: `lab up dead_letters --stack exercises`. Not to be edited."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM

stack = read_settings().lesson_args("dead_letters")
tags = stack["tags"]

stream = aws.kinesis.Stream("stream", shard_count=1, tags=tags)
table = aws.dynamodb.Table(
    "table",
    billing_mode="PAY_PER_REQUEST",
    hash_key="eventId",
    attributes=[{"name": "eventId", "type": "S"}],
    tags=tags,
)
failures = aws.sqs.Queue("failures", message_retention_seconds=14 * 24 * 3600, tags=tags)
function = Function(
    "consumer",
    {
        "code": handler_package("dead_letters"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "environment": {"DYNAMODB_TABLE_NAME": table.name},
        "settings": FunctionSettings(),
        "role_mode": stack["role_mode"],
        "tags": tags,
        "statements": [
            allow(["dynamodb:PutItem"], table.arn),
            allow(READ_STREAM["kinesis"], stream.arn),
            allow(["sqs:SendMessage"], failures.arn),
        ],
    },
)
mapping = aws.lambda_.EventSourceMapping(
    "mapping",
    event_source_arn=stream.arn,
    function_name=function.arn,
    starting_position="TRIM_HORIZON",
    # So that several records come into one batch, and are given up together: no bisect here.
    maximum_batching_window_in_seconds=2,
    function_response_types=["ReportBatchItemFailures"],
    maximum_retry_attempts=1,
    destination_config={"on_failure": {"destination_arn": failures.arn}},
    tags=tags,
    opts=pulumi.ResourceOptions(depends_on=function.permissions),
)
pulumi.export(
    "basic",
    {
        "KinesisStreamName": stream.name,
        "KinesisStreamArn": stream.arn,
        "DynamoDBTableName": table.name,
        "ConsumerFunctionName": function.name,
        "ConsumerLogGroupName": function.log_group_name,
        "EventSourceMappingId": mapping.uuid,
        "FailureDestinationArn": failures.arn,
        "FailureQueueUrl": failures.url,
        "FailureQueueArn": failures.arn,
    },
)
