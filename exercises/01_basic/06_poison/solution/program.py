"""A sensor's events: stream, function, table. Deploy it with `lab up poison --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM

stack = read_settings().lesson_args("poison")
tags = stack["tags"]

stream = aws.kinesis.Stream("stream", shard_count=1, tags=tags)
table = aws.dynamodb.Table(
    "table",
    billing_mode="PAY_PER_REQUEST",
    hash_key="eventId",
    attributes=[{"name": "eventId", "type": "S"}],
    tags=tags,
)
# What was given up is told here, and can be read about for two weeks.
failures = aws.sqs.Queue("failures", message_retention_seconds=14 * 24 * 3600, tags=tags)

function = Function(
    "consumer",
    {
        "code": handler_package("poison"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "environment": {"DYNAMODB_TABLE_NAME": table.name},
        "settings": FunctionSettings(),
        "role_mode": stack["role_mode"],
        "tags": tags,
        "statements": [
            allow(["dynamodb:PutItem"], table.arn),
            allow(READ_STREAM["kinesis"], stream.arn),
            allow(["sqs:SendMessage"], failures.arn),  # Lambda sends with the function's role
        ],
    },
)

mapping = aws.lambda_.EventSourceMapping(
    "mapping",
    event_source_arn=stream.arn,
    function_name=function.arn,
    starting_position="TRIM_HORIZON",
    batch_size=100,
    # The handler names the first record that failed; without this, nobody would listen.
    function_response_types=["ReportBatchItemFailures"],
    maximum_retry_attempts=3,
    # Half the day for which the stream keeps a record: what was given up can still be read there.
    maximum_record_age_in_seconds=12 * 3600,
    bisect_batch_on_function_error=True,
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
