"""Two shards → handler.py of this folder → a bucket: `lab up lost_objects --stack exercises`.

Nothing is to be changed here.
"""

import pulumi
import pulumi_aws as aws
from pulumi import Output

from components.function import Function
from components.lesson import Lesson, handler_package
from components.policies import allow
from components.settings import ArchiveSettings
from components.settings_reading import read_settings

settings = ArchiveSettings(alarms=False)


class Archive(Lesson):
    """The lesson's stream and bucket, with the text's handler between them."""

    def __init__(self, args):
        super().__init__("archive", "archive", args, settings, None)
        stream = self._stream(settings, None)
        bucket = aws.s3.Bucket("archive-bucket", force_destroy=args["removable"], tags=args["tags"])
        consumer = Function(
            "archive-consumer",
            {
                "code": handler_package("lost_objects"),
                "handler": "handler.lambda_handler",
                "environment": {"S3_BUCKET_NAME": bucket.bucket},
                "settings": settings,
                "statements": [allow(["s3:PutObject"], Output.concat(bucket.arn, "/*"))],
                "role_mode": args["role_mode"],
                "tags": args["tags"],
            },
        )
        self.exports = {
            "KinesisStreamName": stream.name,
            "KinesisStreamArn": stream.arn,
            "BucketName": bucket.bucket,
            "Layout": settings.layout,
            **self._reader(consumer, stream.arn).exports,
        }
        self.register_outputs(self.exports)


pulumi.export("archive", Archive(read_settings().lesson_args("lost_objects")).exports)
