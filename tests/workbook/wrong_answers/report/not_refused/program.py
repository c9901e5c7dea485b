"""A report over HTTP of what a shop sold. Deploy it with `lab up report --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.http_api import HttpApi, HttpRoute
from components.lesson import handler_package
from components.policies import allow
from components.settings import FunctionSettings
from components.settings_reading import read_settings

stack = read_settings().lesson_args("report")

table = aws.dynamodb.Table(
    "purchases",
    billing_mode="PAY_PER_REQUEST",
    hash_key="tenant_id",
    range_key="compra_id",
    attributes=[{"name": key, "type": "S"} for key in ("tenant_id", "compra_id")],
    tags=stack["tags"],
)
function = Function(
    "report",
    {
        "code": handler_package("report"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "environment": {"DYNAMODB_TABLE_NAME": table.name},
        "settings": FunctionSettings(),
        "statements": [allow(["dynamodb:Query"], table.arn)],
        "role_mode": stack["role_mode"],
        "tags": stack["tags"],
    },
)
api = HttpApi(
    "http",
    {
        # Only who has a key of this account, and may call the route, gets to the function.
        "routes": [HttpRoute("GET", "/reportes", function, authorization="AWS_IAM")],
        "throttling_rate": 50,
        "throttling_burst": 50,
        "tags": stack["tags"],
    },
)
pulumi.export(
    "purchases",
    {
        "ApiUrl": api.url,
        "DynamoDBTableName": table.name,
        "ReportFunctionName": function.name,
        "ReportLogGroupName": function.log_group_name,
    },
)
