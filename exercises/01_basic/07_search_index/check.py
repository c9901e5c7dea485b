"""Checks `search_index`: an index by sensor and time, items that are in it, a query that reads what it returns."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

INDEX = "sensor-timestamp-index"
KEYS = [("sensor", "HASH"), ("timestamp", "RANGE")]
LIMIT = 5
PATIENCE_SECONDS = 10.0


def check(attempt: Attempt) -> None:
    """Deploy the program, look at its index; send events through it; fill the table and search it."""
    attempt.read("program.py")
    cloud = attempt.cloud(time_scale=0.01)
    outputs = cloud.up().get("basic") or {}
    for name in ("KinesisStreamName", "DynamoDBTableName", "FailureQueueUrl"):
        attempt.require(outputs.get(name), "not_exported", output=name)
    table = outputs["DynamoDBTableName"]
    _expect_index(attempt, cloud, table)
    _expect_indexed(attempt, cloud, outputs)
    _expect_found(attempt, cloud, table)


def _expect_index(attempt: Attempt, cloud: Workbench, table: str) -> None:
    found: Any = cloud.clients.dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    attempt.require(found, "no_index", index=INDEX)
    indexes = {index["IndexName"]: index for index in found}
    attempt.require(INDEX in indexes, "other_name", got=", ".join(indexes), index=INDEX)
    keys = [(part["AttributeName"], part["KeyType"]) for part in indexes[INDEX]["KeySchema"]]
    attempt.require(sorted(keys) == sorted(KEYS), "other_keys", got=", ".join(f"{key} ({kind})" for key, kind in keys))
    projection = indexes[INDEX]["Projection"]
    whole = projection["ProjectionType"] == "ALL" or "data" in projection.get("NonKeyAttributes", [])
    attempt.require(whole, "keys_only", got=projection["ProjectionType"])


def _expect_indexed(attempt: Attempt, cloud: Workbench, outputs: Any) -> None:
    """Send events with and without what may be a key, through the learner's handler."""
    attempt.read("handler.py")
    table = outputs["DynamoDBTableName"]
    named = [{"sensor": "temperature", "value": 22.5}, {"sensor": "pressure", "value": 1013}]
    nameless: list[Any] = [{"value": 1}, {"sensor": 7}, {"sensor": ""}, {"sensor": None}]
    *_numbers, last = cloud.put(outputs["KinesisStreamName"], [*named, *nameless])
    cloud.eventually(lambda: any(event.get("at") == last for event in cloud.trace()), seconds=PATIENCE_SECONDS)
    items = cloud.items(table)
    stored = [item.get("data") for item in items]
    attempt.require(all(payload in stored for payload in _exact(named)), "not_stored", got=len(items))
    lost = [payload for payload in _exact(nameless) if payload not in stored]
    attempt.require(not lost, "nameless_lost", lost=lost[0] if lost else "")
    indexed = {item.get("sensor") for item in items if isinstance(item.get("sensor"), str)}
    attempt.require({"temperature", "pressure"} <= indexed, "not_in_index", got=sorted(items[0]))
    attempt.require(len(indexed) == len(named), "made_up_name", got=sorted(indexed - {"temperature", "pressure"}))


def _exact(payloads: list[Any]) -> list[Any]:
    """Return payloads as the table gives them back."""
    return [
        {name: Decimal(str(value)) if isinstance(value, int | float) else value for name, value in payload.items()}
        for payload in payloads
    ]


def _expect_found(attempt: Attempt, cloud: Workbench, name: str) -> None:
    """Fill the table with events of many times and search it, counting what DynamoDB reads."""
    import boto3
    from botocore.exceptions import ClientError

    sensor = f"d'eau {random.randint(100, 999)}"
    table: Any = boto3.resource("dynamodb").Table(name)
    times = random.sample(range(10_000), 40)
    with table.batch_writer() as writer:
        for number, second in enumerate(times):
            of = sensor if number % 2 else "wind"
            item = {"eventId": f"test:{number}", "timestamp": _time(second), "sensor": of}
            writer.put_item(Item={**item, "data": {"sensor": of, "value": number}})
    ours = sorted(((_time(second), number) for number, second in enumerate(times) if number % 2), reverse=True)
    expected = [{"timestamp": time, "data": {"sensor": sensor, "value": number}} for time, number in ours]
    read: list[tuple[str, int]] = []

    def count(parsed: Any, model: Any, **_others: Any) -> None:
        read.append((model.name, parsed.get("ScannedCount", 0)))

    table.meta.client.meta.events.register("after-call.dynamodb.*", count)
    query = attempt.load("query.py")
    try:
        found = list(query.newest_events(table, sensor, LIMIT))
    except ClientError as error:
        failure = "reserved_word" if "reserved keyword" in str(error) else "not_understood"
        attempt.fail(failure, error=error.response["Error"].get("Message", ""))
    amount = sum(items for _operation, items in read)
    attempt.require(all(operation != "Scan" for operation, _items in read), "scan", read=amount, limit=LIMIT)
    attempt.require(all(set(event) == {"timestamp", "data"} for event in found), "other_attributes", got=found[:1])
    if found != expected[:LIMIT]:
        attempt.require(found != expected[::-1][:LIMIT], "oldest", limit=LIMIT)
        attempt.require(found != expected[:LIMIT][::-1], "upside_down", limit=LIMIT)
        attempt.fail("other_events", got=found[:2], expected=expected[:2], limit=LIMIT)
    attempt.require(amount <= LIMIT, "reads_too_much", read=amount, limit=LIMIT)
    attempt.expect(list(query.newest_events(table, sensor, 100)), expected, "other_events", limit=100)
    attempt.expect(list(query.newest_events(table, "nobody", LIMIT)), [], "other_events", limit=LIMIT)


def _time(second: int) -> str:
    return f"2026-11-22T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000+00:00"
