"""An orders pipeline whose consumer keeps a total per order: `lab up replay_from --stack exercises`."""

import os

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import Lesson, handler_package
from components.policies import allow
from components.settings import OrdersSettings
from components.settings_reading import read_settings

REPLAY_FROM = os.environ.get("REPLAY_FROM")
settings = OrdersSettings(
    starting_position="AT_TIMESTAMP" if REPLAY_FROM else "TRIM_HORIZON",
    starting_position_timestamp=REPLAY_FROM,
    alarms=False,
)


class Orders(Lesson):
    """LambdaProducer → stream → consumer (handler.py) → table."""

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
        table = aws.dynamodb.Table(
            "orders-table",
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attributes=[{"name": "id", "type": "S"}],
            tags=args["tags"],
        )
        consumer = Function(
            "orders-consumer",
            {
                "code": handler_package("replay_from"),  # handler.py of this folder
                "handler": "handler.lambda_handler",
                "environment": {"DYNAMODB_TABLE_NAME": table.name},
                "settings": settings,
                "statements": [allow(["dynamodb:PutItem"], table.arn)],
                "role_mode": args["role_mode"],
                "tags": args["tags"],
            },
        )
        reader = self._reader(consumer, stream.arn)
        self.exports = {
            "KinesisStreamName": stream.name,
            "KinesisStreamArn": stream.arn,
            "ProducerFunctionName": producer.name,
            "DynamoDBTableName": table.name,
            **reader.exports,
        }
        self.register_outputs(self.exports)


pulumi.export("orders", Orders(read_settings().lesson_args("replay_from")).exports)
