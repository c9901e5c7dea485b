"""Lesson `orders`: a function that produces orders, a stream, and a function that consumes them.

The lesson: producer and consumer know the stream and nothing of each other. Either may be changed, stopped or run many
times over without the other noticing; what they share is the shape of an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lesson import Lesson
from components.policies import allow
from components.settings import LessonArgs, OrdersSettings

if TYPE_CHECKING:
    from pulumi import ResourceOptions


class OrdersLessonArgs(LessonArgs):
    """What an OrdersLesson is made from."""

    settings: OrdersSettings
    """The lesson's own settings."""


class OrdersLesson(Lesson):
    """`LambdaProducer` → stream → `LambdaConsumer`, and a place to tell of what cannot be processed."""

    def __init__(self, name: str, args: OrdersLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("orders", name, args, args["settings"], opts)
        self.stream = self._stream(args["settings"], None)
        self.producer = self._function(
            "producer",
            "LambdaProducer",
            module="producer",
            environment={"KINESIS_STREAM_NAME": self.stream.name},
            statements=[allow(["kinesis:PutRecords"], self.stream.arn)],
        )
        self.consumer = self._function("consumer", "LambdaConsumer", module="consumer", environment={}, statements=[])
        self.reader = self._reader(self.consumer, self.stream.arn)
        self.exports = {
            "KinesisStreamName": self.stream.name,
            "KinesisStreamArn": self.stream.arn,
            "ProducerFunctionName": self.producer.name,
            "ProducerLogGroupName": self.producer.log_group_name,
            **self.reader.exports,
        }
        self.register_outputs(self.exports)
