"""The handler of `basic` with a table on moto; both are gone again when a file's tests have ended."""

from __future__ import annotations

import importlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from components.basic import BY_SENSOR
from handlers.shared.observability import logger
from tests.handlers.aws_on_moto import aws_on_moto, empty, make_table
from tests.handlers.events import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

settings.register_profile("streamlab", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("streamlab")


@pytest.fixture(scope="module")
def handler() -> Iterator[ModuleType]:
    """The module with `lambda_handler`, started as Lambda starts it, on the table that the component declares."""
    with aws_on_moto({"DYNAMODB_TABLE_NAME": "EventLogs"}):
        make_table("EventLogs", "eventId", index=BY_SENSOR)
        yield importlib.import_module("handlers.basic.handler")


@pytest.fixture
def table(handler: ModuleType) -> Table:
    """The handler's table, empty."""
    found: Table = handler.TABLE
    empty(found)
    return found


@pytest.fixture
def handle(handler: ModuleType, table: Table) -> Callable[[Any], Any]:
    """Calls the handler as Lambda does; the table is empty before."""
    assert table
    return lambda event: handler.lambda_handler(event, Context())


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Returns what the function has logged, line by line."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
