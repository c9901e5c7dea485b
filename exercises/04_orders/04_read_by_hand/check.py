"""Checks `read_by_hand`: all shards, empty answers, a closed shard, the tip of an open one."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

PAGE = 10
PATIENCE_READS = 150
MIDDLE_OF_THE_FIRST_OF_TWO = 2**126


class Reading:
    """boto3's client, with the habits that Kinesis has on a busy day: small answers, and empty ones before them."""

    def __init__(self, attempt: Attempt, kinesis: Any) -> None:
        self._attempt, self._kinesis = attempt, kinesis
        self.reads = 0
        self._used: dict[str, int] = {}
        self.repeated = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kinesis, name)

    def get_records(self, *, ShardIterator: str | None, Limit: int = PAGE, **more: Any) -> dict[str, Any]:  # noqa: N803
        """Answer with nothing, or with a few records."""
        self.reads += 1
        if not ShardIterator:
            self._attempt.fail("after_the_end")
        self._used[ShardIterator] = self._used.get(ShardIterator, 0) + 1
        self.repeated = self.repeated or self._used[ShardIterator] > PATIENCE_READS // 10
        if self.reads > PATIENCE_READS:
            self._attempt.fail("same_iterator" if self.repeated else "never_ends", reads=PATIENCE_READS)
        if self._used[ShardIterator] == 1:
            # Nothing found in the stretch that this call looked at; go on behind it.
            return {"Records": [], "NextShardIterator": ShardIterator, "MillisBehindLatest": 60_000}
        return self._kinesis.get_records(ShardIterator=ShardIterator, Limit=min(Limit, PAGE), **more)


def check(attempt: Attempt) -> None:
    """First an empty stream, then one with two shards, then one of which a shard was split."""
    reader = attempt.load("reader.py")
    cloud = attempt.cloud()
    stream = cloud.stream(2)
    orders = _orders(random.randint(55, 75))
    cloud.put(stream, orders, key=lambda number: orders[number]["customer_id"])
    got = _read(attempt, reader, cloud, stream)
    attempt.require(got, "nothing")
    attempt.require(all(isinstance(each, dict) for each in got), "not_decoded", first=got[0])
    _complete(attempt, cloud, stream, got, orders)
    _split(cloud, stream)
    later = _orders(40, first=len(orders) + 1)
    cloud.put(stream, later, key=lambda number: later[number]["customer_id"])
    got = _read(attempt, reader, cloud, stream, "after_the_end")
    _complete(attempt, cloud, stream, got, orders + later, "new_shards")
    attempt.require(not _read(attempt, reader, cloud, cloud.stream()), "of_an_empty_stream")


def _read(attempt: Attempt, reader: Any, cloud: Workbench, stream: str, closed: str = "") -> list[Any]:
    """Call the learner's function; a KeyError about the missing iterator of a closed shard is told by name."""
    reading = Reading(attempt, cloud.clients.kinesis)
    result: list[Any] = []

    def call() -> None:
        result.extend(reader.read_all(reading, stream) or [])

    error = attempt.error_of(call)
    if closed and isinstance(error, KeyError) and "NextShardIterator" in str(error):
        attempt.fail(closed)
    if error:
        raise error
    return result


def _complete(
    attempt: Attempt, cloud: Workbench, stream: str, got: list[Any], orders: list[Any], missing: str = ""
) -> None:
    numbers = [order["number"] for order in got]
    known = {"got": len(set(numbers)), "expected": len(orders)}
    attempt.require(len(numbers) == len(set(numbers)), "twice", twice=len(numbers) - len(set(numbers)), **known)
    if len(got) < len(orders):
        by_shard = _by_shard(cloud, stream)
        unread = [shard for shard, there in by_shard.items() if not there & set(numbers)]
        attempt.require(not unread or len(unread) == len(by_shard), missing or "one_shard", unread=unread, **known)
        attempt.fail("stopped_early", **known)
    for customer in {order["customer_id"] for order in orders}:
        own = [order["number"] for order in got if order["customer_id"] == customer]
        attempt.require(own == sorted(own), "out_of_order", customer=customer, numbers=own)


def _by_shard(cloud: Workbench, stream: str) -> dict[str, set[int]]:
    """Return the numbers of the orders in each shard that has some."""
    kinesis = cloud.clients.kinesis
    found: dict[str, set[int]] = {}
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        name = shard["ShardId"]
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=name, ShardIteratorType="TRIM_HORIZON")
        records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        if records:
            found[name] = {json.loads(record["Data"])["number"] for record in records}
    return found


def _split(cloud: Workbench, stream: str) -> None:
    kinesis = cloud.clients.kinesis
    first = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    kinesis.split_shard(StreamName=stream, ShardToSplit=first, NewStartingHashKey=str(MIDDLE_OF_THE_FIRST_OF_TWO))
    cloud.eventually(
        lambda: (
            kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
        )
    )


def _orders(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [{"number": first + each, "customer_id": f"customer-{each % 8 + 1}"} for each in range(count)]
