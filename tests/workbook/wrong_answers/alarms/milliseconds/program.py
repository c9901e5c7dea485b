"""A consumer and its alarms: deploy it with `lab up alarms --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings
from components.stream_consumer import READ_STREAM

stack = read_settings().lesson_args("alarms")
tags = stack["tags"]

stream = aws.kinesis.Stream("stream", shard_count=2, tags=tags)
failures = aws.sqs.Queue("failures", message_retention_seconds=14 * 24 * 3600, tags=tags)
function = Function(
    "consumer",
    {
        "code": handler_package("alarms"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "settings": FunctionSettings(),
        "role_mode": stack["role_mode"],
        "tags": tags,
        "statements": [allow(READ_STREAM["kinesis"], stream.arn), allow(["sqs:SendMessage"], failures.arn)],
    },
)
mapping = aws.lambda_.EventSourceMapping(
    "mapping",
    event_source_arn=stream.arn,
    function_name=function.arn,
    starting_position="TRIM_HORIZON",
    function_response_types=["ReportBatchItemFailures"],
    maximum_retry_attempts=1,
    bisect_batch_on_function_error=True,
    destination_config={"on_failure": {"destination_arn": failures.arn}},
    tags=tags,
    opts=pulumi.ResourceOptions(depends_on=function.permissions),
)

lag = aws.cloudwatch.MetricAlarm(
    "lag",
    alarm_description="For three minutes, records have waited for more than a minute.",
    namespace="AWS/Lambda",
    metric_name="IteratorAge",
    dimensions={"FunctionName": function.name},
    # One shard far behind must not vanish among the calls of the others.
    statistic="Maximum",
    comparison_operator="GreaterThanThreshold",
    threshold=60,  # milliseconds
    period=60,
    evaluation_periods=3,
    treat_missing_data="notBreaching",
    tags=tags,
)
errors = aws.cloudwatch.MetricAlarm(
    "errors",
    alarm_description="The function raised an exception, or was ended.",
    namespace="AWS/Lambda",
    metric_name="Errors",
    dimensions={"FunctionName": function.name},
    statistic="Sum",
    comparison_operator="GreaterThanThreshold",
    threshold=0,
    period=60,
    evaluation_periods=1,
    treat_missing_data="notBreaching",
    tags=tags,
)
given_up = aws.cloudwatch.MetricAlarm(
    "given-up",
    alarm_description="Records were given up, and their messages still wait in the queue.",
    # Not the function's: for it, a reported record is no error. What is in the queue rings until somebody has seen to it.
    namespace="AWS/SQS",
    metric_name="ApproximateNumberOfMessagesVisible",
    dimensions={"QueueName": failures.name},
    statistic="Maximum",
    comparison_operator="GreaterThanThreshold",
    threshold=0,
    period=60,
    evaluation_periods=1,
    treat_missing_data="notBreaching",
    tags=tags,
)

pulumi.export(
    "basic",
    {
        "KinesisStreamName": stream.name,
        "KinesisStreamArn": stream.arn,
        "ConsumerFunctionName": function.name,
        "ConsumerLogGroupName": function.log_group_name,
        "EventSourceMappingId": mapping.uuid,
        "FailureDestinationArn": failures.arn,
        "FailureQueueUrl": failures.url,
        "FailureQueueArn": failures.arn,
        "LagAlarmName": lag.name,
        "ErrorsAlarmName": errors.name,
        "GivenUpAlarmName": given_up.name,
    },
)
