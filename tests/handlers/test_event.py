"""The pure function of lesson `basic`: what becomes of a record."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from handlers.basic.event import LONGEST_INDEX_KEY, event_item
from handlers.shared.failures import PermanentFailure
from handlers.shared.kinesis import KinesisRecord
from handlers.shared.payload import MAXIMUM_DEPTH

ARRIVAL = datetime(2026, 11, 18, 11, 6, 40, 123_000, tzinfo=UTC)


def record(data: bytes) -> KinesisRecord:
    return KinesisRecord("shardId-000000000000:4960", "4960", "1", ARRIVAL, base64.b64encode(data).decode())


def test_the_texts_own_event():
    assert event_item(record(b'{"sensor": "temperature", "value": 22.5}')) == {
        "eventId": "shardId-000000000000:4960",
        "timestamp": "2026-11-18T11:06:40.123+00:00",
        "data": {"sensor": "temperature", "value": Decimal("22.5")},
        "sensor": "temperature",
    }


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b'{"value": 1}',
        b'{"sensor": null}',
        b'{"sensor": 7}',
        b'{"sensor": ["a"]}',
        b'{"sensor": ""}',
        b'{"sensor": "' + b"x" * (LONGEST_INDEX_KEY + 1) + b'"}',
        b'{"sensor": "' + "é".encode() * LONGEST_INDEX_KEY + b'"}',
    ],
)
def test_an_event_without_a_sensor_that_can_be_a_key_is_stored_without_one(payload: bytes):
    item = event_item(record(payload))
    assert "sensor" not in item
    assert set(item) == {"eventId", "timestamp", "data"}


def test_empty_names_are_left_to_the_table():
    assert event_item(record(b'{"": {"": ""}}'))["data"] == {"": {"": ""}}


def test_a_sensor_as_long_as_a_key_may_be():
    assert event_item(record(b'{"sensor": "' + b"x" * LONGEST_INDEX_KEY + b'"}'))["sensor"] == "x" * LONGEST_INDEX_KEY


@pytest.mark.parametrize(
    ("number", "stored"),
    [
        ("22.5", Decimal("22.5")),
        ("0.1", Decimal("0.1")),
        ("1" + "0" * 60, Decimal("1E+60")),
        ("9" * 38, Decimal("9" * 38)),
        ("9.99E125", Decimal("9.99E+125")),
        ("1E-130", Decimal("1E-130")),
        ("0e999999", Decimal(0)),
        ("0e-999999", Decimal(0)),
        ("-0.0", Decimal(0)),
    ],
)
def test_numbers_that_fit_are_kept_exactly(number: str, stored: Decimal):
    value = event_item(record(f'{{"value": {number}}}'.encode()))["data"]["value"]
    assert isinstance(value, Decimal)
    assert value == stored
    TypeSerializer().serialize(value)  # what boto3 does with it; its own context is stricter than DynamoDB


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"   ",
        b"hello",
        b"{'sensor': 'temperature'}",
        b'{"sensor": "temperature"',
        b'{"a": 1} {"b": 2}',
        b"[1, 2]",
        b'"text"',
        b"22.5",
        b"null",
        b"true",
        b"\xff\xfe{\x00}\x00",
        b"\x80",
        "\ufeff{}".encode(),
        b'{"value": NaN}',
        b'{"value": Infinity}',
        b'{"value": -Infinity}',
        b'{"value": 1e400}',
        b'{"value": 1e-400}',
        b'{"value": 1e99999999999999999999999999}',
        b'{"value": ' + b"9" * 39 + b"}",
        b'{"value": 0.' + b"1" * 39 + b"}",
        b'{"value": ' + b"7" * 100_000 + b"}",
        b'{"value": 1, "value": 2}',
        b'{"a": [{"b": 1, "b": 1}]}',
        rb'{"text": "\ud800"}',
        rb'{"\udfff": 1}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"[" * MAXIMUM_DEPTH + b"]" * MAXIMUM_DEPTH + b"}",
    ],
    ids=lambda payload: repr(payload[:24]),
)
def test_what_cannot_be_stored_as_it_is_fails_for_good(payload: bytes):
    with pytest.raises(PermanentFailure) as failure:
        event_item(record(payload))
    assert failure.value.reason


@given(st.binary(max_size=64))
def test_any_bytes_at_all_are_stored_or_refused(data: bytes):
    try:
        item = event_item(record(data))
    except PermanentFailure:
        return
    TypeSerializer().serialize(item)


json_numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,45})(\.[0-9]{1,45})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)


@given(json_numbers)
def test_a_number_is_stored_exactly_or_refused(number: str):
    try:
        item = event_item(record(f'{{"value": {number}}}'.encode()))
    except PermanentFailure:
        return
    assert item["data"]["value"] == Decimal(number)
    TypeSerializer().serialize(item)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_times_sort_as_their_texts_do(moment: datetime):
    later = KinesisRecord("b", "2", "1", max(moment, ARRIVAL), "e30=")
    earlier = KinesisRecord("a", "1", "1", min(moment, ARRIVAL), "e30=")
    assert event_item(earlier)["timestamp"] <= event_item(later)["timestamp"]
