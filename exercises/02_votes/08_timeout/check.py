"""Checks `timeout`: 100 votes of 50 ms each are processed once, within the function's limit.

The check's function runs three times as fast, and its limit is a third of the learner's: so the check takes 2 s, not 5.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

VOTES = 100
SECONDS_PER_VOTE = 0.05
SPEED = 3
_LONGEST_SECONDS = 20
_TIGHT = 0.75


def check(attempt: Attempt) -> None:
    """Deploy the program, send the votes, and see how often they are processed."""
    cloud = attempt.cloud(time_scale=0.01)
    outputs = cloud.up()["basic"]
    function, table = outputs["ConsumerFunctionName"], outputs["DynamoDBTableName"]
    limit_seconds = _speed_up(cloud, function)
    cloud.put(outputs["KinesisStreamName"], [json.dumps({"vote": "norris"})] * VOTES)
    mapping = cloud.clients.lambda_.get_event_source_mapping(UUID=outputs["EventSourceMappingId"])
    failed = _watch(cloud, function, endless=_is_endless(mapping))
    counted = sum(int(item.get("votes", 0)) for item in cloud.items(table))
    values = {"sent": VOTES, "counted": counted, "seconds": limit_seconds, "batch": failed[0]["count"] if failed else 0}
    if failed:
        given_up = sum(event["count"] for event in cloud.trace(function) if event["event"] == "discarded")
        attempt.require(not given_up, "given_up", given_up=given_up, **values)
        attempt.require(not _is_endless(mapping), "for_ever", **values)
        attempt.fail("halved", **values)
    attempt.require(counted == VOTES, "other_count", **values)
    longest = max(event["count"] for event in _outcomes(cloud, function)) * SECONDS_PER_VOTE
    if longest > _TIGHT * limit_seconds:
        attempt.note("tight", longest=longest, seconds=limit_seconds)


def _speed_up(cloud: Workbench, function: str) -> int:
    """Let a vote take a third of its time, and the function have a third of its limit; return the limit it had."""
    configuration = cloud.clients.lambda_.get_function_configuration(FunctionName=function)
    variables = configuration.get("Environment", {}).get("Variables", {})
    limit_seconds = configuration.get("Timeout", 3)
    cloud.clients.lambda_.update_function_configuration(
        FunctionName=function,
        Timeout=max(1, limit_seconds // SPEED),
        Environment={"Variables": variables | {"SECONDS_PER_RECORD": str(float(variables["SECONDS_PER_RECORD"]) / SPEED)}},
    )
    return limit_seconds


def _watch(cloud: Workbench, function: str, *, endless: bool) -> list[dict[str, Any]]:
    """Wait until all votes are done with, or, where nothing ends it, until a batch has failed; return the failures."""
    end = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < end:
        outcomes = _outcomes(cloud, function)
        failed = [event for event in outcomes if event["outcome"] != "succeeded"]
        done = sum(event["count"] for event in outcomes if event["outcome"] == "succeeded")
        done += sum(event["count"] for event in cloud.trace(function) if event["event"] == "discarded")
        if done >= VOTES or (failed and endless):
            return failed
        time.sleep(0.05)
    return failed


def _is_endless(mapping: Any) -> bool:
    return mapping.get("MaximumRetryAttempts", -1) == -1 and not mapping.get("BisectBatchOnFunctionError")


def _outcomes(cloud: Workbench, function: str) -> list[dict[str, Any]]:
    return [event for event in cloud.trace(function) if event["event"] == "outcome"]
