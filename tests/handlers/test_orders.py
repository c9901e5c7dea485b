"""Lesson `orders`: the producer resends what was refused, the consumer stops at what is no order."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from handlers.orders.order import Order, read_order, received_order, sample_orders
from handlers.orders.request import InvalidRequestError, requested_orders
from handlers.shared import records_producer
from handlers.shared.failures import PermanentFailure
from handlers.shared.kinesis import kinesis_records
from handlers.shared.payload import read_json_object
from tests.handlers.aws_on_moto import aws_on_moto
from tests.handlers.events import Context, deliver, failed, kinesis_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

STREAM = "orders"


@pytest.fixture(scope="module")
def producer() -> Iterator[ModuleType]:
    """The producer, started as Lambda starts it, with a stream of two shards."""
    with aws_on_moto({"KINESIS_STREAM_NAME": STREAM}):
        boto3.client("kinesis").create_stream(StreamName=STREAM, ShardCount=2)
        yield importlib.import_module("handlers.orders.producer")


@pytest.fixture
def consumer() -> ModuleType:
    return importlib.import_module("handlers.orders.consumer")


def in_stream(kinesis: Any) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += kinesis.get_records(ShardIterator=iterator)["Records"]
    return records


def test_what_is_asked_for_lies_in_the_stream_once(producer: ModuleType):
    answer = producer.lambda_handler({"count": 700, "customers": 20}, Context())
    assert (answer["sent"], answer["resent"], answer["failed"]) == (700, 0, [])
    assert sum(answer["by_shard"].values()) == 700
    assert len(answer["by_shard"]) == 2  # text fault 12, 17: keys that spread
    records = in_stream(producer.KINESIS)
    orders = [json.loads(record["Data"]) for record in records]
    assert len({order["order_id"] for order in orders}) == len(orders) == 700
    assert all(record["PartitionKey"] == json.loads(record["Data"])["customer_id"] for record in records)


def test_only_what_is_refused_is_sent_again_and_what_never_goes_is_named(
    producer: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    sent: list[list[str]] = []

    class Refusing:
        """Refuses customer-1's orders always, customer-2's the first time."""

        def put_records(self, StreamName: str, Records: list[Any]) -> Any:  # noqa: ARG002, N803 - boto3's names
            sent.append([entry["PartitionKey"] for entry in Records])
            refused = {"customer-1"} | ({"customer-2"} if len(sent) == 1 else set())
            return {
                "Records": [
                    {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
                    if entry["PartitionKey"] in refused
                    else {"ShardId": "shardId-0", "SequenceNumber": "1"}
                    for entry in Records
                ]
            }

    monkeypatch.setattr(producer, "KINESIS", Refusing())
    monkeypatch.setattr(records_producer.time, "sleep", lambda _seconds: None)
    orders = list(sample_orders(6, customers=3))
    answer = producer.send(orders)
    assert answer["failed"] == [order.order_id for order in orders if order.customer_id == "customer-1"]
    assert answer["sent"] == 4
    assert Counter(sent[1]) == {"customer-1": 2, "customer-2": 2}
    assert sent[2:] == [["customer-1", "customer-1"]] * (records_producer.MAXIMUM_ATTEMPTS - 2)


def test_what_was_sent_before_a_request_failed_is_told(producer: ModuleType, monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []

    class Breaking:
        """Takes the first request, and breaks off in the second."""

        def put_records(self, StreamName: str, Records: list[Any]) -> Any:  # noqa: ARG002, N803 - boto3's names
            calls.append(len(Records))
            if len(calls) > 1:
                raise EndpointConnectionError(endpoint_url="nowhere")
            return {"Records": [{"ShardId": "shardId-0", "SequenceNumber": "1"} for _entry in Records]}

    monkeypatch.setattr(producer, "KINESIS", Breaking())
    orders = list(sample_orders(1200, customers=3))
    answer = producer.send(orders)
    assert (answer["sent"], calls) == (500, [500, 500])
    assert answer["unknown"] == [order.order_id for order in orders[500:1000]]
    assert answer["failed"] == [order.order_id for order in orders[1000:]]
    with pytest.raises(EndpointConnectionError):
        producer.send(orders[:5])  # none was taken: an error says so


def test_what_an_answer_named_as_failed_can_be_asked_for_again():
    orders = list(sample_orders(3, customers=2))
    event = {"orders": [json.loads(order.to_json()) for order in orders]}
    assert requested_orders(event) == orders


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ([], "must be a JSON object"),
        ("order", "must be a JSON object"),
        (None, "must be a JSON object"),
        ({"count": 0}, "count must be a whole number from 1 to 5000"),
        ({"count": 5001}, "count must be"),
        ({"count": True}, "count must be"),
        ({"count": 1.5}, "count must be"),
        ({"count": "3"}, "count must be"),
        ({"customers": -1}, "customers must be"),
        ({"cuont": 3}, "unknown: cuont; there are count, customers, orders"),
        ({"orders": []}, "orders must be a list"),
        ({"orders": {}}, "orders must be a list"),
        ({"orders": [{}], "count": 1}, "does not go together"),
        ({"orders": [{"order_id": "a"}]}, r"orders\[0\]: quantity"),
        ({"orders": [7]}, r"orders\[0\]: the payload is JSON, but not an object"),
    ],
)
def test_a_request_that_is_none_is_refused_in_a_sentence(event: Any, said: str):
    with pytest.raises(InvalidRequestError, match=said):
        requested_orders(event)


def test_an_empty_event_is_one_order():
    [order] = requested_orders({})
    assert read_order(read_json_object(order.to_json())) == order


prices = st.decimals(0, 10**20, allow_nan=False, allow_infinity=False, places=6)  # more digits than a float has


@given(price=prices, quantity=st.integers(1, 10**6))
def test_an_order_comes_out_of_the_stream_as_it_went_in(price: Decimal, quantity: int):
    order = Order("o", "c", "mouse", quantity, price, "USD", "2026-11-22T00:00:00.000+00:00")
    assert read_order(read_json_object(order.to_json())) == order


GOOD = json.loads(next(iter(sample_orders(1, customers=1))).to_json())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"keyboard;1",
        b"[]",
        b"NaN",
        b'{"a": 1e400}',
        b"[" * 100_000,
        b"\xff\xfe",
        b"x" * 1024 * 1024,
        {},
        {**GOOD, "quantity": 0},
        {**GOOD, "quantity": 1.5},
        {**GOOD, "quantity": "1"},
        {**GOOD, "unit_price": -1},
        {**GOOD, "unit_price": None},
        {**GOOD, "order_id": ""},
        {**GOOD, "customer_id": 5},
    ],
)
def test_what_is_no_order_is_reported_and_the_ones_before_it_are_processed(consumer: ModuleType, payload: Any):
    event = kinesis_event(GOOD, payload, GOOD)
    answer = consumer.lambda_handler(event, Context())
    assert failed(answer) == [event["Records"][1]["kinesis"]["sequenceNumber"]]


def test_good_orders_behind_a_bad_one_are_not_lost(consumer: ModuleType):
    event = kinesis_event(GOOD, b"poison", GOOD, GOOD)
    given_up = deliver(consumer.lambda_handler, event["Records"])
    assert given_up == [event["Records"][1]["eventID"]]


def test_the_log_has_ids_and_no_payload(consumer: ModuleType, log: Any):
    record = {**GOOD, "customer_id": "secret-name"}
    consumer.lambda_handler(kinesis_event(record, b"secret-poison"), Context())
    lines = log()
    assert GOOD["order_id"] in json.dumps(lines)
    assert "secret" not in json.dumps(lines)


def test_an_order_keeps_what_it_means_when_a_stranger_adds_fields():
    event = kinesis_event({**GOOD, "note": "gift"})
    assert received_order(kinesis_records(event)[0]).order.order_id == GOOD["order_id"]
    with pytest.raises(PermanentFailure):
        received_order(kinesis_records(kinesis_event({**GOOD, "product": []}))[0])
