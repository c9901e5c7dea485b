"""The rules: for a resource's type and inputs, a sentence for each thing that should not be so.

They are pure functions and know neither Pulumi nor the lab, so that tests, the policy pack and `lab up` call the same
ones. Inputs have Pulumi's names. What is not known before it is made is UNKNOWN, and no rule complains of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from languages import gettext as _
from policy import UNKNOWN, access, streaming, upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Level = Literal["advisory", "mandatory", "disabled"]
"""Pulumi's enforcement levels: told, refused, and for whoever asks for it."""

STREAM = ("aws:kinesis/stream:Stream",)
BUCKET = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
TABLE = ("aws:dynamodb/table:Table",)
QUEUE = ("aws:sqs/queue:Queue",)
FUNCTION = ("aws:lambda/function:Function",)
MAPPING = ("aws:lambda/eventSourceMapping:EventSourceMapping",)
LOG_GROUP = ("aws:cloudwatch/logGroup:LogGroup",)
TAGGED = (
    *STREAM,
    *BUCKET,
    *TABLE,
    *QUEUE,
    *FUNCTION,
    *MAPPING,
    *LOG_GROUP,
    "aws:apigatewayv2/api:Api",
    "aws:athena/workgroup:Workgroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:glue/catalogDatabase:CatalogDatabase",
    "aws:iam/role:Role",
    "aws:kinesis/streamConsumer:StreamConsumer",
    "aws:sns/topic:Topic",
)
PERMISSIONS = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
)
OPENED = (
    *BUCKET,
    "aws:iam/role:Role",
    "aws:s3/bucketAcl:BucketAcl",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
)


@dataclass(frozen=True)
class Rule:
    """One rule."""

    name: str
    level: Level
    types: tuple[str, ...]
    """The types of resources it looks at."""
    check: Callable[[Mapping[str, Any]], Iterator[str]]
    """Yields a sentence for each thing that is wrong with a resource's inputs."""
    description: Callable[[], str]
    """What it asks for, in the person's language."""
    reads: str = ""
    """The input that must be known, for nothing can be said of the resource without it."""
    in_an_account: bool = False
    """It counts only where somebody pays and others share the account."""

    def violations(self, type_: str, inputs: Mapping[str, Any]) -> Iterator[str]:
        """Yield what is wrong with a resource."""
        if type_ in self.types and inputs.get(self.reads) != UNKNOWN:
            yield from self.check(inputs)


RULES = (
    Rule("shards", "advisory", STREAM, streaming.shards, lambda: _("Few shards: they are paid by the hour.")),
    Rule("retention", "advisory", STREAM, streaming.retention, lambda: _("A stream keeps records for a day.")),
    Rule(
        "failures",
        "advisory",
        MAPPING,
        streaming.failures,
        lambda: _("Whoever reads a stream has an on-failure destination, and an end to its retries."),
        reads="destinationConfig",
    ),
    Rule("log-retention", "advisory", LOG_GROUP, upkeep.log_retention, lambda: _("No log is kept for ever.")),
    Rule(
        "own-log",
        "advisory",
        FUNCTION,
        upkeep.own_log,
        lambda: _("A function writes to a log group of the stack."),
        reads="loggingConfig",
    ),
    Rule(
        "owner",
        "advisory",
        TAGGED,
        upkeep.owner,
        lambda: _("Tags say whose everything is."),
        reads="tags",
        in_an_account=True,
    ),
    Rule(
        "expiry",
        "advisory",
        (*STREAM, *TABLE, *BUCKET),  # what costs or holds something; one sentence for each of all would be dozens
        upkeep.expiry,
        lambda: _("A tag says from which day on it may go."),
        reads="tags",
        in_an_account=True,
    ),
    Rule(
        "wildcards",
        "mandatory",
        PERMISSIONS,
        access.wildcards,
        lambda: _("No role may do everything, or something to everything."),
    ),
    Rule(
        "everybody", "mandatory", OPENED, access.everybody, lambda: _("No bucket, queue or role is open to everybody.")
    ),
    Rule("encryption", "mandatory", QUEUE, access.encryption, lambda: _("Nobody switches encryption off.")),
    Rule(
        "stream-encryption",
        "disabled",  # the lessons' records are made up
        STREAM,
        streaming.encryption_at_rest,
        lambda: _("Records are encrypted where they are stored."),
    ),
)
