"""A sensor's events, to be searched: deploy it with `lab up search_index --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import ConsumerSettings, FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import StreamConsumer

stack = read_settings().lesson_args("search_index")
tags = stack["tags"]

stream = aws.kinesis.Stream("stream", shard_count=1, tags=tags)
table = aws.dynamodb.Table(
    "table",
    billing_mode="PAY_PER_REQUEST",
    hash_key="eventId",
    # Only keys are declared, of the table and of the index.
    attributes=[{"name": key, "type": "S"} for key in ("eventId", "sensor", "timestamp")],
    global_secondary_indexes=[
        {
            "name": "by-sensor",
            "key_schemas": [
                {"attribute_name": "sensor", "key_type": "HASH"},
                {"attribute_name": "timestamp", "key_type": "RANGE"},
            ],
            "projection_type": "ALL",
        }
    ],
    tags=tags,
)
function = Function(
    "consumer",
    {
        "code": handler_package("search_index"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "environment": {"DYNAMODB_TABLE_NAME": table.name},
        "settings": FunctionSettings(),
        "role_mode": stack["role_mode"],
        "tags": tags,
        "statements": [allow(["dynamodb:PutItem"], table.arn)],
    },
)
# The mapping, its limits and its failure queue: what you set by hand in `poison`.
reader = StreamConsumer(
    "reader",
    {"function": function, "stream_arn": stream.arn, "settings": ConsumerSettings(alarms=False), "tags": tags},
)

pulumi.export(
    "basic",
    {
        "KinesisStreamName": stream.name,
        "KinesisStreamArn": stream.arn,
        "DynamoDBTableName": table.name,
        **reader.exports,
    },
)
