"""Where Lambda tells of records that it gave up: a queue, a topic or a bucket.

The lesson: the message names the records (shard, sequence numbers), it does not hold them. They must be read from the
stream before it forgets them; only a bucket gets the records themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.policies import Statement, allow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.settings import Destination

LONGEST_QUEUE_RETENTION_SECONDS = 14 * 24 * 3600


@dataclass(frozen=True)
class Metric:
    """A CloudWatch metric that counts what arrives."""

    namespace: str
    name: str
    statistic: str
    dimensions: dict[str, Input[str]]


@dataclass(frozen=True)
class FailureDestination:
    """A place for the messages about given-up records."""

    arn: Output[str]
    statements: list[Statement]
    """What the function's role must be allowed: Lambda sends with the function's role."""
    arrivals: Metric | None
    """What to watch; None where only the mapping itself counts (S3's request metrics cost extra)."""
    queue: aws.sqs.Queue | None = None
    """The queue, where it is one: what is in it can be read."""


def failure_destination(
    kind: Destination, name: str, *, removable: bool, tags: Mapping[str, Input[str]] | None, opts: ResourceOptions
) -> FailureDestination:
    """Make the destination; its children are named after `name`."""
    match kind:
        case "sqs":
            queue = aws.sqs.Queue(
                f"{name}-failures",
                message_retention_seconds=LONGEST_QUEUE_RETENTION_SECONDS,
                tags=tags,
                opts=opts,
            )
            return FailureDestination(
                arn=queue.arn,
                statements=[allow(["sqs:SendMessage"], queue.arn)],
                arrivals=Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", {"QueueName": queue.name}),
                queue=queue,
            )
        case "sns":
            topic = aws.sns.Topic(f"{name}-failures", tags=tags, opts=opts)
            return FailureDestination(
                arn=topic.arn,
                statements=[allow(["sns:Publish"], topic.arn)],
                arrivals=Metric("AWS/SNS", "NumberOfMessagesPublished", "Sum", {"TopicName": topic.name}),
            )
        case "s3":
            bucket = aws.s3.Bucket(f"{name}-failures", force_destroy=removable, tags=tags, opts=opts)
            return FailureDestination(
                arn=bucket.arn,
                statements=[
                    allow(["s3:ListBucket"], bucket.arn),
                    allow(["s3:PutObject"], Output.concat(bucket.arn, "/*")),
                ],
                arrivals=None,
            )
