"""Checks `poison`: good records are stored, the bad one is told of, and a disturbance loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

GOOD_RECORDS = 20
BEFORE_IT = 5
MOST_RETRIES = 10
DISTURBED_CALLS = 2
LEAST_BATCH = 10
HOUR_SECONDS = 3600
ENOUGH_TRIES = 8
"""After so many it is plain that there is no end to them."""
PATIENCE_SECONDS = 20.0
"""Longer than it takes anywhere: at the check's time scale, ten retries take one second."""


def check(attempt: Attempt) -> None:
    """Deploy the program; send a broken record among good ones; then let the function fail for a moment."""
    attempt.read("program.py")
    cloud = attempt.cloud(time_scale=0.01)
    outputs = cloud.up().get("basic") or {}
    for name in ("KinesisStreamName", "DynamoDBTableName", "EventSourceMappingId", "FailureQueueUrl"):
        attempt.require(outputs.get(name), "not_exported", output=name)
    mapping: Any = cloud.clients.lambda_.get_event_source_mapping(UUID=outputs["EventSourceMappingId"])
    age = mapping["MaximumRecordAgeInSeconds"]
    # Before anything is sent: at the check's time scale such a record would be too old before it is read.
    attempt.require(age == -1 or age >= HOUR_SECONDS, "age_too_short", age=age)
    _broken_among_good(attempt, cloud, outputs, mapping)
    _disturbed(attempt, cloud, outputs, mapping)
    attempt.require(mapping["MaximumRetryAttempts"] <= MOST_RETRIES, "too_many_retries", **_limits(mapping))
    attempt.require(age != -1, "no_age_limit")
    attempt.require(age <= 12 * HOUR_SECONDS, "age_too_long", age=age)
    attempt.require(mapping["BatchSize"] >= LEAST_BATCH, "small_batches", size=mapping["BatchSize"])


def _broken_among_good(attempt: Attempt, cloud: Workbench, outputs: Any, mapping: Any) -> None:
    table = outputs["DynamoDBTableName"]
    records: list[Any] = [{"sensor": "temperature", "value": number} for number in range(GOOD_RECORDS)]
    records.insert(BEFORE_IT, "temperature;22.5")
    last = cloud.put(outputs["KinesisStreamName"], records)[-1]
    ends = 0 <= mapping["MaximumRetryAttempts"] <= MOST_RETRIES

    def decided() -> bool:
        events = cloud.trace()
        failed = sum(event.get("outcome", "succeeded") != "succeeded" for event in events)
        return any(event.get("at") == last for event in events) or (failed >= ENOUGH_TRIES and not ends)

    cloud.eventually(decided, seconds=PATIENCE_SECONDS)
    stored = len(cloud.items(table))
    found: dict[str, Any] = {"stored": stored, "good": GOOD_RECORDS, **_limits(mapping)}
    together = [event["count"] - 1 for event in _discarded(cloud) if event["count"] > 1]
    attempt.require(not together, "neighbours_lost", **found, neighbours=sum(together))
    if stored < GOOD_RECORDS:
        found["tries"] = sum(event["event"] == "invoked" for event in cloud.trace())
        attempt.require(mapping.get("FunctionResponseTypes"), "nobody_listens", **found)
        attempt.require(mapping["MaximumRetryAttempts"] <= MOST_RETRIES, "too_many_retries", **found)
        attempt.require(mapping["MaximumRecordAgeInSeconds"] == -1, "only_age", **found)
        attempt.fail("shard_stopped", **found)
    told = cloud.eventually(lambda: cloud.messages(outputs["FailureQueueUrl"]), seconds=1)
    attempt.require(told, "nobody_told", **found)


def _disturbed(attempt: Attempt, cloud: Workbench, outputs: Any, mapping: Any) -> None:
    """Let the function fail twice with a record that is good."""
    cloud.lab("fault", "fail", "basic", "--record", "1", "--count", str(DISTURBED_CALLS), "--stack", "exercises")
    (number,) = cloud.put(outputs["KinesisStreamName"], [{"sensor": "temperature", "value": GOOD_RECORDS}])

    def ended() -> list[str]:
        return [
            event["event"]
            for event in cloud.trace()
            if event.get("last") == number and (event["event"] == "discarded" or event.get("outcome") == "succeeded")
        ]

    what = cloud.eventually(ended, seconds=PATIENCE_SECONDS)
    attempt.require("discarded" not in what, "too_few_retries", calls=DISTURBED_CALLS, **_limits(mapping))


def _discarded(cloud: Workbench) -> list[dict[str, Any]]:
    return [event for event in cloud.trace() if event["event"] == "discarded"]


def _limits(mapping: Any) -> dict[str, int]:
    return {"retries": mapping["MaximumRetryAttempts"], "age": mapping["MaximumRecordAgeInSeconds"]}
