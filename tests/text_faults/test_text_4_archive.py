"""The faults of text 4, one test each; 68 stands in tests/command/test_archive.py, 69 in tests/components."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

from handlers.archive.batch_objects import archive_line, store_batch
from handlers.archive.record_object import record_object
from handlers.shared.kinesis import kinesis_records
from lab.hash_keys import HASH_KEYS, hash_key
from lab.lessons.archive import text_events
from lab.lessons.contract import Order
from tests.handlers.events import kinesis_record

if TYPE_CHECKING:
    from handlers.shared.kinesis import KinesisRecord


def five_seconds_of_two_keys() -> list[KinesisRecord]:
    """500 records, 50 of each key in each second."""
    records: list[Any] = []
    for number in range(500):
        record = kinesis_record(number // 100, b"event", partition_key=f"PartitionKey{number % 2 + 1}")
        record["kinesis"]["sequenceNumber"] = f"49{number:054d}"
        records.append(record)
    return kinesis_records({"Records": records})


def test_text_fault_62_500_records_in_5_seconds_with_two_keys_are_500_objects():
    # text fault 62: {partitionKey}-{YYYY-MM-DD-HHMMSS}.txt makes 10 of them, and 490 records are lost
    keys = [record_object(record).key for record in five_seconds_of_two_keys()]
    assert len({key.rpartition("-")[0] for key in keys}) == 10
    assert len(set(keys)) == 500


def test_text_fault_63_a_retry_writes_the_same_object():
    # text fault 63: the time of the attempt in the name makes a second object of every retry
    event: Any = {"Records": [kinesis_record(1, b"event")]}
    assert record_object(kinesis_records(event)[0]) == record_object(kinesis_records(event)[0])


def test_text_fault_64_a_partition_key_cannot_name_another_place():
    # text fault 64: whoever may write to the stream chooses the name
    key = record_object(kinesis_records({"Records": [kinesis_record(1, b"", partition_key="../x/y")]})[0]).key
    assert key.startswith("%2E%2E%2Fx%2Fy-")


def test_text_fault_65_500_records_cost_one_put_and_one_list():
    # text fault 65: a PUT for each record, 5 USD a million
    bucket = Mock()
    bucket.objects.filter.return_value = []
    store_batch(bucket, [archive_line(record) for record in five_seconds_of_two_keys()])
    assert (bucket.put_object.call_count, bucket.objects.filter.call_count) == (1, 1)


def test_text_fault_66_what_was_sent_is_archived_and_nothing_is_guessed():
    # text fault 66: AWS CLI 1 encodes the text's base64 once more; `lab send` takes text as it is
    first, second = text_events(Order(count=2, keys=2))
    assert (first.key, first.payload) == ("PartitionKey1", b"hello kinesis")
    assert (second.key, second.payload) == ("PartitionKey2", b"event 2")
    encoded_twice = base64.b64encode(b"hello kinesis")
    assert record_object(kinesis_records({"Records": [kinesis_record(1, encoded_twice)]})[0]).body == encoded_twice


def test_text_fault_67_where_the_texts_keys_fall_is_computed():
    # text fault 67: they fall into different shards, by luck; `lab shards` shows why
    assert [round(hash_key(key) / HASH_KEYS, 2) for key in ("PartitionKey1", "PartitionKey2")] == [0.43, 0.96]


def test_text_fault_71_an_object_says_which_record_it_holds():
    # text fault 71: a .txt that says neither its sequence number nor when it came
    (record,) = kinesis_records({"Records": [kinesis_record(1, b"event")]})
    assert record_object(record).metadata == {
        "partition-key": "1",
        "sequence-number": record.sequence_number,
        "arrival": "2026-11-18T11:06:41.123+00:00",
    }
