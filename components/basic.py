"""Lesson `basic`: a sensor's events, through a stream and a function, into a table.

The lesson: three parts that know nothing of each other. The stream keeps what is sent, the function reads it at its own
pace, the table holds what came of it; each of them may stop for a while and nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws

from components.lesson import Lesson
from components.policies import allow
from components.settings import BasicSettings, LessonArgs

if TYPE_CHECKING:
    from pulumi import ResourceOptions

SENSOR_INDEX = "sensor-timestamp-index"
BY_SENSOR: aws.dynamodb.TableGlobalSecondaryIndexArgsDict = {
    "name": SENSOR_INDEX,
    "key_schemas": [
        {"attribute_name": "sensor", "key_type": "HASH"},
        {"attribute_name": "timestamp", "key_type": "RANGE"},
    ],
    "projection_type": "ALL",
}
"""The index that answers: the events of one sensor, in the order of time."""


class BasicLessonArgs(LessonArgs):
    """What a BasicLesson is made from."""

    settings: BasicSettings
    """The lesson's own settings."""


class BasicLesson(Lesson):
    """`EventStream` → consumer → `EventLogs`, and a place to tell of what cannot be processed."""

    def __init__(self, name: str, args: BasicLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("basic", name, args, args["settings"], opts)
        settings = args["settings"]

        self.stream = self._stream(settings, "EventStream")
        # Only keys are declared, of the table and of the index; an item may hold any other attribute.
        keys = ["eventId", *(["sensor", "timestamp"] if settings.sensor_index else [])]
        self.table = aws.dynamodb.Table(
            f"{name}-table",
            name=self._text_name("EventLogs"),
            billing_mode="PAY_PER_REQUEST",
            hash_key="eventId",
            attributes=[{"name": key, "type": "S"} for key in keys],
            global_secondary_indexes=[BY_SENSOR] if settings.sensor_index else None,
            deletion_protection_enabled=not args["removable"],
            tags=args["tags"],
            opts=self._child,
        )
        self.function = self._function(
            "consumer",
            None,
            module="handler",
            environment={"DYNAMODB_TABLE_NAME": self.table.name},
            statements=[allow(["dynamodb:BatchWriteItem", "dynamodb:PutItem"], self.table.arn)],
        )
        self.reader = self._reader(self.function, self.stream.arn)
        self.exports = {
            "KinesisStreamName": self.stream.name,
            "KinesisStreamArn": self.stream.arn,
            "DynamoDBTableName": self.table.name,
            **self.reader.exports,
            "SensorIndexName": SENSOR_INDEX if settings.sensor_index else None,
        }
        self.register_outputs(self.exports)
