"""An archive whose mapping can be stopped: MAPPING=off lab up checkpoint --stack exercises, and MAPPING=on.

Nothing is to be changed here.
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

stack = read_settings().lesson_args("checkpoint")
tags = stack["tags"]

stream = aws.kinesis.Stream("checkpoint-stream", shard_count=1, tags=tags)
bucket = aws.s3.Bucket("checkpoint-bucket", force_destroy=True, tags=tags)
failures = aws.sqs.Queue("failures", tags=tags)
function = Function(
    "consumer",
    {
        "code": handler_package("checkpoint"),  # consumer.py of this folder
        "handler": "consumer.lambda_handler",
        "environment": {"S3_BUCKET_NAME": bucket.bucket},
        "settings": FunctionSettings(),
        "role_mode": stack["role_mode"],
        "tags": tags,
        "statements": [
            allow(["s3:PutObject"], pulumi.Output.concat(bucket.arn, "/*")),
            allow(["sqs:SendMessage"], failures.arn),
            allow(READ_STREAM["kinesis"], stream.arn),
        ],
    },
)
mapping = aws.lambda_.EventSourceMapping(
    "mapping",
    event_source_arn=stream.arn,
    function_name=function.arn,
    starting_position="TRIM_HORIZON",
    batch_size=10,
    maximum_retry_attempts=2,
    destination_config={"on_failure": {"destination_arn": failures.arn}},
    enabled=os.environ.get("MAPPING", "on") == "on",
    tags=tags,
    opts=pulumi.ResourceOptions(depends_on=function.permissions),
)

pulumi.export(
    "archive",
    {
        "KinesisStreamName": stream.name,
        "KinesisStreamArn": stream.arn,
        "BucketName": bucket.bucket,
        "ConsumerFunctionName": function.name,
        "ConsumerLogGroupName": function.log_group_name,
        "EventSourceMappingId": mapping.uuid,
        "FailureDestinationArn": failures.arn,
        "FailureQueueUrl": failures.url,
        "FailureQueueArn": failures.arn,
    },
)
