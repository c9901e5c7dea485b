"""Mails for the new purchases of one shop. Deploy it with `lab up filter --stack exercises`."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.lesson import handler_package
from components.policies import allow
from components.settings import LessonSettings
from components.settings_reading import read_settings
from components.stream_consumer import StreamConsumer

stack = read_settings().lesson_args("filter")
settings = LessonSettings(alarms=False)

purchases = aws.dynamodb.Table(
    "purchases",
    billing_mode="PAY_PER_REQUEST",
    hash_key="tenant_id",
    range_key="compra_id",
    attributes=[{"name": key, "type": "S"} for key in ("tenant_id", "compra_id")],
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    tags=stack["tags"],
)
noted = aws.dynamodb.Table(
    "noted",
    billing_mode="PAY_PER_REQUEST",
    hash_key="eventID",
    attributes=[{"name": "eventID", "type": "S"}],
    tags=stack["tags"],
)
function = Function(
    "mail",
    {
        "code": handler_package("filter"),  # handler.py of this folder
        "handler": "handler.lambda_handler",
        "environment": {"DYNAMODB_TABLE_NAME": noted.name},
        "settings": settings,
        "statements": [allow(["dynamodb:PutItem"], noted.arn)],
        "role_mode": stack["role_mode"],
        "tags": stack["tags"],
    },
)
# Both must hold, so both are in one pattern; each value in a list, the attribute with DynamoDB's type.
pattern = {
    "eventName": ["INSERT"],
    "dynamodb": {"Keys": {"tenant_id": ["empresa_andina"]}},
}
reader = StreamConsumer(
    "reader",
    {
        "function": function,
        "source": "dynamodb",
        "stream_arn": purchases.stream_arn,
        "settings": settings,
        "filters": [pattern],
        "tags": stack["tags"],
    },
)
pulumi.export(
    "purchases",
    {
        "DynamoDBTableName": purchases.name,
        "NotedTableName": noted.name,
        **reader.exports,
        "TimeToLiveAttribute": "expira_en",
        "Tenants": ["empresa_postman", "empresa_andina", "empresa_sur"],
    },
)
