"""One stream, read by three consumers that differ in one setting: `lab up lag --stack exercises`. Not to be edited."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM

CONSUMERS = {
    "small": {"batch_size": 10},
    "large": {"batch_size": 100},
    "parallel": {"batch_size": 10, "parallelization_factor": 5},
}

stack = read_settings().lesson_args("lag")
tags = stack["tags"]
stream = aws.kinesis.Stream("stream", shard_count=1, tags=tags)

for name, settings in CONSUMERS.items():
    function = Function(
        name,
        {
            "code": handler_package("lag"),  # handler.py of this folder
            "handler": "handler.lambda_handler",
            "function_name": f"lag-{name}-{pulumi.get_stack()}",
            "settings": FunctionSettings(),
            "statements": [allow(READ_STREAM["kinesis"], stream.arn)],
            "role_mode": stack["role_mode"],
            "tags": tags,
        },
    )
    aws.lambda_.EventSourceMapping(
        name,
        event_source_arn=stream.arn,
        function_name=function.arn,
        starting_position="TRIM_HORIZON",
        function_response_types=["ReportBatchItemFailures"],
        tags=tags,
        opts=pulumi.ResourceOptions(depends_on=function.permissions),
        **settings,
    )

pulumi.export("basic", {"KinesisStreamName": stream.name, "KinesisStreamArn": stream.arn})
