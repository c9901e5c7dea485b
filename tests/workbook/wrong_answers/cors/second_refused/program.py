"""An API for votes that two pages call: deploy it with `lab up cors --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.http_api import HttpApi, HttpRoute
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings

args = read_settings().lesson_args("cors")
stream = aws.kinesis.Stream("cors-stream", shard_count=1, tags=args["tags"])
producer = Function(
    "cors-producer",
    {
        "code": handler_package("cors"),
        "handler": "handler.lambda_handler",
        "environment": {"KINESIS_STREAM_NAME": stream.name},
        "settings": FunctionSettings(),
        "statements": [allow(["kinesis:PutRecord"], stream.arn)],
        "role_mode": args["role_mode"],
        "tags": args["tags"],
    },
)
api = HttpApi(
    "cors-http",
    {
        "routes": [HttpRoute("POST", "/votes", producer)],
        # TODO: whose pages may call the API from a browser?
        "origins": ["http://localhost:8000", "https://localhost:8001"],
        "throttling_rate": 500,
        "throttling_burst": 500,
        "tags": args["tags"],
    },
)
pulumi.export("votes", {"ApiUrl": api.url, "KinesisStreamName": stream.name, "ProducerFunctionName": producer.name})
