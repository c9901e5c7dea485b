"""A lesson's Kinesis stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws

if TYPE_CHECKING:
    from pulumi import ResourceOptions

    from components.settings import LessonArgs, StreamSettings


def lesson_stream(
    name: str, args: LessonArgs, settings: StreamSettings, *, text_name: str | None, opts: ResourceOptions
) -> aws.kinesis.Stream:
    """Make the stream, with as much capacity and memory as the settings say; `text_name` is its name in the text."""
    on_demand = settings.capacity == "on-demand"
    return aws.kinesis.Stream(
        f"{name}-stream",
        name=text_name if args["names"] == "text" else None,
        stream_mode_details={"stream_mode": "ON_DEMAND" if on_demand else "PROVISIONED"},
        shard_count=None if on_demand else settings.shard_count,
        retention_period=settings.retention_hours,
        # A learner's own consumer with enhanced fan-out must not keep the stream from going.
        enforce_consumer_deletion=args["removable"],
        tags=args["tags"],
        opts=opts,
    )
