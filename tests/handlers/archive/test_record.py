"""Layout `record`: one object for each record, whatever is in it and however often it comes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.archive.record_object import partition_key_segment
from tests.handlers.events import deliver, failed, kinesis_event, kinesis_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_s3.service_resource import Bucket

    Handle = Callable[[Any], Any]
    Log = Callable[[], list[dict[str, Any]]]

STRANGE_KEYS = [
    "a/b",
    "..",
    "../../etc/passwd",
    ".",
    "/",
    "~",
    "%2F",
    " ",
    "\n\0",
    "temperatura-ñandú",
    "日" * 256,
    "🏎" * 256,
    "x" * 256,
    "." * 256,
]
MOST_METADATA_BYTES = 2048


def contents(bucket: Bucket) -> dict[str, bytes]:
    return {found.key: found.get()["Body"].read() for found in bucket.objects.all()}


def test_the_texts_own_record(handle: Handle, bucket: Bucket):
    record = kinesis_record(7, b"hello kinesis", partition_key="PartitionKey1")
    number = record["kinesis"]["sequenceNumber"]
    assert handle({"Records": [record]}) == {"batchItemFailures": []}
    key = f"PartitionKey1-2026-11-18-110647-{number}.txt"
    assert contents(bucket) == {key: b"hello kinesis"}
    head = bucket.Object(key)
    assert head.content_type == "text/plain; charset=utf-8"
    assert head.metadata == {
        "partition-key": "PartitionKey1",
        "sequence-number": number,
        "arrival": "2026-11-18T11:06:47.123+00:00",
    }


@pytest.mark.parametrize("partition_key", STRANGE_KEYS, ids=ascii)
def test_whatever_the_partition_key_the_object_lies_in_the_bucket_itself(
    handle: Handle, bucket: Bucket, partition_key: str
):
    record = kinesis_record(1, b"22.5", partition_key=partition_key)
    assert failed(handle({"Records": [record]})) == []
    (key,) = contents(bucket)
    assert key.isascii()
    assert len(key) <= 1024
    assert "/" not in key
    assert ".." not in key
    metadata = bucket.Object(key).metadata
    assert sum(len(name) + len(value) for name, value in metadata.items()) <= MOST_METADATA_BYTES


@given(st.lists(st.one_of(st.text(min_size=1, max_size=3), st.sampled_from(STRANGE_KEYS)), unique=True))
def test_different_partition_keys_have_different_names(keys: list[str]):
    assert len({partition_key_segment(key) for key in keys}) == len(keys)


def test_long_partition_keys_that_begin_alike_have_different_names():
    one, other = partition_key_segment("日" * 255 + "本"), partition_key_segment("日" * 256)
    assert one[:800] == other[:800]
    assert one != other


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [
        (b"", "text/plain; charset=utf-8"),
        ("café 日本".encode(), "text/plain; charset=utf-8"),
        (b'{"value": NaN}', "text/plain; charset=utf-8"),
        (b"\xff\x00\xfe", "application/octet-stream"),
        (b"x" * 1_048_000, "text/plain; charset=utf-8"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_any_payload_is_kept_byte_for_byte(handle: Handle, bucket: Bucket, payload: bytes, content_type: str):
    assert failed(handle(kinesis_event(payload))) == []
    (found,) = bucket.objects.all()
    assert found.get()["Body"].read() == payload
    assert found.Object().content_type == content_type


def test_a_replay_of_any_part_writes_the_same_objects(handle: Handle, handler: ModuleType, bucket: Bucket):
    records = [kinesis_record(number // 3, f"event {number}".encode()) for number in range(12)]
    for number, record in enumerate(records):  # three of them in each second
        record["kinesis"]["sequenceNumber"] = str(49600 + number)
    assert deliver(handler.lambda_handler, records) == []
    once = contents(bucket)
    assert sorted(once.values()) == sorted(f"event {number}".encode() for number in range(12))
    for first, last in ((0, 12), (3, 5), (11, 12), (0, 1)):
        handle({"Records": records[first:last]})
    assert contents(bucket) == once


@pytest.mark.parametrize("layout", ["record", "batch"])
def test_a_bucket_that_is_gone_is_a_transient_failure_of_the_first_record(
    handler: ModuleType, handle: Handle, log: Log, monkeypatch: pytest.MonkeyPatch, layout: str
):
    monkeypatch.setattr(handler, "ONE_OBJECT_A_BATCH", layout == "batch")
    monkeypatch.setattr(handler, "BUCKET", handler.open_bucket("nosuchbucket"))
    event = kinesis_event(b"a", b"b")
    assert failed(handle(event)) == [event["Records"][0]["kinesis"]["sequenceNumber"]]
    assert (log()[0]["failure"], log()[0]["level"]) == ("transient", "WARNING")
    assert "NoSuchBucket" in log()[0]["reason"]


@pytest.mark.parametrize("layout", ["record", "batch"])
def test_data_that_is_not_base64_is_a_permanent_failure_and_what_came_before_it_is_kept(
    handler: ModuleType, handle: Handle, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, layout: str
):
    monkeypatch.setattr(handler, "ONE_OBJECT_A_BATCH", layout == "batch")
    event = kinesis_event(b"a", b"b", b"c")
    event["Records"][1]["kinesis"]["data"] = "{not base64}"
    assert failed(handle(event)) == [event["Records"][1]["kinesis"]["sequenceNumber"]]
    assert len(contents(bucket)) == 1


@pytest.mark.parametrize("layout", ["record", "batch"])
def test_a_batch_without_records_is_done(
    handler: ModuleType, handle: Handle, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, layout: str
):
    monkeypatch.setattr(handler, "ONE_OBJECT_A_BATCH", layout == "batch")
    assert handle({"Records": []}) == {"batchItemFailures": []}
    assert contents(bucket) == {}


def test_no_payload_and_no_partition_key_is_logged(handle: Handle, log: Log):
    handle({"Records": [kinesis_record(1, b"do-not-log-me", partition_key="nor-me")]})
    (line,) = log()
    assert line["records"] == 1
    assert "do-not-log-me" not in str(line)
    assert "nor-me" not in str(line)


def test_a_missing_variable_says_so_at_start():
    done = subprocess.run(
        [sys.executable, "-c", "import handlers.archive.handler"],
        env={"AWS_DEFAULT_REGION": "us-east-1", "ARCHIVE_LAYOUT": "record"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "The environment variable S3_BUCKET_NAME is not set." in done.stderr
