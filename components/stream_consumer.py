"""A function that reads a stream: the event source mapping, where it tells of failures, and the alarms.

The lesson: it is the mapping that reads, retries, splits and gives up, not the function. Its defaults try a batch that
cannot be processed again until the records expire, and nothing behind it in the shard moves; each limit here ends that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeAlias, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.failure_destination import Metric, failure_destination
from components.policies import allow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.function import Function
    from components.settings import ConsumerSettings

Source: TypeAlias = Literal["kinesis", "dynamodb"]

# What Lambda needs to read a stream. Its own error message asks for ListStreams as well, which IAM grants on `*` only;
# it is not needed: the Serverless Framework and the CDK grant it on the stream's ARN, where IAM ignores it, and their
# mappings work.
READ_STREAM: dict[Source, list[str]] = {
    "kinesis": [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    ],
    "dynamodb": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
}

MAXIMUM_LAG_MILLISECONDS = 60_000


class StreamConsumerArgs(TypedDict):
    """What a StreamConsumer is made from."""

    function: Function
    """The function that processes the records."""
    source: NotRequired[Source]
    """What kind of stream it reads: a Kinesis stream (default), or the changes of a DynamoDB table."""
    stream_arn: Input[str]
    """The stream it reads."""
    settings: ConsumerSettings
    """Batches, retries, where to begin, where to tell of failures."""
    filters: NotRequired[Sequence[Mapping[str, Any]]]
    """Patterns; what matches none of them never reaches the function (default: everything does)."""
    removable: NotRequired[bool]
    """Whether messages about failures go with the stack (default: yes)."""
    tags: NotRequired[Mapping[str, Input[str]]]
    """Tags for everything that takes them."""


class StreamConsumer(pulumi.ComponentResource):
    """Lets a function read a stream, with an end to every failure.

    The permissions come before the mapping, because Lambda tries them when the mapping is made; on removal the mapping
    goes first, so that nothing is read while its permissions go.
    """

    mapping_id: Output[str]
    """The mapping's UUID."""
    exports: dict[str, Any]
    """What every lesson tells of its consumer, by the names that commands look for."""

    def __init__(self, name: str, args: StreamConsumerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:StreamConsumer", name, None, opts)
        function, settings, self._tags = args["function"], args["settings"], args.get("tags")
        self.destination = failure_destination(
            settings.destination,
            name,
            removable=args.get("removable", True),
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        permissions = function.grant(
            f"{name}-policy",
            [allow(READ_STREAM[args.get("source", "kinesis")], args["stream_arn"]), *self.destination.statements],
            parent=self,
        )
        self.mapping = aws.lambda_.EventSourceMapping(
            f"{name}-mapping",
            event_source_arn=args["stream_arn"],
            function_name=function.arn,
            starting_position=settings.starting_position,
            starting_position_timestamp=settings.starting_position_timestamp,
            batch_size=settings.batch_size,
            maximum_batching_window_in_seconds=settings.batching_window_seconds,
            parallelization_factor=settings.parallelization_factor,
            maximum_retry_attempts=settings.maximum_retry_attempts,
            maximum_record_age_in_seconds=settings.maximum_record_age_seconds,
            bisect_batch_on_function_error=settings.bisect,
            # Without it Lambda ignores which record the function names, and takes the batch for done.
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria=_criteria(args.get("filters")),
            destination_config={"on_failure": {"destination_arn": self.destination.arn}},
            metrics_config=None if self.destination.arrivals else {"metrics": ["EventCount"]},
            tags=self._tags,
            # A stream and a function can have one mapping; a new one (another starting position) must wait for the old.
            opts=ResourceOptions(parent=self, depends_on=permissions, delete_before_replace=True),
        )
        self.mapping_id = self.mapping.uuid
        if settings.alarms:
            self._watch(name, function)
        queue = self.destination.queue
        self.exports = {
            "ConsumerFunctionName": function.name,
            "ConsumerLogGroupName": function.log_group_name,
            "EventSourceMappingId": self.mapping_id,
            "FailureDestinationArn": self.destination.arn,
            "FailureQueueUrl": queue.url if queue else None,
            "FailureQueueArn": queue.arn if queue else None,
        }
        self.register_outputs({"mapping_id": self.mapping_id})

    def _watch(self, name: str, function: Function) -> None:
        of_function: dict[str, Input[str]] = {"FunctionName": function.name}
        self._alarm(
            f"{name}-lag",
            Metric("AWS/Lambda", "IteratorAge", "Maximum", of_function),
            above=MAXIMUM_LAG_MILLISECONDS,
            minutes=3,
            means="The consumer is more than a minute behind the stream.",
        )
        self._alarm(
            f"{name}-errors",
            Metric("AWS/Lambda", "Errors", "Sum", of_function),
            means="The function failed: an exception, a timeout, or out of memory.",
        )
        self._alarm(
            f"{name}-given-up",
            self.destination.arrivals
            or Metric(
                "AWS/Lambda",
                "OnFailureDestinationDeliveredEventCount",
                "Sum",
                {"EventSourceMappingUUID": self.mapping.uuid},
            ),
            means="Records were given up; read them in the stream before it forgets them.",
        )

    def _alarm(self, name: str, metric: Metric, *, means: str, above: int = 0, minutes: int = 1) -> None:
        aws.cloudwatch.MetricAlarm(
            name,
            alarm_description=means,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            statistic=metric.statistic,
            comparison_operator="GreaterThanThreshold",
            threshold=above,
            period=60,
            evaluation_periods=minutes,
            treat_missing_data="notBreaching",  # a stream without records has no lag and no errors
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )


def _criteria(
    filters: Sequence[Mapping[str, Any]] | None,
) -> aws.lambda_.EventSourceMappingFilterCriteriaArgsDict | None:
    return {"filters": [{"pattern": json.dumps(pattern)} for pattern in filters]} if filters else None
