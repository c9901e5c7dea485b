"""Checks `replay_from`: deploys, sends, deploys again with a time; sees what was read again and what became of it."""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.workbook import failures
from lab.workbook.attempt import Failed

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

BEFORE, AFTER = 5, 3
FAILURES = 3  # so many failed batches are no cold start that took too long
VARIABLE = "REPLAY_FROM"


def check(attempt: Attempt) -> None:
    """Send before and after a moment, replay from the moment."""
    os.environ.pop(VARIABLE, None)
    cloud = attempt.cloud(time_scale=0.01)
    outputs = cloud.up()["orders"]
    stream, table = outputs["KinesisStreamName"], outputs["DynamoDBTableName"]
    cloud.put(stream, _orders(BEFORE))
    time.sleep(0.05)
    moment = dt.datetime.now(dt.UTC)
    time.sleep(0.05)
    cloud.put(stream, _orders(AFTER))
    sent = BEFORE + AFTER
    cloud.eventually(lambda: _processed(cloud, outputs) >= sent or len(_errors(cloud, outputs)) >= FAILURES, seconds=20)
    if _processed(cloud, outputs) < sent and (errors := _errors(cloud, outputs)):
        attempt.fail("handler_failed", error=errors[-1])
    items = cloud.items(table)
    attempt.expect(_processed(cloud, outputs), sent, "first_time")
    attempt.require(len(items) == sent, "first_time", got=len(items), expected=sent)
    os.environ[VARIABLE] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    again = _up_again(attempt, cloud)
    attempt.require(again["EventSourceMappingId"] != outputs["EventSourceMappingId"], "not_replayed")
    cloud.eventually(lambda: _processed(cloud, again) >= AFTER)
    replayed = _processed(cloud, again)
    attempt.require(replayed != sent, "replayed_all", replayed=replayed, expected=AFTER)
    attempt.expect(replayed, AFTER, "replayed_other")
    _unchanged(attempt, items, cloud.items(table))


def _up_again(attempt: Attempt, cloud: Workbench) -> Any:
    try:
        return cloud.up()["orders"]
    except Failed as failed:
        if failed.verdict.failure == failures.not_deployed("", "").failure:
            attempt.fail("second_up", reason=failed.verdict.what)
        raise


def _unchanged(attempt: Attempt, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    attempt.require(len(after) == len(before), "stored_twice", before=len(before), after=len(after))
    totals = [sorted((item["order_id"], item["total"]) for item in items) for items in (before, after)]
    attempt.require(totals[0] == totals[1], "other_totals")


def _processed(cloud: Workbench, outputs: Any) -> int:
    """Return how many records the mapping has had processed."""
    mapping = outputs["EventSourceMappingId"]
    ended = (event for event in cloud.trace() if event["event"] == "outcome" and event.get("mapping") == mapping)
    return sum(event["count"] for event in ended if event["outcome"] == "succeeded")


def _errors(cloud: Workbench, outputs: Any) -> list[str]:
    """Return what the mapping's failed batches failed with."""
    mapping = outputs["EventSourceMappingId"]
    ended = (event for event in cloud.trace() if event["event"] == "outcome" and event.get("mapping") == mapping)
    return [event.get("error_type") or "batchItemFailures" for event in ended if event["outcome"] != "succeeded"]


def _orders(count: int) -> list[dict[str, Any]]:
    return [
        {"order_id": str(uuid.uuid4()), "customer_id": f"customer-{number}", "quantity": number + 1, "unit_price": 4.5}
        for number in range(count)
    ]
