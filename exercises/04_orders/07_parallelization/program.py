"""A slow consumer and more batches at once: FACTOR=4 lab up parallelization --stack exercises.

Nothing is to be changed here.
"""

import os

import pulumi

from components.function import Function
from components.lesson import Lesson, handler_package
from components.policies import allow
from components.settings import OrdersSettings
from components.settings_reading import read_settings

settings = OrdersSettings(
    batch_size=5,
    parallelization_factor=int(os.environ.get("FACTOR", "1")),
    starting_position="TRIM_HORIZON",
    alarms=False,
)


class Orders(Lesson):
    """LambdaProducer → stream → consumer.py, which takes half a second for a batch."""

    def __init__(self, args):
        super().__init__("orders", "orders", args, settings, None)
        stream = self._stream(settings, None)
        producer = self._function(
            "producer",
            None,
            module="producer",
            environment={"KINESIS_STREAM_NAME": stream.name},
            statements=[allow(["kinesis:PutRecords"], stream.arn)],
        )
        consumer = Function(
            "orders-consumer",
            {
                "code": handler_package("parallelization"),  # consumer.py of this folder
                "handler": "consumer.lambda_handler",
                "environment": {},
                "settings": settings,
                "role_mode": args["role_mode"],
                "tags": args["tags"],
            },
        )
        self.exports = {
            "KinesisStreamName": stream.name,
            "ProducerFunctionName": producer.name,
            **self._reader(consumer, stream.arn).exports,
        }
        self.register_outputs(self.exports)


pulumi.export("orders", Orders(read_settings().lesson_args("parallelization")).exports)
