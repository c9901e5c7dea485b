"""A table on moto for the handlers' tests; moto is imported once, before any client is made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "DYNAMODB_TABLE_NAME": "EventLogs",
    "POWERTOOLS_SERVICE_NAME": "basic",
}
os.environ.pop("AWS_ENDPOINT_URL", None)

import boto3
import moto
import pytest

from components.basic import BY_SENSOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[None]:
    """The table that the component declares, on moto."""
    with moto.mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="EventLogs",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "eventId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("eventId", "sensor", "timestamp")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": BY_SENSOR["name"],
                    "KeySchema": [
                        {"AttributeName": key["attribute_name"], "KeyType": key["key_type"]}
                        for key in BY_SENSOR["key_schemas"]
                    ],
                    "Projection": {"ProjectionType": BY_SENSOR["projection_type"]},
                }
            ],
        )
        yield


@pytest.fixture
def table(dynamodb: None) -> Table:  # noqa: ARG001 - the table must be there
    """The table `EventLogs`, empty."""
    found = boto3.resource("dynamodb").Table("EventLogs")
    for item in found.scan()["Items"]:
        found.delete_item(Key={"eventId": item["eventId"]})
    return found
