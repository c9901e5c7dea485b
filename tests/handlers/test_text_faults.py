"""The faults of text 0, one test each: what its code did wrong, ours does right.

Fault 13 (starting position, permissions) is tested where those are decided, in tests/components.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from boto3.dynamodb.conditions import Key

from components.basic import SENSOR_INDEX
from handlers.basic.event import event_item
from handlers.shared.kinesis import kinesis_records
from lab import package
from tests.handlers.events import failed, kinesis_event, kinesis_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    Handle = Callable[[Any], Any]

TEXTS_EVENT = {"sensor": "temperature", "value": 22.5}


def items(table: Table) -> list[Any]:
    return table.scan()["Items"]


def test_text_fault_1_every_record_of_the_batch_is_stored(handle: Handle, table: Table):
    # text fault 1: the loop's body stands outside the loop
    handle(kinesis_event(TEXTS_EVENT, TEXTS_EVENT, TEXTS_EVENT))
    assert len(items(table)) == 3


def test_text_fault_2_the_data_is_decoded_from_base64(handle: Handle, table: Table):
    # text fault 2
    event = kinesis_event(TEXTS_EVENT)
    assert json.loads(base64.b64decode(event["Records"][0]["kinesis"]["data"])) == TEXTS_EVENT
    handle(event)
    assert items(table)[0]["data"]["sensor"] == "temperature"


def test_text_fault_3_a_float_becomes_a_decimal(handle: Handle, table: Table):
    # text fault 3
    assert failed(handle(kinesis_event(TEXTS_EVENT))) == []
    assert items(table)[0]["data"]["value"] == Decimal("22.5")


def test_text_fault_4_a_retry_adds_nothing(handle: Handle, table: Table):
    # text fault 4
    event = kinesis_event(TEXTS_EVENT)
    handle(event)
    once = items(table)
    handle(event)
    assert items(table) == once
    assert once[0]["eventId"] == event["Records"][0]["eventID"]


def test_text_fault_5_the_time_is_the_arrival_in_utc(handle: Handle, table: Table):
    # text fault 5
    event = kinesis_event(TEXTS_EVENT)
    handle(event)
    time = datetime.fromisoformat(items(table)[0]["timestamp"])
    assert time.utcoffset() == timedelta(0)
    assert time.timestamp() == event["Records"][0]["kinesis"]["approximateArrivalTimestamp"]


def test_text_fault_6_a_bad_record_does_not_hold_up_the_others(handle: Handle, table: Table):
    # text fault 6 (the limits of the mapping: tests/components)
    event = kinesis_event(TEXTS_EVENT, b"poison", TEXTS_EVENT)
    assert failed(handle(event)) == [event["Records"][1]["kinesis"]["sequenceNumber"]]
    assert failed(handle({"Records": event["Records"][2:]})) == []
    assert len(items(table)) == 2


def test_text_fault_7_the_answer_is_one_that_a_mapping_understands(handle: Handle):
    # text fault 7
    assert handle(kinesis_event(TEXTS_EVENT)) == {"batchItemFailures": []}


def test_text_fault_8_few_requests_to_a_table_named_by_the_environment(
    handler: ModuleType, handle: Handle, table: Table
):
    # text fault 8 (payloads in the log: test_handler)
    assert handler.TABLE.name == "EventLogs"
    with patch.object(handler.TABLE.meta.client, "batch_write_item", wraps=table.meta.client.batch_write_item) as write:
        handle(kinesis_event(*[TEXTS_EVENT] * 50))
    assert write.call_count == 2
    assert len(items(table)) == 50


def test_text_fault_9_and_10_the_events_of_a_sensor_in_the_order_of_time(handle: Handle, table: Table):
    # text fault 9: `timestamp` is a reserved word; text fault 10: there was no way to search
    records = [
        kinesis_record(number, {"sensor": sensor, "value": number})
        for number, sensor in ((3, "a"), (1, "b"), (2, "a"), (4, "b"), (0, "a"))
    ]
    handle({"Records": records})
    after = event_item(kinesis_records({"Records": records})[1])["timestamp"]
    # boto3's conditions put an alias for every name.
    found = table.query(
        IndexName=SENSOR_INDEX, KeyConditionExpression=Key("sensor").eq("a") & Key("timestamp").gt(after)
    )
    assert [item["data"]["value"] for item in found["Items"]] == [2, 3]


def test_text_fault_11_data_encoded_twice_is_told_and_not_stored(handle: Handle, table: Table):
    # text fault 11: AWS CLI 1 encodes what is given; what was encoded already arrives as text that is not JSON
    event = kinesis_event(base64.b64encode(json.dumps(TEXTS_EVENT).encode()))
    assert failed(handle(event)) == [event["Records"][0]["kinesis"]["sequenceNumber"]]
    assert items(table) == []


def test_text_fault_12_a_constant_partition_key_loses_nothing(handle: Handle, table: Table):
    # text fault 12
    handle({"Records": [kinesis_record(number, TEXTS_EVENT, partition_key="1") for number in range(3)]})
    assert len(items(table)) == 3


def test_text_fault_14_the_packaging_step_exists():
    # text fault 14 (what it builds: tests/test_package.py)
    assert "basic" in package.lessons()
