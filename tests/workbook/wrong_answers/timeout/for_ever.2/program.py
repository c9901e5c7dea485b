"""A stream of votes and a slow consumer: deploy it with `lab up timeout --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import ConsumerSettings, FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import StreamConsumer

# TODO: a vote takes 50 ms. What do these settings make of 100 votes?
function_settings = FunctionSettings(timeout_seconds=3)
consumer_settings = ConsumerSettings(
    batch_size=80,
    batching_window_seconds=5,
    maximum_retry_attempts=-1,
    maximum_record_age_seconds=-1,
    bisect=False,
    alarms=False,
)

args = read_settings().lesson_args("timeout")
stream = aws.kinesis.Stream("timeout-stream", shard_count=1, tags=args["tags"])
table = aws.dynamodb.Table(
    "timeout-results",
    billing_mode="PAY_PER_REQUEST",
    hash_key="option_id",
    attributes=[{"name": "option_id", "type": "S"}],
    tags=args["tags"],
)
consumer = Function(
    "timeout-consumer",
    {
        "code": handler_package("timeout"),
        "handler": "handler.lambda_handler",
        "environment": {"DYNAMODB_TABLE_NAME": table.name, "SECONDS_PER_RECORD": "0.05"},
        "settings": function_settings,
        "statements": [allow(["dynamodb:UpdateItem"], table.arn)],
        "role_mode": args["role_mode"],
        "tags": args["tags"],
    },
)
reader = StreamConsumer(
    "timeout-reader",
    {"function": consumer, "stream_arn": stream.arn, "settings": consumer_settings, "tags": args["tags"]},
)
# By the name of lesson basic: `lab send basic --data …` puts any text into a stream.
outputs = {"KinesisStreamName": stream.name, "KinesisStreamArn": stream.arn, "DynamoDBTableName": table.name}
pulumi.export("basic", outputs | reader.exports)
