from __future__ import annotations

import base64
import datetime as dt
import io
import itertools
import json

import pytest

from lab import log_reading, stream_reading
from lab.errors import UsageError
from lab.findings import Failure, Foreign, plain, read_bucket, read_queue
from lab.log_reading import LogReader
from lab.stream_reading import LATEST, OLDEST, StreamReader
from lab.times import moment, shown

NOW = dt.datetime(2026, 5, 31, 18, 30, 0, 123456, dt.UTC)


class FakeStream:
    """A stream whose shards are lists of records; a shard with children is closed."""

    def __init__(self, shards: dict[str, list[str]], parents: dict[str, str] | None = None, page: int = 2):
        self.shards = shards
        self.parents = parents or {}
        self.page = page
        self.empty_answers = 0

    def list_shards(self, **request):
        names = sorted(self.shards)
        start = int(request.get("NextToken", 0))
        answer = {"Shards": [self._shard(name) for name in names[start : start + 2]]}
        return answer | ({"NextToken": str(start + 2)} if start + 2 < len(names) else {})

    def _shard(self, name):
        numbers = {"StartingSequenceNumber": "0"}
        if name in self.parents.values():
            numbers["EndingSequenceNumber"] = "9"
        parent = {"ParentShardId": self.parents[name]} if name in self.parents else {}
        return {"ShardId": name, "SequenceNumberRange": numbers, **parent}

    def get_shard_iterator(self, **request):
        assert request["StreamName"] == "Stream"
        shard = request["ShardId"]
        return {
            "ShardIterator": f"{shard}/{len(self.shards[shard]) if request['ShardIteratorType'] == 'LATEST' else 0}"
        }

    def get_records(self, **request):
        name, _slash, position = request["ShardIterator"].partition("/")
        start = int(position)
        if self.empty_answers:  # as AWS does: nothing, although there is more
            self.empty_answers -= 1
            return {"Records": [], "NextShardIterator": request["ShardIterator"], "MillisBehindLatest": 5}
        records = [
            {"SequenceNumber": str(start + n), "PartitionKey": "k", "ApproximateArrivalTimestamp": NOW, "Data": data}
            for n, data in enumerate(self.shards[name][start : start + self.page])
        ]
        end = start + len(records)
        answer = {"Records": records, "MillisBehindLatest": 0}
        if name in self.parents.values() and end == len(self.shards[name]):
            return answer
        return answer | {"NextShardIterator": f"{name}/{end}"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(stream_reading, "_IDLE_SECONDS", 0.0)
    monkeypatch.setattr(log_reading, "_PAUSE_SECONDS", 0.0)


def read(stream, start=OLDEST, shard=None, limit=None, *, follow=False):
    records = StreamReader(stream, "Stream", start, shard).read(follow=follow)
    return [(record.shard, record.data) for record in itertools.islice(records, limit)]


def test_every_shard_is_read_to_its_end():
    # text fault 58: shard 0 only, and an empty answer taken for the end
    stream = FakeStream({"s0": ["a", "b", "c"], "s1": [], "s2": ["d"]})
    assert sorted(read(stream)) == [("s0", "a"), ("s0", "b"), ("s0", "c"), ("s2", "d")]


def test_an_empty_answer_is_not_the_end():
    stream = FakeStream({"s0": ["a", "b"]})
    stream.empty_answers = 3
    assert read(stream) == [("s0", "a"), ("s0", "b")]


def test_parents_are_read_before_their_children():
    stream = FakeStream({"s0": ["a", "b", "c"], "s1": ["d"], "s2": ["e"]}, parents={"s1": "s0", "s2": "s0"})
    found = read(stream)
    assert found[:3] == [("s0", "a"), ("s0", "b"), ("s0", "c")]
    assert sorted(found[3:]) == [("s1", "d"), ("s2", "e")]


def test_one_shard_alone():
    stream = FakeStream({"s0": ["a"], "s1": ["b"]}, parents={"s1": "s0"})
    assert read(stream, shard="s1") == [("s1", "b")]


def test_latest_shows_what_arrives_and_the_whole_of_shards_that_are_born():
    stream = FakeStream({"s0": ["old"], "s1": ["older"]}, parents={"s1": "s9"})
    records = StreamReader(stream, "Stream", LATEST).read(follow=True)
    original = stream.get_records

    def get_records(**request):
        if stream.shards["s0"] == ["old"]:
            stream.shards["s0"].append("new")
            stream.shards["s2"] = ["born"]
            stream.parents["s2"] = "s0"
        return original(**request)

    stream.get_records = get_records
    assert [record.data for record in itertools.islice(records, 2)] == ["new", "born"]


class FakeLogs:
    """A log group that answers in pages of three events."""

    def __init__(self, events):
        self.events = events

    def filter_log_events(self, **request):
        assert request["logGroupName"] == "/aws/lambda/f"
        found = [
            {"eventId": name, "timestamp": when, "message": f"{name}\n", "logStreamName": "s"}
            for name, when in sorted(self.events, key=lambda event: event[1])
            if when >= request["startTime"]
        ]
        begin = int(request.get("nextToken", 0))
        token = {"nextToken": str(begin + 3)} if len(found) > begin + 3 else {}
        return {"events": found[begin : begin + 3], **token}


@pytest.mark.parametrize("milliseconds", [100_000, 1])
def test_all_lines_are_read_in_order_page_by_page(milliseconds):
    logs = FakeLogs([(f"e{n}", milliseconds * n) for n in range(10)])
    assert [line.message for line in LogReader(logs, "/aws/lambda/f", 0).read()] == [f"e{n}" for n in range(10)]


def test_following_neither_repeats_nor_misses_a_line_that_comes_late():
    logs = FakeLogs([("a", 1_000_000), ("b", 1_000_000)])
    lines = LogReader(logs, "/aws/lambda/f", 0).read(follow=True)
    assert [next(lines).message for _ in range(2)] == ["a", "b"]
    logs.events += [("late", 995_000), ("c", 1_000_500)]
    assert [next(lines).message for _ in range(2)] == ["late", "c"]
    logs.events += [("same time", 1_000_500)]
    assert next(lines).message == "same time"


class FakeQueue:
    """A queue that gives the same first ten visible messages to whoever asks."""

    def __init__(self, bodies):
        self.messages = {str(n): body for n, body in enumerate(bodies)}
        self.hidden = set()

    def receive_message(self, **request):
        visible = [name for name in self.messages if name not in self.hidden][: request["MaxNumberOfMessages"]]
        self.hidden |= set(visible) if request["VisibilityTimeout"] else set()
        return {"Messages": [{"MessageId": n, "ReceiptHandle": n, "Body": self.messages[n]} for n in visible]}

    def change_message_visibility_batch(self, **request):
        entries = request["Entries"]
        assert len(entries) <= 10
        assert not any(entry["VisibilityTimeout"] for entry in entries)
        self.hidden -= {entry["ReceiptHandle"] for entry in entries}


def message(number: int, *, function_error: str | None = None) -> str:
    return json.dumps(
        {
            "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
            "responseContext": {"statusCode": 200, "functionError": function_error},
            "timestamp": f"2026-05-31T18:30:{number:02d}.000Z",
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000000",
                "startSequenceNumber": str(number),
                "endSequenceNumber": str(number),
                "batchSize": 1,
            },
        }
    )


def test_every_failure_is_read_once_and_stays_in_the_queue():
    queue = FakeQueue([message(n) for n in range(23)])
    for _again in range(2):
        failures = read_queue(queue, "url")
        assert {failure.first_sequence_number for failure in failures} == set(map(str, range(23)))
        assert len(failures) == 23
        assert not queue.hidden
    assert read_queue(FakeQueue([]), "url") == []


NOT_LAMBDAS = [
    "",
    "hello",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"KinesisBatchInfo": 1}',
    '{"KinesisBatchInfo": {}}',
    "[" * 100_000,
    message(1).replace('"batchSize": 1', '"batchSize": Infinity'),
    message(1).replace('"batchSize": 1', '"batchSize": "many"'),
    message(1).replace('"shardId-000000000000"', '{"a": 1}'),
    message(1).replace('"timestamp": "', '"when": "'),
    message(1)[:-1] + ', "payload": "secret"}',
]


@pytest.mark.parametrize("body", NOT_LAMBDAS, ids=lambda body: body[:40])
def test_a_message_that_is_not_lambdas_is_told_as_what_it_is_and_the_others_are_read(body):
    first, strange, last = read_queue(FakeQueue([message(1), body, message(2)]), "url")
    assert isinstance(first, Failure)
    assert strange == Foreign("1", "1970-01-01T00:00:00.000Z")
    assert isinstance(last, Failure)


class FakeBucket:
    """A bucket."""

    def __init__(self, objects):
        self.objects = objects

    def get_paginator(self, _operation):
        return self

    def paginate(self, **_request):
        yield {"Contents": [{"Key": key, "LastModified": NOW} for key in self.objects]}
        yield {}

    def get_object(self, **request):
        return {"Body": io.BytesIO(self.objects[request["Key"]].encode())}


def test_a_bucket_is_given_the_records_too():
    kinesis = {"sequenceNumber": "1", "partitionKey": "k", "data": base64.b64encode(b"22.5\xff").decode()}
    whole = json.dumps({**json.loads(message(1)), "payload": json.dumps({"Records": [{"kinesis": kinesis}]})})
    found = read_bucket(FakeBucket({"aws/lambda/id/s/1": whole, "aws/lambda/id/s/2": "?", "photo.jpg": whole}), "b")
    failure, *foreign = found
    assert isinstance(failure, Failure)
    assert [(record.sequence_number, record.partition_key, record.data) for record in failure.contents] == [
        ("1", "k", "22.5\\xff")
    ]
    assert [each.id for each in foreign] == ["aws/lambda/id/s/2", "photo.jpg"]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ({"S": "x"}, "x"),
        ({"N": "22.5"}, 22.5),
        ({"N": "22"}, 22),
        ({"BOOL": True}, True),
        ({"NULL": True}, None),
        ({"M": {"a": {"L": [{"N": "1"}, {"S": "b"}]}}}, {"a": [1, "b"]}),
        ({"SS": ["b", "a"]}, ["a", "b"]),
    ],
)
def test_attributes_become_plain_values(attribute, value):
    assert plain(attribute) == value


def test_times_as_people_type_them():
    for text, seconds in (("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1w", 604800)):
        then = moment(text, option="--since")
        ago = (dt.datetime.now(dt.UTC) - then).total_seconds()
        assert seconds <= ago < seconds + 5
    assert moment("2026-05-31T18:30", option="--since") == dt.datetime(2026, 5, 31, 18, 30, tzinfo=dt.UTC)
    assert moment("2026-05-31T18:30-05:00", option="--since").hour == 18
    with pytest.raises(UsageError):
        moment("yesterday", option="--since")


def test_times_are_shown_in_utc_with_milliseconds():
    lima = dt.timezone(dt.timedelta(hours=-5))
    assert shown(NOW.astimezone(lima)) == "2026-05-31T18:30:00.123Z"
