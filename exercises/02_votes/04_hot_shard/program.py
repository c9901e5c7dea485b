"""Two shards, and an API that puts votes into them: deploy it with `lab up hot_shard --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.http_api import HttpApi, HttpRoute
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings

args = read_settings().lesson_args("hot_shard")
stream = aws.kinesis.Stream("hot-shard-stream", shard_count=2, tags=args["tags"])
producer = Function(
    "hot-shard-producer",
    {
        "code": handler_package("hot_shard"),
        "handler": "handler.lambda_handler",
        "environment": {"KINESIS_STREAM_NAME": stream.name},
        "settings": FunctionSettings(),
        "statements": [allow(["kinesis:PutRecord"], stream.arn)],
        "role_mode": args["role_mode"],
        "tags": args["tags"],
    },
)
api = HttpApi(
    "hot-shard-http",
    {
        "routes": [HttpRoute("POST", "/votes", producer)],
        "throttling_rate": 500,
        "throttling_burst": 500,
        "tags": args["tags"],
    },
)
pulumi.export("votes", {"ApiUrl": api.url, "KinesisStreamName": stream.name, "ProducerFunctionName": producer.name})
