"""Lesson `archive`: what a stream forgets after a day is kept in a bucket.

The lesson: reading takes nothing out of a stream, its retention does. Two provisioned shards are two streams in one,
each with its own order, its own reader and its own bill; the partition key decides which of them a record gets into.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components.function import Function
from components.policies import allow
from components.settings import ArchiveSettings, LessonArgs
from components.stream import lesson_stream
from components.stream_consumer import StreamConsumer


class ArchiveLessonArgs(LessonArgs):
    """What an ArchiveLesson is made from."""

    settings: ArchiveSettings
    """The lesson's own settings."""


class ArchiveLesson(pulumi.ComponentResource):
    """`stream-output` → `kinesis-to-s3-consumer` → a bucket, and a place to tell of what cannot be archived."""

    exports: dict[str, Any]
    """The stack's output `archive`: the physical names by which commands find what was deployed."""

    def __init__(self, name: str, args: ArchiveLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:ArchiveLesson", name, None, opts)
        settings, tags = args["settings"], args["tags"]
        child = ResourceOptions(parent=self)

        self.stream = lesson_stream(name, args, settings, text_name="stream-output", opts=child)
        # A bucket's name is unique in all of AWS: Pulumi makes one, also where the text's names are asked for.
        self.bucket = aws.s3.Bucket(f"{name}-bucket", force_destroy=args["removable"], tags=tags, opts=child)
        objects = Output.concat(self.bucket.arn, "/*")
        by_batch = settings.layout == "batch"
        self.function = Function(
            f"{name}-consumer",
            {
                "package": "archive",
                "handler": "handlers.archive.handler.lambda_handler",
                "function_name": "kinesis-to-s3-consumer" if args["names"] == "text" else None,
                "environment": {"S3_BUCKET_NAME": self.bucket.bucket, "ARCHIVE_LAYOUT": settings.layout},
                "settings": settings,
                # By batch it reads what is archived before it writes what is missing.
                "statements": [
                    allow(["s3:GetObject", "s3:PutObject"] if by_batch else ["s3:PutObject"], objects),
                    *([allow(["s3:ListBucket"], self.bucket.arn)] if by_batch else []),
                ],
                "role_mode": args["role_mode"],
                "removable": args["removable"],
                "tags": tags,
            },
            child,
        )
        self.reader = StreamConsumer(
            f"{name}-reader",
            {
                "function": self.function,
                "stream_arn": self.stream.arn,
                "settings": settings,
                "removable": args["removable"],
                "tags": tags,
            },
            child,
        )
        self.exports = {
            "KinesisStreamName": self.stream.name,
            "KinesisStreamArn": self.stream.arn,
            "BucketName": self.bucket.bucket,
            "Layout": settings.layout,
            **self.reader.exports,
        }
        self.register_outputs(self.exports)
