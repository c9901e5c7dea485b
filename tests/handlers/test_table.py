"""Writing many items: for every failure, which item it belongs to."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from handlers.shared import table as table_module
from handlers.shared.failures import Failure, PermanentFailure, TransientFailure
from handlers.shared.table import ATTEMPTS, ITEMS_A_REQUEST, put_items


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "BatchWriteItem")


class FakeTable:
    """A table that refuses, throttles or fails where it is told to; it keeps items by eventId."""

    name = "EventLogs"

    def __init__(self, *, refused: set[str] = frozenset(), throttled: dict[str, int] | None = None) -> None:
        self.items: dict[str, Any] = {}
        self.requests = 0
        self.refused = refused
        self.throttled = dict(throttled or {})
        self.error: Exception | None = None
        self.meta = SimpleNamespace(client=self)

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - boto3's name
        self.requests += 1
        if self.error:
            raise self.error
        items = [request["PutRequest"]["Item"] for request in RequestItems[self.name]]
        assert len(items) <= 25
        if any(item["eventId"] in self.refused for item in items):
            raise client_error("ValidationException")
        waiting = []
        for item in items:
            if self.throttled.get(item["eventId"], 0):
                self.throttled[item["eventId"]] -= 1
                waiting.append(item)
            else:
                self.items[item["eventId"]] = item
        return {"UnprocessedItems": {self.name: [{"PutRequest": {"Item": dict(item)}} for item in waiting]}}

    def put_item(self, *, Item: Any) -> None:  # noqa: N803 - boto3's name
        self.requests += 1
        if Item["eventId"] in self.refused:
            raise client_error("ValidationException")
        self.items[Item["eventId"]] = Item


def items_of(count: int) -> list[Any]:
    return [{"eventId": str(number), "data": {"value": Decimal(number)}} for number in range(count)]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_module, "FIRST_PAUSE_SECONDS", 0)


def test_many_items_take_few_requests():
    table = FakeTable()
    put_items(table, items_of(100))
    assert table.requests == 100 / ITEMS_A_REQUEST
    assert list(table.items) == [str(number) for number in range(100)]


def test_throttled_items_are_written_again():
    table = FakeTable(throttled={"3": ATTEMPTS - 1, "30": 1})
    put_items(table, items_of(50))
    assert len(table.items) == 50


def test_items_throttled_for_too_long_are_a_transient_failure_at_the_first_of_them():
    table = FakeTable(throttled={"30": ATTEMPTS, "33": ATTEMPTS})
    with pytest.raises(TransientFailure) as failure:
        put_items(table, items_of(50))
    assert failure.value.position == 30


@pytest.mark.parametrize("position", [0, 1, 24, 25, 49])
def test_an_item_that_is_refused_is_found(position: int):
    table = FakeTable(refused={str(position)})
    with pytest.raises(PermanentFailure) as failure:
        put_items(table, items_of(50))
    assert failure.value.position == position
    assert len(table.items) == position


@pytest.mark.parametrize(
    "error",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("AccessDeniedException"),
        client_error("ResourceNotFoundException"),
        ConnectTimeoutError(endpoint_url="http://127.0.0.1"),
    ],
    ids=repr,
)
def test_what_a_retry_may_mend_is_transient(error: Exception):
    table = FakeTable()
    table.error = error
    with pytest.raises(TransientFailure) as failure:
        put_items(table, items_of(3))
    assert failure.value.position == 0


@given(
    count=st.integers(0, 60),
    refused=st.sets(st.integers(0, 59).map(str), max_size=3),
    throttled=st.dictionaries(st.integers(0, 59).map(str), st.integers(1, ATTEMPTS + 1), max_size=5),
)
def test_what_comes_before_a_failure_is_always_stored(count: int, refused: set[str], throttled: dict[str, int]):
    table = FakeTable(refused=refused, throttled=throttled)
    items = items_of(count)
    try:
        put_items(table, items)
    except Failure as failure:
        items = items[: failure.position]
    assert set(table.items) >= {item["eventId"] for item in items}
