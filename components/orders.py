"""Lesson `orders`: a function that produces orders, a stream, and a function that consumes them.

The lesson: producer and consumer know the stream and nothing of each other. Either may be changed, stopped or run many
times over without the other noticing; what they share is the shape of an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import ResourceOptions

from components.function import Function
from components.policies import allow
from components.settings import LessonArgs, OrdersSettings
from components.stream import lesson_stream
from components.stream_consumer import StreamConsumer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.policies import Statement


class OrdersLessonArgs(LessonArgs):
    """What an OrdersLesson is made from."""

    settings: OrdersSettings
    """The lesson's own settings."""


class OrdersLesson(pulumi.ComponentResource):
    """`LambdaProducer` → stream → `LambdaConsumer`, and a place to tell of what cannot be processed."""

    exports: dict[str, Any]
    """The stack's output `orders`: the physical names by which commands find what was deployed."""

    def __init__(self, name: str, args: OrdersLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:OrdersLesson", name, None, opts)
        self._name, self._args = name, args
        child = ResourceOptions(parent=self)
        self.stream = lesson_stream(name, args, args["settings"], text_name=None, opts=child)
        self.producer = self._function(
            "producer",
            "LambdaProducer",
            environment={"KINESIS_STREAM_NAME": self.stream.name},
            statements=[allow(["kinesis:PutRecords"], self.stream.arn)],
        )
        self.consumer = self._function("consumer", "LambdaConsumer", environment={}, statements=[])
        self.reader = StreamConsumer(
            f"{name}-reader",
            {
                "function": self.consumer,
                "stream_arn": self.stream.arn,
                "settings": args["settings"],
                "removable": args["removable"],
                "tags": args["tags"],
            },
            child,
        )
        self.exports = {
            "KinesisStreamName": self.stream.name,
            "KinesisStreamArn": self.stream.arn,
            "ProducerFunctionName": self.producer.name,
            "ProducerLogGroupName": self.producer.log_group_name,
            **self.reader.exports,
        }
        self.register_outputs(self.exports)

    def _function(
        self,
        part: str,
        text_name: str,
        *,
        environment: Mapping[str, pulumi.Input[str]],
        statements: Sequence[Statement],
    ) -> Function:
        args = self._args
        return Function(
            f"{self._name}-{part}",
            {
                "package": "orders",
                "handler": f"handlers.orders.{part}.lambda_handler",
                "function_name": text_name if args["names"] == "text" else None,
                "environment": environment,
                "settings": args["settings"],
                "statements": statements,
                "role_mode": args["role_mode"],
                "removable": args["removable"],
                "tags": args["tags"],
            },
            ResourceOptions(parent=self),
        )
