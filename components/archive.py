"""Lesson `archive`: what a stream forgets after a day is kept in a bucket.

The lesson: reading takes nothing out of a stream, its retention does. Two provisioned shards are two streams in one,
each with its own order, its own reader and its own bill; the partition key decides which of them a record gets into.
"""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components.lesson import Lesson
from components.policies import allow
from components.settings import ArchiveSettings, LessonArgs


class ArchiveLessonArgs(LessonArgs):
    """What an ArchiveLesson is made from."""

    settings: ArchiveSettings
    """The lesson's own settings."""


class ArchiveLesson(Lesson):
    """`stream-output` → `kinesis-to-s3-consumer` → a bucket, and a place to tell of what cannot be archived."""

    def __init__(self, name: str, args: ArchiveLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("archive", name, args, args["settings"], opts)
        settings = args["settings"]

        self.stream = self._stream(settings, "stream-output")
        # A bucket's name is unique in all of AWS: Pulumi makes one, also where the text's names are asked for.
        self.bucket = aws.s3.Bucket(
            f"{name}-bucket", force_destroy=args["removable"], tags=args["tags"], opts=self._child
        )
        objects = Output.concat(self.bucket.arn, "/*")
        by_batch = settings.layout == "batch"
        self.function = self._function(
            "consumer",
            "kinesis-to-s3-consumer",
            module="handler",
            environment={"S3_BUCKET_NAME": self.bucket.bucket, "ARCHIVE_LAYOUT": settings.layout},
            # By batch it reads what is archived before it writes what is missing.
            statements=[
                allow(["s3:GetObject", "s3:PutObject"] if by_batch else ["s3:PutObject"], objects),
                *([allow(["s3:ListBucket"], self.bucket.arn)] if by_batch else []),
            ],
        )
        self.reader = self._reader(self.function, self.stream.arn)
        self.exports = {
            "KinesisStreamName": self.stream.name,
            "KinesisStreamArn": self.stream.arn,
            "BucketName": self.bucket.bucket,
            "Layout": settings.layout,
            **self.reader.exports,
        }
        self.register_outputs(self.exports)
