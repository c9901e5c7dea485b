"""AWS as a function's tests need it: moto, the function's environment, and tables as the components declare them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from mypy_boto3_dynamodb.service_resource import Table


@contextlib.contextmanager
def aws_on_moto(environment: Mapping[str, str]) -> Generator[None]:
    """An account, and the environment variables of a function; both are gone again afterwards."""
    with pytest.MonkeyPatch.context() as patch, moto.mock_aws():
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name, value in {"AWS_DEFAULT_REGION": "us-east-1", **environment}.items():
            patch.setenv(name, value)
        yield


def make_table(name: str, *keys: str, index: Any = None) -> None:
    """Make a table.

    Args:
        name: its name.
        keys: the attributes that are its hash key and, if there are two, its range key.
        index: its index, as the component declares it.
    """
    table_keys = [{"attribute_name": key, "key_type": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    index_keys = index["key_schemas"] if index else []
    attributes = dict.fromkeys(key["attribute_name"] for key in [*table_keys, *index_keys])
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_schema(table_keys),
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        **({"GlobalSecondaryIndexes": [_index(index)]} if index else {}),
    )


def _index(index: Any) -> Any:
    return {
        "IndexName": index["name"],
        "KeySchema": _schema(index["key_schemas"]),
        "Projection": {"ProjectionType": index["projection_type"]},
    }


def _schema(keys: list[dict[str, str]]) -> Any:
    return [{"AttributeName": key["attribute_name"], "KeyType": key["key_type"]} for key in keys]


def empty(table: Table) -> None:
    """Remove every item."""
    keys = [key["AttributeName"] for key in table.key_schema]
    for item in table.scan()["Items"]:
        table.delete_item(Key={key: item[key] for key in keys})
