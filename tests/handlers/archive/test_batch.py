"""Layout `batch`: however a shard is cut into batches, and however often, each record stands in one object."""

from __future__ import annotations

import base64
import gzip
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.archive.batch_objects import archive_line, store_batch
from handlers.shared.batch import process_batch
from handlers.shared.kinesis import KinesisRecord
from tests.handlers.events import SHARD, failed, kinesis_event, kinesis_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_s3.service_resource import Bucket

    Handle = Callable[[Any], Any]

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class FakeBucket:
    """A bucket as far as the layout needs one; its next calls may fail."""

    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    calls_until_failure: int | None = None
    puts: int = 0

    @property
    def objects(self) -> FakeBucket:
        return self

    def filter(self, *, Prefix: str, Marker: str) -> Iterator[Any]:  # noqa: N803 - boto3's names
        self._call()
        for key in sorted(key for key in self.contents if key.startswith(Prefix) and key > Marker):
            yield SimpleNamespace(key=key, get=lambda key=key: self._get(key))

    def _get(self, key: str) -> Any:
        self._call()
        return {"Body": io.BytesIO(self.contents[key])}

    def put_object(self, *, Key: str, Body: bytes, **_others: Any) -> None:  # noqa: N803
        self._call()
        assert Key not in self.contents, "an object was overwritten"
        self.contents[Key] = Body
        self.puts += 1

    def _call(self) -> None:
        if self.calls_until_failure == 0:
            raise EndpointConnectionError(endpoint_url="s3")
        if self.calls_until_failure is not None:
            self.calls_until_failure -= 1


def lines(contents: Iterable[bytes]) -> list[dict[str, str]]:
    return [json.loads(line) for content in contents for line in gzip.decompress(content).splitlines()]


def payload(line: dict[str, str]) -> bytes:
    return line["data"].encode() if "data" in line else base64.b64decode(line["data_base64"])


def shard_record(number: int, data: bytes, arrival: datetime = MIDNIGHT) -> KinesisRecord:
    sequence_number = f"49{number:054d}"
    return KinesisRecord(f"{SHARD}:{sequence_number}", sequence_number, "k", arrival, base64.b64encode(data).decode())


def put(bucket: FakeBucket, records: Sequence[KinesisRecord]) -> int:
    """Deliver a batch; return how many of its records the answer says are done."""
    answer = process_batch(records, archive_line, lambda ready: store_batch(bucket, ready))  # pyright: ignore[reportArgumentType]
    numbers = [record.sequence_number for record in records]
    return min((numbers.index(number) for number in failed(answer)), default=len(records))


@st.composite
def shards(draw: st.DrawFn) -> list[KinesisRecord]:
    """A shard over midnight, whose clock goes back a little now and then."""
    count = draw(st.integers(1, 12))
    offsets = [number - count // 2 + draw(st.integers(0, 2)) for number in range(count)]
    return [
        shard_record(number, draw(st.binary(max_size=4)), MIDNIGHT + timedelta(milliseconds=offset))
        for number, offset in enumerate(offsets)
    ]


@settings(max_examples=300, deadline=None)
@given(shard=shards(), data=st.data())
def test_all_that_a_mapping_can_do_leaves_each_record_in_one_object(shard: list[KinesisRecord], data: st.DataObject):
    """Retries, halves, partial answers, replays from anywhere after a crash: all are deliveries of some part."""
    bucket = FakeBucket()
    done: set[str] = set()
    for _delivery in range(data.draw(st.integers(1, 8), label="deliveries")):
        first = data.draw(st.integers(0, len(shard) - 1), label="from")
        batch = shard[first : data.draw(st.integers(first + 1, len(shard)), label="to")]
        bucket.calls_until_failure = data.draw(st.none() | st.integers(0, 4), label="calls until S3 fails")
        before = dict(bucket.contents)
        done |= {record.sequence_number for record in batch[: put(bucket, batch)]}
        numbers = [line["sequence_number"] for line in lines(bucket.contents.values())]
        assert len(set(numbers)) == len(numbers)
        assert done <= set(numbers)
        assert before.items() <= bucket.contents.items()

    bucket.calls_until_failure = None
    assert put(bucket, shard) == len(shard)
    puts = bucket.puts
    archived = {line["sequence_number"]: payload(line) for line in lines(bucket.contents.values())}
    assert archived == {record.sequence_number: record.data for record in shard}
    assert len(lines(bucket.contents.values())) == len(shard)
    assert put(bucket, shard) == len(shard)
    assert bucket.puts == puts


@given(st.lists(st.sets(st.integers(0, 9), min_size=1), max_size=8))
def test_events_made_by_hand_with_gaps_lose_nothing(events: list[set[int]]):
    bucket = FakeBucket()
    for numbers in events:
        assert put(bucket, [shard_record(number, b"x") for number in sorted(numbers)]) == len(numbers)
    archived = {int(line["sequence_number"][2:]) for line in lines(bucket.contents.values())}
    assert archived == set().union(*events)


def test_a_batch_longer_than_the_one_that_failed_adds_only_what_is_new():
    shard = [shard_record(number, b"x") for number in range(10)]
    bucket = FakeBucket()
    put(bucket, shard[0:5])
    put(bucket, shard[0:2])  # Lambda split it
    put(bucket, shard[2:8])
    assert sorted(len(lines([content])) for content in bucket.contents.values()) == [3, 5]


def test_the_same_lines_are_the_same_bytes(monkeypatch: pytest.MonkeyPatch):
    written = []
    for moment in (0, 1_000_000_000):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        bucket = FakeBucket()
        put(bucket, [shard_record(1, b"a"), shard_record(2, b"\xff")])
        written.append(bucket.contents)
    assert written[0] == written[1]


def test_a_day_border_inside_a_batch_makes_two_objects():
    bucket = FakeBucket()
    before, after = (MIDNIGHT + timedelta(milliseconds=offset) for offset in (-1, 0))
    put(bucket, [shard_record(1, b"a", before), shard_record(2, b"b", before), shard_record(3, b"c", after)])
    assert {key.partition("/")[0]: len(lines([content])) for key, content in bucket.contents.items()} == {
        "dt=2026-11-21": 2,
        "dt=2026-11-22": 1,
    }


def test_when_the_second_object_cannot_be_written_the_first_is_done():
    bucket = FakeBucket(calls_until_failure=3)  # two lists, one put
    shard = [shard_record(1, b"a", MIDNIGHT - timedelta(hours=1)), shard_record(2, b"b"), shard_record(3, b"c")]
    assert put(bucket, shard) == 1


def test_on_s3_one_object_and_its_lines(handle_batches: Handle, bucket: Bucket):
    event = kinesis_event("café\n\u2028".encode(), b"\xff\x00", b"")
    first, *_others, last = (record["kinesis"]["sequenceNumber"] for record in event["Records"])
    assert failed(handle_batches(event)) == []
    (found,) = bucket.objects.all()
    assert found.key == f"dt=2026-11-18/{SHARD}-to-{last}-from-{first}.ndjson.gz"
    head = found.Object()
    assert (head.content_type, head.metadata) == ("application/gzip", {"records": "3"})
    text, binary, empty = lines([found.get()["Body"].read()])
    assert text == {
        "shard": SHARD,
        "sequence_number": first,
        "partition_key": "1",
        "arrival": "2026-11-18T11:06:40.123+00:00",
        "data": "café\n\u2028",
    }
    assert binary["data_base64"] == base64.b64encode(b"\xff\x00").decode()
    assert empty["data"] == ""


def test_on_s3_what_is_there_is_found_and_not_written_again(handle_batches: Handle, bucket: Bucket):
    records = [kinesis_record(number, b"x") for number in range(9)]
    other = kinesis_record(5, b"of another shard")
    other["eventID"] = other["eventID"].replace("shardId-000000000000", "shardId-000000000001")
    for part in (records[4:6], [other], records[2:5], records[0:9], records[8:9]):
        assert failed(handle_batches({"Records": part})) == []
    found = lines(each.get()["Body"].read() for each in bucket.objects.all())
    assert len(found) == 10
    assert len({(line["shard"], line["sequence_number"]) for line in found}) == 10
