"""Checks `partial_batch`: the first record that fails is named, what came before is kept, the rest is untouched."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook.delivering import Context
from lab.workbook.tables import MemoryTable

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

RECORDS = 10
BROKEN = "temperature;22.5"
RETRIES = 2
PATIENCE_SECONDS = 15.0


class ThrottledTable(MemoryTable):
    """A table that takes some items and then, as DynamoDB may, refuses one for a moment."""

    def __init__(self, taken: int) -> None:
        super().__init__("eventId")
        self._taken = taken

    def put_item(self, **arguments: Any) -> dict[str, Any]:
        """Store an item, or refuse it."""
        if len(self.calls) == self._taken:
            raise RuntimeError("ThrottlingException: rate of requests exceeds the allowed throughput")
        return super().put_item(**arguments)


def check(attempt: Attempt) -> None:
    """See what a batch with a broken record costs on a cloud; then call the handler with batches of each kind."""
    os.environ["DYNAMODB_TABLE_NAME"] = "EventLogs"
    handler = attempt.load("handler.py")
    cost = _cost(attempt)
    broken = random.randint(2, 4)
    _expect_named(attempt, handler, MemoryTable("eventId"), 6, broken, cost, broken=broken)
    _expect_named(attempt, handler, MemoryTable("eventId"), 3, 0, cost, broken=0)
    _expect_named(attempt, handler, ThrottledTable(2), 5, 2, cost)
    answer = _answer(attempt, handler, MemoryTable("eventId"), _records(4))
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    attempt.require(not failures, "all_is_well", **cost)
    attempt.require(cost["stored"] == cost["good"] and cost["told"] == 1 and cost["times"] == 1, "in_the_cloud", **cost)


def _cost(attempt: Attempt) -> dict[str, int]:
    """Send ten records, one of them broken, through a mapping with two retries, bisect and a queue; count."""
    cloud = attempt.cloud(time_scale=0.01)
    table, stream, (url, queue) = cloud.table("eventId"), cloud.stream(), cloud.queue()
    function = cloud.function(environment={"DYNAMODB_TABLE_NAME": table})
    payloads: list[Any] = [{"sensor": "temperature", "value": number} for number in range(RECORDS - 1)]
    payloads.insert(3, BROKEN)
    first, *_others, last = cloud.put(stream, payloads)
    cloud.mapping(
        cloud.stream_arn(stream),
        function,
        BatchSize=RECORDS,
        MaximumRetryAttempts=RETRIES,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    cloud.eventually(lambda: any(event.get("at") == last for event in cloud.trace()), seconds=PATIENCE_SECONDS)
    calls = [event for event in cloud.trace(function) if event["event"] == "invoked"]
    return {
        "calls": len(calls),
        "times": sum(call["first"] == first for call in calls),
        "records": RECORDS,
        "good": RECORDS - 1,
        "stored": len(cloud.items(table)),
        "told": len(cloud.messages(url)),
    }


def _expect_named(
    attempt: Attempt,
    handler: Any,
    table: MemoryTable,
    count: int,
    failing: int,
    cost: dict[str, int],
    *,
    broken: int | None = None,
) -> None:
    """Call the handler with a batch of which one record fails, and look at what it answers and leaves behind."""
    records = _records(count, broken)
    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    said = {"number": failing + 1, "count": count, **cost}
    try:
        answer = _answer(attempt, handler, table, records)
    except Exception as error:  # noqa: BLE001  (whatever the learner lets through)
        failure = "whole_batch" if broken is not None else "only_some_errors"
        attempt.fail(failure, error=f"{type(error).__name__}: {error}".rstrip("."), **said)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    attempt.require(failures, "swallowed", **said)
    shape = isinstance(failures, list) and all(isinstance(each, dict) and "itemIdentifier" in each for each in failures)
    attempt.require(shape, "wrong_shape", **said)
    named = [each["itemIdentifier"] for each in failures]
    if any(name in {record["eventID"] for record in records} for name in named):
        attempt.fail("event_id_named", **said)
    attempt.require(all(name in numbers for name in named), "unknown_identifier", named=named, **said)
    place = min(numbers.index(name) for name in named)
    attempt.require(place >= failing, "too_early", named=place + 1, **said)
    stored = [item["eventId"] for item in table.calls]
    ids = [record["eventID"] for record in records]
    attempt.require(not set(stored) & set(ids[failing + 1 :]), "went_on", **said)
    attempt.require(place == failing, "not_first", named=place + 1, **said)
    attempt.require(stored == ids[:failing], "not_stored", got=len(stored), expected=failing, **said)


def _answer(attempt: Attempt, handler: Any, table: MemoryTable, records: list[dict[str, Any]]) -> Any:
    handler.table = table
    return handler.lambda_handler({"Records": records}, Context())


def _records(count: int, broken: int | None = None) -> list[dict[str, Any]]:
    payloads = [json.dumps({"sensor": "temperature", "value": random.randint(10, 99)}) for _ in range(count)]
    if broken is not None:
        payloads[broken] = BROKEN
    return kinesis_event([payload.encode() for payload in payloads], key="1", region="us-east-1")["Records"]
