"""Checks `batch_window`: makes the experiment itself, five times as fast, and compares what was seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.numbers import decimal

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

SCALE = 0.2
WINDOW_SECONDS = 3
FEW, MANY = 8, 250
LEAST_CALLS_WITHOUT = 2  # of eight orders in two seconds: on AWS a shard is asked once a second
MOST_CALLS_WITH = 2  # where sending took longer than the window
TOLERANCE_SECONDS = 1.2
CONSUMER = "def lambda_handler(event, context):\n    return None\n"
NAMES = ("calls_without", "calls_with", "third_batch_seconds")


def check(attempt: Attempt) -> None:
    """Ask for all answers, then make the experiment."""
    predicted = {name: attempt.number(f"prediction.{name}") for name in NAMES}
    seen = {name: attempt.number(f"observed.{name}") for name in NAMES}
    without, with_window, pause = _experiment(attempt.cloud(time_scale=SCALE))
    calls = seen["calls_without"]
    attempt.require(calls != 1, "without_at_once")
    attempt.require(LEAST_CALLS_WITHOUT <= calls <= FEW, "without_other", seen=calls)
    calls = seen["calls_with"]
    attempt.require(calls <= MOST_CALLS_WITH, "no_window", seen=calls)
    attempt.require(calls >= 1, "with_other", seen=calls)
    waited = seen["third_batch_seconds"]
    attempt.require(waited > 1, "full_batch", seen=waited)
    attempt.require(waited < 60, "milliseconds", seen=waited)  # noqa: PLR2004  (nobody waits a minute for 3 s)
    attempt.require(abs(waited - WINDOW_SECONDS) < TOLERANCE_SECONDS, "third_other", seen=waited)
    if predicted["calls_without"] < LEAST_CALLS_WITHOUT:
        attempt.note("without", predicted=predicted["calls_without"], seen=without)
    if predicted["calls_with"] > MOST_CALLS_WITH:
        attempt.note("with", predicted=predicted["calls_with"], seen=with_window)
    if abs(predicted["third_batch_seconds"] - WINDOW_SECONDS) > TOLERANCE_SECONDS:
        attempt.note("third", predicted=predicted["third_batch_seconds"], seen=decimal(pause))


def _experiment(cloud: Workbench) -> tuple[int, int, float]:
    """Return the calls without and with a window, and the seconds from the second to the third batch of many."""
    arn = cloud.stream_arn(stream := cloud.stream())
    functions = [cloud.function("consumer.lambda_handler", files={"consumer.py": CONSUMER}) for _each in range(2)]
    for function, window in zip(functions, (0, WINDOW_SECONDS), strict=True):
        cloud.mapping(arn, function, BatchSize=100, MaximumBatchingWindowInSeconds=window)
    for number in range(FEW):
        cloud.put(stream, [{"order": number}])
        time.sleep(0.01)
    cloud.eventually(lambda: all(_records(cloud, function) == FEW for function in functions))
    without, with_window = (len(_batches(cloud, function)) for function in functions)
    cloud.put(stream, [{"order": number} for number in range(MANY)])
    cloud.eventually(lambda: _records(cloud, functions[1]) == FEW + MANY)
    times = [event["time"] for event in _batches(cloud, functions[1])[with_window:]]
    return without, with_window, (times[-1] - times[-2]) / SCALE


def _batches(cloud: Workbench, function: str) -> list[dict]:
    return [event for event in cloud.trace(function) if event["event"] == "batch_formed"]


def _records(cloud: Workbench, function: str) -> int:
    return sum(event["count"] for event in _batches(cloud, function))
