"""Readings into a table and an archive: deploy it with `lab up least_privilege --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM  # what Lambda needs to read a stream: READ_STREAM["kinesis"]

stack = read_settings().lesson_args("least_privilege")
tags = stack["tags"]

stream = aws.kinesis.Stream("stream", shard_count=1, tags=tags)
readings = aws.dynamodb.Table(
    "readings",
    billing_mode="PAY_PER_REQUEST",
    hash_key="eventId",
    attributes=[{"name": "eventId", "type": "S"}],
    tags=tags,
)
limits = aws.dynamodb.Table(
    "limits",
    billing_mode="PAY_PER_REQUEST",
    hash_key="sensor",
    attributes=[{"name": "sensor", "type": "S"}],
    tags=tags,
)
archive = aws.s3.Bucket("archive", force_destroy=True, tags=tags)
failures = aws.sqs.Queue("failures", tags=tags)

function = Function(
    "consumer",
    {
        "code": handler_package("least_privilege"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "environment": {
            "READINGS_TABLE": readings.name,
            "LIMITS_TABLE": limits.name,
            "ARCHIVE_BUCKET": archive.bucket,
        },
        "settings": FunctionSettings(),
        "role_mode": stack["role_mode"],
        "tags": tags,
        # Besides writing its log, which every Function may.
        "statements": [
            # The handler's own calls, one by one.
            allow(["dynamodb:GetItem"], limits.arn),
            allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], readings.arn),
            # Objects have ARNs of their own, behind the bucket's.
            allow(["s3:PutObject"], pulumi.Output.concat(archive.arn, "/readings/*")),
            # What Lambda does for the mapping, with the function's role.
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
    function_response_types=["ReportBatchItemFailures"],
    maximum_retry_attempts=2,
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
        "DynamoDBTableName": readings.name,
        "LimitsTableName": limits.name,
        "BucketName": archive.bucket,
        "ConsumerFunctionName": function.name,
        "ConsumerLogGroupName": function.log_group_name,
        "EventSourceMappingId": mapping.uuid,
        "FailureDestinationArn": failures.arn,
        "FailureQueueUrl": failures.url,
        "FailureQueueArn": failures.arn,
    },
)
