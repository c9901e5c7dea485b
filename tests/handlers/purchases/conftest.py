"""The functions of `purchases` on moto."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from components.purchases import BY_DATE
from tests.handlers.aws_on_moto import aws_on_moto, empty, make_table
from tests.handlers.events import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "actualizarComprasStream",
    "POWERTOOLS_METRICS_NAMESPACE": "streamlab",
    "POWERTOOLS_SERVICE_NAME": "purchases",
    "S3_BUCKET_NAME": "purchases",
    "DYNAMODB_TABLE_NAME": "compras",
    "DYNAMODB_INDEX_NAME": BY_DATE["name"],
    "CURRENCY": "USD",
    "STAGE": "dev",
    "ANSWER_LANGUAGE": "es",
}


@pytest.fixture(scope="module")
def on_moto() -> Iterator[None]:
    """AWS with the lesson's bucket and table, and the environment of its functions."""
    with aws_on_moto(ENVIRONMENT):
        boto3.client("s3").create_bucket(Bucket="purchases")
        make_table("compras", "tenant_id", "compra_id", index=BY_DATE)
        yield


@pytest.fixture(scope="module")
def stream(on_moto: None) -> ModuleType:
    """`actualizarComprasStream`, started as Lambda starts it."""
    return importlib.import_module("handlers.purchases.stream")


@pytest.fixture(scope="module")
def report(on_moto: None) -> ModuleType:
    """`generarReporteCompras`, started as Lambda starts it."""
    return importlib.import_module("handlers.purchases.report")


@pytest.fixture
def bucket(stream: ModuleType) -> Bucket:
    """The function's bucket, empty."""
    found: Bucket = stream.BUCKET
    found.objects.delete()
    return found


@pytest.fixture
def handle(stream: ModuleType, bucket: Bucket) -> Callable[[Any], Any]:
    """Calls `actualizarComprasStream` as Lambda does; the bucket is empty before."""
    assert bucket
    return lambda event: stream.lambda_handler(event, Context())


@pytest.fixture
def table(report: ModuleType) -> Table:
    """The table, empty."""
    found = boto3.resource("dynamodb").Table("compras")
    empty(found)
    return found


@pytest.fixture
def ask(report: ModuleType, table: Table) -> Callable[[Any], Any]:
    """Calls `generarReporteCompras` as Lambda does; the table is empty before."""
    assert table
    return lambda event: report.lambda_handler(event, Context())
