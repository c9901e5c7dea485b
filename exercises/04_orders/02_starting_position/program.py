"""The text's pipeline in two steps: stream and producer first; with READ_FROM=LATEST or TRIM_HORIZON its consumer, too.

Nothing is to be changed here.
"""

import os

import pulumi

from components.lesson import Lesson
from components.policies import allow
from components.settings import OrdersSettings
from components.settings_reading import read_settings

READ_FROM = os.environ.get("READ_FROM", "")
settings = OrdersSettings(starting_position=READ_FROM or "LATEST", alarms=False)


class Orders(Lesson):
    """LambdaProducer → stream → LambdaConsumer, the last part only when it is asked for."""

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
        consumer = self._function("consumer", None, module="consumer", environment={}, statements=[])
        reader = self._reader(consumer, stream.arn).exports if READ_FROM else {}
        self.exports = {
            "KinesisStreamName": stream.name,
            "ProducerFunctionName": producer.name,
            "ConsumerLogGroupName": consumer.log_group_name,
            **reader,
        }
        self.register_outputs(self.exports)


pulumi.export("orders", Orders(read_settings().lesson_args("starting_position")).exports)
