"""The other pure pieces: progress, collector, filters, partial answers, the failure message."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.cloud.event_source_mappings import batch, failure_message
from lab.cloud.event_source_mappings.batch import Condition, Discard, Record
from lab.cloud.event_source_mappings.collector import PAYLOAD_LIMIT_BYTES, Collected, Collector, payload
from lab.cloud.event_source_mappings.delivery import read_partial_answer
from lab.cloud.event_source_mappings.filters import matches, parse, parse_pattern
from lab.cloud.event_source_mappings.progress import Progress

# --- progress


@given(st.permutations(range(12)))
def test_the_checkpoint_never_passes_a_record_that_has_not_ended(order: list[int]):
    progress = Progress()
    for number in range(12):
        progress.read(f"{number:03d}")
    ended: set[int] = set()
    for number in order:
        progress.end([f"{number:03d}"])
        ended.add(number)
        first_open = next(n for n in range(13) if n not in ended)
        assert progress.checkpoint == (f"{first_open - 1:03d}" if first_open else None)
    assert len(progress) == 0


def test_progress_says_when_the_checkpoint_moved():
    progress = Progress("5")
    progress.read("6")
    progress.read("7")
    assert not progress.end(["7"])
    assert progress.checkpoint == "5"
    assert progress.end(["6"])
    assert progress.checkpoint == "7"


# --- collector


def collected(size: int, number: int = 0) -> Collected:
    return Collected(Record(str(number), 0.0), "x" * size)


def test_without_a_window_a_batch_is_due_at_once():
    collector = Collector(100, 0)
    assert collector.due(0.0) is None
    collector.add(collected(1), 0.0)
    assert collector.due(0.0) == 0.0


def test_a_window_ends_when_it_is_over_or_full_or_the_shard_is_closed():
    collector = Collector(2, 5)
    collector.add(collected(1), 10.0)
    assert collector.due(12.0) == 3.0
    assert collector.due(12.0, closed=True) == 0.0
    assert collector.due(15.0) == 0.0
    collector.add(collected(1), 12.0)
    assert collector.due(12.0) == 0.0


def test_the_next_window_begins_when_a_batch_was_taken():
    collector = Collector(1, 5)
    collector.add(collected(1), 0.0)
    collector.add(collected(1), 0.0)
    collector.take(4.0)
    assert len(collector) == 1


@given(st.lists(st.integers(1, PAYLOAD_LIMIT_BYTES // 2), min_size=1, max_size=12), st.integers(1, 5))
def test_no_event_passes_6_mb_and_none_is_lost(sizes: list[int], batch_size: int):
    collector = Collector(batch_size, 0)
    for number, size in enumerate(sizes):
        collector.add(collected(size, number), 0.0)
    taken: list[str] = []
    while len(collector):
        batch_of = collector.take(0.0)
        assert 1 <= len(batch_of) <= batch_size
        assert len(payload([each.text for each in batch_of])) <= PAYLOAD_LIMIT_BYTES
        taken += [each.record.sequence_number for each in batch_of]
    assert taken == [str(number) for number in range(len(sizes))]


def test_a_batch_is_due_when_one_more_record_would_pass_6_mb():
    collector = Collector(100, 60)
    collector.add(collected(4 * 1024 * 1024), 0.0)
    assert collector.due(0.0) == 60.0
    collector.add(collected(4 * 1024 * 1024), 0.0)
    assert collector.due(0.0) == 0.0


def test_what_an_event_holds_beside_its_records_counts_too():
    collector = Collector(100, 0)
    for number in range(2):
        collector.add(collected(3_000_000, number), 0.0)
    assert len(collector.take(0.0, beside_bytes=1_000_000)) == 1


def test_the_payload_is_an_event():
    assert json.loads(payload(['{"a":1}', '{"b":2}'])) == {"Records": [{"a": 1}, {"b": 2}]}


# --- filters (facts: operators equals, exists, prefix, suffix, anything-but, numeric, lists, null)


@pytest.mark.parametrize(
    ("pattern", "document", "expected"),
    [
        ({"a": ["x"]}, {"a": "x"}, True),
        ({"a": ["x"]}, {"a": "y"}, False),
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {}, False),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [None]}, {}, False),
        ({"a": [1]}, {"a": True}, False),
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"a": [{"exists": True}]}, {}, False),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"prefix": "ab"}]}, {"a": "abc"}, True),
        ({"a": [{"suffix": "bc"}]}, {"a": "abc"}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": ["x"]}]}, {}, False),
        ({"a": [{"numeric": [">", 1, "<=", 3]}]}, {"a": 3}, True),
        ({"a": [{"numeric": [">", 1, "<=", 3]}]}, {"a": 4}, False),
        ({"a": [{"numeric": ["=", 1]}]}, {"a": "1"}, False),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x"}}, True),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
        ({"a": ["x"]}, {"a": ["w", "x"]}, True),
        ({"a": ["x"]}, {"a": []}, False),
        ({"a": [""]}, {"a": ""}, True),
        ({"a": [""]}, {"a": None}, False),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": {"b": 1}}, False),
        ({"a": {"b": [{"exists": False}]}}, {"a": "x"}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
        ({"a": [{"exists": False}]}, {"a": []}, True),
        ({"a": {"b": ["x"], "c": ["y"]}}, {"a": [{"b": "x", "c": "z"}, {"b": "w", "c": "y"}]}, False),
        ({"a": {"b": ["x"], "c": ["y"]}}, {"a": [{"b": "w"}, {"b": "x", "c": "y"}]}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "y"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "y", "b": "x"}, False),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]}, {"b": "y"}, False),
        ({"a": [{"equals-ignore-case": "STOP"}]}, {"a": "stop"}, True),
        ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": "yx"}, True),
        ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": "xy"}, False),
    ],
)
def test_filter_patterns(pattern: dict, document: dict, expected: bool):
    assert matches(pattern, document) is expected


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", '"x"', "{", '{"a": "x"}', '{"a": 1}', '{"a": []}', '{"a": {}}', '{"a": [[1]]}',
        '{"a": [{"contains": "x"}]}', '{"a": [{"prefix": 1}]}', '{"a": [{"prefix": "x", "suffix": "y"}]}',
        '{"a": [{"exists": "yes"}]}', '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": {"numeric": [">", 1]}}]}',
        '{"a": [{"numeric": [">"]}]}', '{"a": [{"numeric": ["!=", 1]}]}', '{"a": [{"numeric": [">", "1"]}]}',
        '{"a": [{"numeric": [">", 5, "<", 1]}]}', '{"a": [{"numeric": ["<", 1, ">", 5]}]}', '{"$or": []}',
        '{"$or": [{"a": "x"}]}', '{"a": ' * 5000,
    ],
)  # fmt: skip
def test_what_is_no_pattern(text: str):
    assert parse_pattern(text) is None


@pytest.mark.parametrize(("written", "expected"), [("300", True), ("300.0", False), ("3e2", False), ('"300"', False)])
def test_numbers_compare_as_they_are_written(written: str, expected: bool):
    pattern = parse_pattern('{"n": [300]}')
    assert pattern is not None
    assert matches(pattern, parse(f'{{"n": {written}}}')) is expected


# --- partial answers (recorded on AWS)


@pytest.mark.parametrize(
    "answer", [b'""', b"[]", b"null", b"{}", b"", b'{"batchItemFailures": []}', b'{"batchItemFailures": null}']
)
def test_answers_that_are_success(answer: bytes):
    assert read_partial_answer(answer, ["1", "2"]) == batch.Succeeded()


@pytest.mark.parametrize("identifier", ['"9"', '""', "null"])
def test_an_identifier_that_is_not_in_the_batch_fails_all_of_it(identifier: str):
    answer = f'{{"batchItemFailures": [{{"itemIdentifier": {identifier}}}]}}'.encode()
    assert read_partial_answer(answer, ["1", "2"]) == batch.Failed(None)


def test_a_wrong_key_fails_all_of_the_batch():
    assert read_partial_answer(b'{"batchItemFailures": [{"id": "1"}]}', ["1"]) == batch.Failed(None)


def test_the_lowest_identifier_counts():
    answer = b'{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}'
    assert read_partial_answer(answer, ["1", "2", "3"]) == batch.PartlyFailed(1)


# --- the message


def test_the_message_about_kinesis_records():
    discard = Discard((Record("1", 0.5), Record("2", 1.0)), Condition.RETRY_ATTEMPTS_EXHAUSTED, 4, None)
    message = failure_message.build(
        discard,
        kind="kinesis",
        stream_arn="arn:s",
        shard_id="shardId-0",
        function_arn="arn:f",
        executed_version="$LATEST",
        now=2.0,
    )
    assert message["requestContext"].pop("requestId")
    assert message == {
        "requestContext": {
            "functionArn": "arn:f",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 4,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None},
        "version": "1.0",
        "timestamp": "1970-01-01T00:00:02.000Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-0",
            "startSequenceNumber": "1",
            "endSequenceNumber": "2",
            "approximateArrivalOfFirstRecord": "1970-01-01T00:00:00.500Z",
            "approximateArrivalOfLastRecord": "1970-01-01T00:00:01.000Z",
            "batchSize": 2,
            "streamArn": "arn:s",
        },
    }


def test_dynamodb_times_have_no_milliseconds_and_age_has_no_response():
    discard = Discard((Record("1", 0.0),), Condition.RECORD_AGE_EXCEEDED, 1, None)
    message = failure_message.build(
        discard,
        kind="dynamodb",
        stream_arn="arn:s",
        shard_id="s",
        function_arn="arn:f",
        executed_version="$LATEST",
        now=2.0,
    )
    assert "responseContext" not in message
    assert message["DDBStreamBatchInfo"]["approximateArrivalOfFirstRecord"] == "1970-01-01T00:00:00Z"
