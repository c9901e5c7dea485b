"""Checks `incident`: every vote counts once, nothing waits for ever, and of what failed somebody is told."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

NEEDED = ("KinesisStreamName", "DynamoDBTableName", "ConsumerFunctionName", "EventSourceMappingId", "FailureQueueUrl")
OPTIONS = ("norris", "piastri", "leclerc", "sainz")
VOTES, AGAIN, OLD = 45, 5, 4
LEAST_BATCH = 5
MOST_RETRIES = 10
PATIENCE_SECONDS = 20
ENOUGH_FAILURES = 2


def check(attempt: Attempt) -> None:
    """Deploy; good votes; then the repeated ones, those of the old app, and what is no vote."""
    attempt.read("program.py")
    attempt.read("handler.py")
    cloud = attempt.cloud(time_scale=0.01)
    outputs: Any = cloud.up().get("votes") or {}
    missing = [name for name in NEEDED if not outputs.get(name)]
    attempt.require(not missing, "not_exported", output=", ".join(missing))
    mapping: Any = cloud.clients.lambda_.get_event_source_mapping(UUID=outputs["EventSourceMappingId"])
    _race(attempt, cloud, outputs)
    _evening(attempt, cloud, outputs, mapping)
    attempt.require(mapping["MaximumRetryAttempts"] != 0, "no_retry")
    attempt.require(mapping["BatchSize"] >= LEAST_BATCH, "small_batches", size=mapping["BatchSize"])


def _race(attempt: Attempt, cloud: Workbench, outputs: Any) -> None:
    """Good votes, each another one; more than the starter's function can do within its timeout."""
    before = _total(cloud, outputs)
    votes = [_vote(number) for number in range(VOTES)]
    last = cloud.put(outputs["KinesisStreamName"], votes, key=lambda number: f"voter-{number}")[-1]
    done = _settled(cloud, last, failures=ENOUGH_FAILURES)
    total = _total(cloud, outputs) - before
    calls = _failures(cloud)
    timeout = cloud.clients.lambda_.get_function_configuration(FunctionName=outputs["ConsumerFunctionName"]).get(
        "Timeout", 3
    )
    longest = max([call.get("duration_ms") or 0 for call in calls], default=0)
    values = {"calls": len(calls), "total": total, "sent": VOTES, "timeout": timeout}
    # Also where splitting makes batches small enough in the end: each of them was begun in vain.
    attempt.require(longest < 900 * timeout, "times_out", **values)
    attempt.require(done, "fails_always", **values)
    attempt.require(total >= VOTES, "lost", total=total, sent=VOTES)
    attempt.require(total == VOTES, "counted_more", total=total, sent=VOTES)


def _evening(attempt: Attempt, cloud: Workbench, outputs: Any, mapping: Any) -> None:
    """Votes that come again, of the old app, and two records that are none, among others."""
    before, votes = _total(cloud, outputs), [_vote(number) for number in range(AGAIN)]
    old = [{"driver": OPTIONS[number % 2], "id": str(uuid.uuid4())} for number in range(OLD)]
    records: list[Any] = [*votes, *votes, *old, "vote=nobody", _vote(1), {"vote": "nobody", "id": "n"}, _vote(2)]
    good = AGAIN + OLD + 2
    last = cloud.put(outputs["KinesisStreamName"], records, key="voters")[-1]
    ends = 0 <= mapping["MaximumRetryAttempts"] <= MOST_RETRIES
    failed = len(_failures(cloud))
    done = _settled(cloud, last, failures=failed + (10_000 if ends else 8))
    total = _total(cloud, outputs) - before
    items = {item["option_id"] for item in cloud.items(outputs["DynamoDBTableName"])}
    attempt.require(done, "stuck", tries=len(_failures(cloud)) - failed, total=total, good=good)
    attempt.require("nobody" not in items, "stranger_counted")
    _diagnose(attempt, total, good)
    queue = outputs["FailureQueueUrl"]
    told = cloud.eventually(lambda: _records_told(cloud, queue) >= 2, seconds=1)  # noqa: PLR2004
    attempt.require(told, "nobody_told")
    lost = _records_told(cloud, queue) - 2
    attempt.require(total >= good, "neighbours_lost", total=total, good=good, lost=max(lost, 0))
    attempt.require(lost == 0, "too_much_told", lost=lost)


def _diagnose(attempt: Attempt, total: int, good: int) -> None:
    attempt.require(total not in (good + AGAIN, good + AGAIN - OLD), "repeated", again=AGAIN, total=total, good=good)
    attempt.require(total != good - OLD, "old_app", old=OLD, total=total, good=good)
    attempt.require(total <= good, "repeated", again=AGAIN, total=total, good=good)


def _vote(number: int) -> dict[str, str]:
    return {"vote": OPTIONS[number % len(OPTIONS)], "id": str(uuid.uuid4())}


def _settled(cloud: Workbench, last: str, *, failures: int) -> bool:
    """Wait until a record has ended, or so many calls have failed; say whether it has ended."""

    def ended() -> bool:
        return any(event.get("at") == last for event in cloud.trace())

    cloud.eventually(lambda: ended() or len(_failures(cloud)) >= failures, seconds=PATIENCE_SECONDS)
    return ended()


def _failures(cloud: Workbench) -> list[dict[str, Any]]:
    return [each for each in cloud.trace() if each["event"] == "outcome" and each["outcome"] != "succeeded"]


def _total(cloud: Workbench, outputs: Any) -> int:
    return sum(int(item.get("votes", 0)) for item in cloud.items(outputs["DynamoDBTableName"]))


def _records_told(cloud: Workbench, queue_url: str) -> int:
    """Return of how many records the queue's messages tell; one that a handler sent by itself tells of one."""
    found = cloud.clients.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    sizes = (re.search(r'"batchSize": *(\d+)', message.get("Body", "")) for message in found.get("Messages", []))
    return sum(int(size[1]) if size else 1 for size in sizes)
