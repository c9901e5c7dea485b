"""The handler of `archive` with a bucket on moto."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.handlers.aws_on_moto import aws_on_moto
from tests.handlers.events import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from mypy_boto3_s3.service_resource import Bucket


@pytest.fixture(scope="module")
def handler() -> Iterator[ModuleType]:
    """The module with `lambda_handler`, started as Lambda starts it."""
    with aws_on_moto({"S3_BUCKET_NAME": "archive", "ARCHIVE_LAYOUT": "record"}):
        boto3.client("s3").create_bucket(Bucket="archive")
        yield importlib.import_module("handlers.archive.handler")


@pytest.fixture
def bucket(handler: ModuleType) -> Bucket:
    """The handler's bucket, empty."""
    found: Bucket = handler.BUCKET
    found.objects.delete()
    return found


@pytest.fixture
def handle(handler: ModuleType, bucket: Bucket) -> Callable[[Any], Any]:
    """Calls the handler as Lambda does; the bucket is empty before."""
    assert bucket
    return lambda event: handler.lambda_handler(event, Context())


@pytest.fixture
def handle_batches(handle: Callable[[Any], Any], handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the handler with the layout `batch`."""
    monkeypatch.setattr(handler, "ONE_OBJECT_A_BATCH", True)
    return handle
