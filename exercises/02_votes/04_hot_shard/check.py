"""Checks `hot_shard`: what the text's key did was seen, and the new key fills all shards, whatever is voted for."""

from __future__ import annotations

import json
import os
import random
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lab.sample_events import api_event
from lab.workbook.delivering import Context

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

OPTIONS = ("hamilton", "leclerc", "norris", "piastri", "verstappen")
TEXT_KEY = "partition_key_1"
SHARDS = 8
VOTES = 120
ADDRESSES = 20


def check(attempt: Attempt) -> None:
    """Compare what was observed with what happens here; then vote, and see which shards have something."""
    predicted = attempt.number("prediction.shards_used")
    used, shard = attempt.number("observed.shards_used"), attempt.answer("observed.shard")
    cloud = attempt.cloud()
    _observed(attempt, cloud, used, str(shard))
    _spreads(attempt, cloud)
    if predicted != 1:
        attempt.note("predicted", predicted=predicted)


def _observed(attempt: Attempt, cloud: Workbench, used: float, shard: str) -> None:
    stream = cloud.stream(shards=2)
    cloud.put(stream, [{"vote": option} for option in OPTIONS], key=TEXT_KEY)
    seen = _records(cloud, stream)
    attempt.require(used == len(seen), "shards_miscounted", used=used)
    [right] = seen
    # "1" and "shardId-1" say the same.
    digits = shard.rpartition("-")[2]
    attempt.require(digits.isdigit() and int(digits) == int(right.rpartition("-")[2]), "other_shard_seen", shard=shard)


def _spreads(attempt: Attempt, cloud: Workbench) -> None:
    stream = cloud.stream(shards=SHARDS)
    os.environ["KINESIS_STREAM_NAME"] = stream
    handler = attempt.load("handler.py")
    votes: list[tuple[str, str]] = []
    for number in range(VOTES):
        option, address = random.choice(OPTIONS), f"203.0.113.{random.randrange(ADDRESSES)}"
        body = {"vote": option} | ({"id": str(uuid.uuid4())} if number % 2 else {})
        event = api_event("POST", "/votes", json.dumps(body))
        event["requestContext"]["http"]["sourceIp"] = event["headers"]["x-forwarded-for"] = address
        handler.lambda_handler(event, Context())
        votes.append((option, address))
    found = _records(cloud, stream)
    records = sorted((record for shard in found.values() for record in shard), key=lambda each: each[0])
    attempt.require(len(records) == VOTES, "votes_lost", got=len(records), expected=VOTES)
    options = [option for option, _address in votes]
    came = [_vote(data) for _number, _key, data in records]
    attempt.require(sorted(came, key=str) == sorted(options), "other_data")
    keys = [key for _number, key, _data in records]
    attempt.require(len(set(keys)) > 1, "constant_key", key=keys[0])
    # One record after the other: the order of their sequence numbers is that of the votes.
    attempt.require(not _decides(options, keys), "hot_leader", key=keys[0])
    attempt.require(not _decides([address for _option, address in votes], keys), "one_address", key=keys[0])
    attempt.require(
        len(found) == SHARDS, "few_values", keys=len(set(keys)), votes=VOTES, empty=SHARDS - len(found), shards=SHARDS
    )
    bare = slice(0, None, 2)  # the votes that brought no id
    shared = _decides(options[bare], keys[bare]) or _decides([address for _option, address in votes[bare]], keys[bare])
    attempt.require(not shared, "shared_without_id", key=keys[0])


def _decides(causes: list[str], keys: list[str]) -> bool:
    """Say whether the cause alone decides about the key."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for cause, key in zip(causes, keys, strict=True):
        seen[cause].add(key)
    return all(len(each) == 1 for each in seen.values())


def _records(cloud: Workbench, stream: str) -> dict[str, list[tuple[int, str, bytes]]]:
    """Return sequence number, key and data of all records, of those shards that have any."""
    kinesis, found = cloud.clients.kinesis, {}
    for shard in kinesis.list_shards(StreamName=stream).get("Shards", []):
        where: Any = {"StreamName": stream, "ShardId": shard["ShardId"]}
        iterator = kinesis.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        if records:
            found[shard["ShardId"]] = [(int(r["SequenceNumber"]), r["PartitionKey"], r["Data"]) for r in records]
    return found


def _vote(data: bytes) -> Any:
    try:
        return json.loads(data)["vote"]
    except (ValueError, KeyError, TypeError):
        return data
