"""Checks `leftovers`: the pipeline works, can be found by its tags, and goes without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

NEEDED = ("KinesisStreamName", "BucketName", "ConsumerFunctionName", "RehearsalStreamName")
RECORDS = 10


def check(attempt: Attempt) -> None:
    """Deploy, use, look for tags, remove, and see what is left."""
    cloud = attempt.cloud(time_scale=0.01)
    outputs: Mapping[str, Any] = cloud.up().get("archive") or {}
    missing = [name for name in NEEDED if not outputs.get(name)]
    attempt.require(not missing, "something_missing", missing=", ".join(missing))
    cloud.put(outputs["KinesisStreamName"], [f"reading {number}" for number in range(RECORDS)])
    stored = cloud.eventually(lambda: cloud.objects(outputs["BucketName"]), seconds=20)
    attempt.require(stored, "nothing_archived")
    untagged = [name for name in _streams(cloud) if "project" not in _tags(cloud, name)]
    gone = cloud.down()
    buckets = [bucket.get("Name", "") for bucket in cloud.clients.s3.list_buckets()["Buckets"]]
    attempt.require(not buckets, "bucket_left", bucket="".join(buckets))
    attempt.require(not (left := _streams(cloud)), "stream_left", stream="".join(left))
    groups = [group.get("logGroupName", "") for group in cloud.clients.logs.describe_log_groups()["logGroups"]]
    attempt.require(not groups, "log_group_left", group="".join(groups))
    attempt.require(gone, "not_removed")
    attempt.require(not untagged, "untagged", stream="".join(untagged))


def _streams(cloud: Workbench) -> list[str]:
    return cloud.clients.kinesis.list_streams()["StreamNames"]


def _tags(cloud: Workbench, stream: str) -> set[str]:
    return {tag["Key"] for tag in cloud.clients.kinesis.list_tags_for_stream(StreamName=stream)["Tags"]}
