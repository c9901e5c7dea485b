"""The race-day votes: deploy them with `lab up incident --stack exercises`."""

import json

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.http_api import HttpApi, HttpRoute
from components.lesson import handler_package
from components.policies import allow
from components.settings import DRIVERS, FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM

stack = read_settings().lesson_args("incident")
tags = stack["tags"]
options = json.dumps(DRIVERS)

stream = aws.kinesis.Stream("stream", shard_count=1, tags=tags)
table = aws.dynamodb.Table(
    "table",
    billing_mode="PAY_PER_REQUEST",
    hash_key="option_id",
    attributes=[{"name": "option_id", "type": "S"}],
    tags=tags,
)
failures = aws.sqs.Queue("failures", message_retention_seconds=14 * 24 * 3600, tags=tags)


def function(name, package, handler, environment, statements, **settings):
    """Return one of the three functions."""
    return Function(
        name,
        {
            "code": handler_package(package),
            "handler": handler,
            "environment": {"VOTE_OPTIONS": options, **environment},
            "settings": FunctionSettings(**settings),
            "statements": statements,
            "role_mode": stack["role_mode"],
            "tags": tags,
        },
    )


# These two are the lesson's own, and they are well.
producer = function(
    "producer",
    "votes",
    "handlers.votes.producer.lambda_handler",
    {"KINESIS_STREAM_NAME": stream.name, "ANSWER_LANGUAGE": "es", "POWERTOOLS_SERVICE_NAME": "votes"},
    [allow(["kinesis:PutRecord"], stream.arn)],
)
results = function(
    "results",
    "votes",
    "handlers.votes.results.lambda_handler",
    {"DYNAMODB_TABLE_NAME": table.name, "ANSWER_LANGUAGE": "es", "POWERTOOLS_SERVICE_NAME": "votes"},
    [allow(["dynamodb:BatchGetItem"], table.arn)],
)

consumer = function(
    "consumer",
    "incident",  # handler.py of this folder
    "handler.lambda_handler",
    {"DYNAMODB_TABLE_NAME": table.name},
    [
        allow(READ_STREAM["kinesis"], stream.arn),
        allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], table.arn),  # a transaction needs what its parts need
        allow(["sqs:SendMessage"], failures.arn),
    ],
    timeout_seconds=30,  # a full batch needs some five seconds
)
mapping = aws.lambda_.EventSourceMapping(
    "mapping",
    event_source_arn=stream.arn,
    function_name=consumer.arn,
    starting_position="TRIM_HORIZON",
    batch_size=100,
    function_response_types=["ReportBatchItemFailures"],
    maximum_retry_attempts=3,
    maximum_record_age_in_seconds=12 * 3600,
    bisect_batch_on_function_error=True,
    destination_config={"on_failure": {"destination_arn": failures.arn}},
    tags=tags,
    opts=pulumi.ResourceOptions(depends_on=consumer.permissions),
)

api = HttpApi(
    "http",
    {
        "routes": [HttpRoute("POST", "/votes", producer), HttpRoute("GET", "/results", results)],
        "throttling_rate": 500,
        "throttling_burst": 500,
        "tags": tags,
    },
)

pulumi.export(
    "votes",
    {
        "ApiUrl": api.url,
        "KinesisStreamName": stream.name,
        "KinesisStreamArn": stream.arn,
        "DynamoDBTableName": table.name,
        "ConsumerFunctionName": consumer.name,
        "ConsumerLogGroupName": consumer.log_group_name,
        "ProducerFunctionName": producer.name,
        "ProducerLogGroupName": producer.log_group_name,
        "ResultsFunctionName": results.name,
        "ResultsLogGroupName": results.log_group_name,
        "EventSourceMappingId": mapping.uuid,
        "FailureDestinationArn": failures.arn,
        "FailureQueueUrl": failures.url,
        "FailureQueueArn": failures.arn,
    },
)
