"""Checks `event_id`: a record gives one item however often it is delivered, and two records give two."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook.delivering import Context
from lab.workbook.tables import MemoryTable

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

Record = dict[str, Any]


def check(attempt: Attempt) -> None:
    """Deliver records once, again, again in another batch; then alike ones, then those of two shards."""
    handler = attempt.load("handler.py")
    lowest = random.randint(100, 999)
    payloads = [{"sensor": "temperature", "value": lowest + number} for number in range(4)]
    records = _records(payloads)
    table = _delivered(attempt, handler, [records[:3]])
    attempt.require(len(table.items) == 3, "not_unique", sent=3, got=len(table.items))
    table = _delivered(attempt, handler, [records[:3], records[:3]])
    attempt.require(len(table.items) <= 3, "twice", sent=3, got=len(table.items))
    # A batch that failed comes back with the records that have arrived in the meantime, and without those done.
    table = _delivered(attempt, handler, [records[:3], records[1:]])
    attempt.require(len(table.items) <= 4, "batch", sent=4, got=len(table.items))
    attempt.require(len(table.items) == 4, "place", sent=4, got=len(table.items))
    alike = _records([{"sensor": "door", "open": True}] * 2)
    table = _delivered(attempt, handler, [alike])
    attempt.require(len(table.items) == 2, "same_payload")
    other_shard = copy.deepcopy(records[0])
    other_shard["eventID"] = other_shard["eventID"].replace("shardId-000000000000", "shardId-000000000001")
    table = _delivered(attempt, handler, [[records[0]], [other_shard]])
    attempt.require(len(table.items) == 2, "sequence_alone", sequence_number=records[0]["kinesis"]["sequenceNumber"])
    stored = [item.get("data") for item in _delivered(attempt, handler, [records]).calls]
    attempt.expect(stored, payloads, "other_data")


def _records(payloads: list[Any]) -> list[Record]:
    """Return records of one shard that came within the same millisecond."""
    return kinesis_event([json.dumps(each).encode() for each in payloads], key="1", region="us-east-1")["Records"]


def _delivered(attempt: Attempt, handler: Any, batches: list[list[Record]]) -> MemoryTable:
    """Return the table after these batches, each delivered to the handler, in turn."""
    table = handler.table = MemoryTable("eventId")
    for batch in batches:
        handler.lambda_handler({"Records": copy.deepcopy(batch)}, Context())
    return table
