"""A stream of one shard and up to three readers: READERS=archive,report,alert lab up nothing_is_consumed …

`alert` reads with enhanced fan-out. Nothing is to be changed here.
"""

import os

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM

stack = read_settings().lesson_args("nothing_is_consumed")
tags = stack["tags"]
readers = os.environ.get("READERS", "archive").split(",")

stream = aws.kinesis.Stream("readers-stream", shard_count=1, enforce_consumer_deletion=True, tags=tags)
failures = aws.sqs.Queue("failures", tags=tags)


def reader(name, source_arn, statements):
    """Make a function and let it read from the oldest record on."""
    function = Function(
        name,
        {
            "code": handler_package("nothing_is_consumed"),  # reader.py of this folder
            "handler": "reader.lambda_handler",
            "environment": {},
            "settings": FunctionSettings(),
            "role_mode": stack["role_mode"],
            "tags": tags,
            "statements": [allow(READ_STREAM["kinesis"], stream.arn), allow(["sqs:SendMessage"], failures.arn)]
            + statements,
        },
    )
    aws.lambda_.EventSourceMapping(
        name,
        event_source_arn=source_arn,
        function_name=function.arn,
        starting_position="TRIM_HORIZON",
        batch_size=100,
        maximum_retry_attempts=2,
        destination_config={"on_failure": {"destination_arn": failures.arn}},
        tags=tags,
        opts=pulumi.ResourceOptions(depends_on=function.permissions),
    )
    return function


exports = {"KinesisStreamName": stream.name, "KinesisStreamArn": stream.arn}
for name in readers:
    if name == "alert":
        consumer = aws.kinesis.StreamConsumer("alert", stream_arn=stream.arn, tags=tags)
        function = reader(name, consumer.arn, [allow(["kinesis:SubscribeToShard"], consumer.arn)])
    else:
        function = reader(name, stream.arn, [])
    exports[f"{name.capitalize()}FunctionName"] = function.name
    exports[f"{name.capitalize()}LogGroupName"] = function.log_group_name
pulumi.export("archive", exports)
