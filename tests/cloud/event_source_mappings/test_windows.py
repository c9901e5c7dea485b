"""Tumbling windows, pure."""

from __future__ import annotations

import json

import pytest

from lab.cloud.event_source_mappings.windows import STATE_LIMIT_BYTES, Window, seconds_left, window_of, with_window


def test_a_record_belongs_to_the_window_of_its_arrival():
    window = window_of(125.7, 60)
    assert (window.start, window.end) == (120.0, 180.0)
    assert window.holds(179.9)
    assert not window.holds(180.0)


def test_a_window_is_open_no_longer_than_it_is_long_whoever_sets_the_clock_back():
    window = window_of(125.7, 60)
    assert seconds_left(window, now=130.0, opened=7.0, monotonic=8.0) == 50.0
    assert seconds_left(window, now=180.0, opened=7.0, monotonic=61.3) == 0.0
    assert seconds_left(window, now=180.0 - 3600, opened=7.0, monotonic=66.0) == 1.0
    assert seconds_left(window, now=180.0 - 3600, opened=7.0, monotonic=67.0) == 0.0


def test_the_answered_state_is_taken_over():
    window = window_of(0, 60).accept(b'{"state": {"n": 1}}')
    assert window is not None
    assert window.state == {"n": 1}


@pytest.mark.parametrize(
    "answer", [b"", b"null", b"{}", b"[]", b'"x"', b'{"state": null}', b'{"state": 1}', b"not json"]
)
def test_an_answer_without_state_is_none(answer: bytes):
    assert window_of(0, 60).accept(answer) is None


def test_a_state_over_1_mb_ends_the_window_early_with_the_state_before():
    window = Window(0, 60, {"n": 1}).accept(json.dumps({"state": {"x": "y" * STATE_LIMIT_BYTES}}).encode())
    assert window is not None
    assert window.ended_early
    assert window.state == {"n": 1}


def test_the_event_carries_the_window():
    event = with_window('{"Records":[]}', Window(0, 60, {"n": 1}), shard_id="s", stream_arn="a", final=True)
    assert json.loads(event) == {
        "Records": [],
        "window": {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:01:00Z"},
        "state": {"n": 1},
        "shardId": "s",
        "eventSourceARN": "a",
        "isFinalInvokeForWindow": True,
        "isWindowTerminatedEarly": False,
    }
