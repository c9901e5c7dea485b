"""Checks `first_event`: does the same on a cloud of its own, and compares what somebody wrote down with what it saw."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

EVENT = '{"sensor": "temperature", "value": 22.5}'
STACK = ("--stack", "exercises")
PATIENCE_SECONDS = 15.0


def check(attempt: Attempt) -> None:
    """Deploy the lesson, send the event twice; what has no place or time in it must be the same for everybody."""
    predicted = attempt.choice("prediction.items", ("1", "2"))
    shard, number, event_id = (
        str(attempt.answer(f"observed.{name}")) for name in ("shard", "sequence_number", "event_id")
    )
    items, deleted = attempt.number("observed.items"), attempt.number("observed.deleted")
    _expect_shapes(attempt, shard, number, event_id)
    seen = _sequence(attempt)
    attempt.require(shard == seen["shard"], "other_shard", got=shard)
    digits = len(seen["sequence_number"])
    attempt.require(len(number) == digits, "cut_off", digits=len(number), expected=digits)
    if items != seen["items"]:
        attempt.require(items != 1, "one_item")
        attempt.fail("other_items", got=items)
    attempt.require(deleted == seen["resources"], "other_deleted", got=deleted)
    if int(predicted) != seen["items"]:
        attempt.note("predicted_one", items=seen["items"])


def _sequence(attempt: Attempt) -> dict[str, Any]:
    """Do what the README asks for; return what is seen on the way."""
    cloud = attempt.cloud(time_scale=0.01)
    deployed = json.loads(cloud.lab("up", "basic", *STACK, "--json"))
    for _time in range(2):
        cloud.lab("send", "basic", "--data", EVENT, *STACK)
    table = deployed["outputs"]["basic"]["DynamoDBTableName"]
    cloud.eventually(lambda: len(cloud.items(table)) > 1, seconds=PATIENCE_SECONDS)
    first = json.loads(cloud.lab("stream", "read", "basic", *STACK, "--json").splitlines()[0])
    return {
        "shard": first["shard"],
        "sequence_number": first["sequence_number"],
        "items": len(cloud.items(table)),
        "resources": deployed["counts"]["create"],
    }


def _expect_shapes(attempt: Attempt, shard: str, number: str, event_id: str) -> None:
    """Recognise what was copied from another place; this needs no cloud."""
    attempt.require(":" not in shard, "shard_with_number", got=shard)
    attempt.require(not shard.removeprefix("shard").strip().isdigit(), "shard_shortened", got=shard)
    for answer, got in (("sequence_number", number), ("event_id", event_id)):
        attempt.require("…" not in got and "..." not in got, "shortened", answer=answer, got=got)
    attempt.require(":" not in number, "number_with_shard", got=number)
    attempt.require(number.isdigit(), "no_number", got=number)
    attempt.require(not event_id.isdigit(), "id_without_shard", got=event_id)
    attempt.require(re.fullmatch(r"shardId-\d{12}:\d+", event_id), "no_event_id", got=event_id)
    attempt.require(event_id.partition(":")[2] == number, "two_events", got=event_id, number=number)
