"""Checks `lag`: makes the experiment itself with a fifth of the records, and compares what was seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lab.numbers import decimal

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

RECORDS, SENT_HERE = 500, 100
SECONDS_A_RECORD = 0.02
DRAIN_SECONDS = RECORDS * SECONDS_A_RECORD
LANES = 5
CONSUMERS: dict[str, dict[str, Any]] = {
    "small": {"BatchSize": 10},
    "large": {"BatchSize": 50},  # a fifth of the records would make one batch of 100, and no series
    "parallel": {"BatchSize": 10, "ParallelizationFactor": LANES},
}
CALLS = {"small": RECORDS // 10, "large": RECORDS // 100}
MORE_CALLS = {"small": 12, "large": 5}
"""The first batches may go before all have come, and are smaller."""
SHARDS_NEEDED = math.ceil(1_000_000 * SECONDS_A_RECORD / 600 / 10)
MILLISECONDS_FROM = 200


def check(attempt: Attempt) -> None:
    """Ask for all answers, then make the experiment, then compare."""
    predicted = {name: attempt.number(f"prediction.{name}_seconds") for name in CONSUMERS}
    calls = {name: attempt.number(f"observed.{name}_calls") for name in CALLS}
    seconds = {name: attempt.number(f"observed.{name}_seconds") for name in CONSUMERS}
    shards = attempt.number("observed.shards_needed")
    for name, seen in calls.items():
        _check_calls(attempt, name, seen)
    here = _drained(attempt, attempt.cloud())
    for name, seen in seconds.items():
        _check_seconds(attempt, name, seen)
    _check_parallel(attempt, seconds, here)
    _check_shards(attempt, shards)
    if predicted["large"] < 0.75 * DRAIN_SECONDS:
        attempt.note("large", predicted=predicted["large"], seen=seconds["large"])
    if not 0.5 < predicted["parallel"] / seconds["parallel"] < 2:  # noqa: PLR2004
        attempt.note("parallel", predicted=predicted["parallel"], seen=seconds["parallel"])


def _check_calls(attempt: Attempt, name: str, seen: float) -> None:
    attempt.require(seen != RECORDS, "records_not_calls", consumer=name)
    right = CALLS[name] <= seen <= CALLS[name] + MORE_CALLS[name]
    attempt.require(right, "calls_other", consumer=name, seen=seen, records=RECORDS)


def _check_seconds(attempt: Attempt, name: str, seen: float) -> None:
    attempt.require(seen < MILLISECONDS_FROM, "milliseconds", consumer=name, seen=seen)
    if name == "parallel":
        return
    attempt.require(not 0.15 < seen < 0.35, "duration", consumer=name, seen=seen)  # noqa: PLR2004
    attempt.require(not 0.4 * DRAIN_SECONDS < seen < 0.72 * DRAIN_SECONDS, "average", consumer=name, seen=seen)
    attempt.require(0.72 * DRAIN_SECONDS <= seen < 2 * DRAIN_SECONDS, "seconds_other", consumer=name, seen=seen)


def _check_parallel(attempt: Attempt, seconds: dict[str, float], here: dict[str, float]) -> None:
    ratio = seconds["small"] / max(seconds["parallel"], 0.1)
    values = {"seen": seconds["parallel"], "small": seconds["small"], "here": decimal(here["small"] / here["parallel"])}
    attempt.require(ratio > 1.4, "parallel_not_faster", **values)  # noqa: PLR2004
    attempt.require(ratio < 1.6 * LANES, "parallel_other", **values)


def _check_shards(attempt: Attempt, shards: float) -> None:
    attempt.require(shards not in (33, 34), "lanes_not_shards", seen=shards)
    attempt.require(not 3 <= shards < SHARDS_NEEDED, "rounded_down", seen=shards)  # noqa: PLR2004
    attempt.require(shards == SHARDS_NEEDED, "shards_other", seen=shards)


def _drained(attempt: Attempt, cloud: Workbench) -> dict[str, float]:
    """Return how long each consumer took, from its first call to the answer of its last, in seconds."""
    stream = cloud.stream()
    arn, files = cloud.stream_arn(stream), {"handler.py": attempt.read("handler.py")}
    functions = {name: cloud.function(files=files) for name in CONSUMERS}
    for name, settings in CONSUMERS.items():
        cloud.mapping(arn, functions[name], FunctionResponseTypes=["ReportBatchItemFailures"], **settings)
    cloud.put(stream, ["?"] * SENT_HERE, key=lambda number: f"device-{number}")

    def done() -> bool:
        return all(sum(e["count"] for e in _of(cloud, name, "outcome")) >= SENT_HERE for name in functions.values())

    cloud.eventually(done, seconds=20)
    return {name: _span(cloud, function) for name, function in functions.items()}


def _span(cloud: Workbench, function: str) -> float:
    begin, end = _of(cloud, function, "invoked"), _of(cloud, function, "outcome")
    return end[-1]["time"] - begin[0]["time"] if begin and end else 0.1


def _of(cloud: Workbench, function: str, what: str) -> list[dict[str, Any]]:
    return [event for event in cloud.trace(function) if event["event"] == what]
