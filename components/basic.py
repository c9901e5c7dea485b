"""Lesson `basic`: a sensor's events, through a stream and a function, into a table.

The lesson: three parts that know nothing of each other. The stream keeps what is sent, the function reads it at its own
pace, the table holds what came of it; each of them may stop for a while and nothing is lost.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

from components.function import Function
from components.policies import allow
from components.settings import BasicSettings, LessonArgs
from components.stream import lesson_stream
from components.stream_consumer import StreamConsumer

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


class BasicLesson(pulumi.ComponentResource):
    """`EventStream` → consumer → `EventLogs`, and a place to tell of what cannot be processed."""

    exports: dict[str, Any]
    """The stack's output `basic`: the physical names by which commands find what was deployed."""

    def __init__(self, name: str, args: BasicLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:BasicLesson", name, None, opts)
        settings, tags = args["settings"], args["tags"]
        child = ResourceOptions(parent=self)

        self.stream = lesson_stream(name, args, settings, text_name="EventStream", opts=child)
        # Only keys are declared, of the table and of the index; an item may hold any other attribute.
        keys = ["eventId", *(["sensor", "timestamp"] if settings.sensor_index else [])]
        self.table = aws.dynamodb.Table(
            f"{name}-table",
            name="EventLogs" if args["names"] == "text" else None,
            billing_mode="PAY_PER_REQUEST",
            hash_key="eventId",
            attributes=[{"name": key, "type": "S"} for key in keys],
            global_secondary_indexes=[BY_SENSOR] if settings.sensor_index else None,
            deletion_protection_enabled=not args["removable"],
            tags=tags,
            opts=child,
        )
        self.function = Function(
            f"{name}-consumer",
            {
                "package": "basic",
                "handler": "handlers.basic.handler.lambda_handler",
                "environment": {"DYNAMODB_TABLE_NAME": self.table.name},
                "settings": settings,
                "statements": [allow(["dynamodb:BatchWriteItem", "dynamodb:PutItem"], self.table.arn)],
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
            "DynamoDBTableName": self.table.name,
            **self.reader.exports,
            "SensorIndexName": SENSOR_INDEX if settings.sensor_index else None,
        }
        self.register_outputs(self.exports)
