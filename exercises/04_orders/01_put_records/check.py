"""Checks `put_records`: every order is taken once, or told of; the stream is asked again patiently, not for ever."""

from __future__ import annotations

import json
import random
import uuid
from typing import TYPE_CHECKING, Any

from lab.numbers import decimal

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.workbook.attempt import Attempt

MOST_RECORDS = 500
ATTEMPTS = 5
PATIENCE_CALLS = 60
THROTTLED = ("ProvisionedThroughputExceededException", "Rate exceeded for shard shardId-000000000000")
INTERNAL = ("InternalFailure", "Internal service failure.")


class Kinesis:
    """Stands where boto3's client is; refuses what it is told to, and answers 200 all the same.

    Attributes:
        taken: the orders in the stream, in order.
        requests: for each request, the orders in it.
    """

    def __init__(self, attempt: Attempt, refuses: Callable[[str, int], tuple[str, str] | None]) -> None:
        self._attempt, self._refuses = attempt, refuses
        self._times: dict[str, int] = {}
        self.taken: list[dict[str, Any]] = []
        self.requests: list[list[dict[str, Any]]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Take what is not refused."""
        self._attempt.require(Records, "empty_request")
        self._attempt.require(len(Records) <= MOST_RECORDS, "over_500", count=len(Records))
        self._attempt.require(len(self.requests) < PATIENCE_CALLS, "never_gives_up", count=PATIENCE_CALLS)
        orders = [json.loads(record["Data"]) for record in Records]
        for order, record in zip(orders, Records, strict=True):
            self._attempt.expect(record.get("PartitionKey"), order["customer_id"], "other_key")
        self.requests.append(orders)
        results = [self._result(order, number) for number, order in enumerate(orders)]
        return {"FailedRecordCount": sum("ErrorCode" in each for each in results), "Records": results}

    def _result(self, order: dict[str, Any], number: int) -> dict[str, str]:
        times = self._times[order["order_id"]] = self._times.get(order["order_id"], 0) + 1
        if error := self._refuses(order["order_id"], times):
            return {"ErrorCode": error[0], "ErrorMessage": error[1]}
        self.taken.append(order)
        return {"ShardId": "shardId-000000000000", "SequenceNumber": f"{len(self.taken):056}"}


def check(attempt: Attempt) -> None:
    """First some are refused once, then too many orders come, then the stream never gives way."""
    producer = attempt.load("producer.py")
    _some_refused(attempt, producer, THROTTLED)
    _some_refused(attempt, producer, INTERNAL)
    _more_than_fit(attempt, producer)
    _given_up(attempt, producer)
    _waits(attempt, producer)


def _some_refused(attempt: Attempt, producer: Any, error: tuple[str, str]) -> None:
    orders = _orders(20)
    refused = {order["order_id"] for order in random.sample(orders[5:], 3)}
    waits: list[float] = []
    kinesis = Kinesis(attempt, lambda order_id, times: error if order_id in refused and times == 1 else None)
    left = producer.send(kinesis, "orders", orders, waits.append)
    known = {"refused": len(refused), "code": error[0]}
    if len(kinesis.taken) < len(orders) and len(kinesis.requests) == 1:
        attempt.require(error is THROTTLED, "only_throttles", **known)
        attempt.require(left, "believed_200", **known)
        attempt.fail("not_sent_again", **known)
    _once_each(attempt, kinesis, orders, known)
    attempt.require(not left, "taken_but_told", left=len(left or []))
    attempt.require(waits and max(waits) > 0, "no_wait")


def _once_each(attempt: Attempt, kinesis: Kinesis, orders: list[dict[str, Any]], known: dict[str, Any]) -> None:
    ids = [order["order_id"] for order in kinesis.taken]
    twice, lost = len(ids) - len(set(ids)), len(orders) - len(set(ids))
    attempt.require(not (twice and lost), "other_ones_sent", twice=twice, lost=lost, **known)
    attempt.require(not twice, "sent_twice", twice=twice, **known)
    attempt.require(not lost, "lost", lost=lost, **known)


def _more_than_fit(attempt: Attempt, producer: Any) -> None:
    orders = _orders(random.randint(1001, 1400))
    kinesis = Kinesis(attempt, lambda _order_id, _times: None)
    producer.send(kinesis, "orders", orders, lambda _seconds: None)
    _once_each(attempt, kinesis, orders, {"refused": 0, "code": "-"})
    attempt.require(kinesis.taken == orders, "out_of_order")
    kinesis = Kinesis(attempt, lambda _order_id, _times: None)
    attempt.require(not producer.send(kinesis, "orders", [], lambda _seconds: None), "taken_but_told", left="?")


def _given_up(attempt: Attempt, producer: Any) -> None:
    """One batch with two orders that are never taken: they are told of, in order, after five attempts."""
    orders = _orders(8)
    hopeless = [orders[2], orders[6]]
    ids = {order["order_id"] for order in hopeless}
    kinesis = Kinesis(attempt, lambda order_id, _times: THROTTLED if order_id in ids else None)
    left = producer.send(kinesis, "orders", orders, lambda _seconds: None)
    attempts = sum(hopeless[0] in request for request in kinesis.requests)
    attempt.require(left, "silent_loss", lost=len(hopeless), attempts=attempts)
    attempt.expect(left, hopeless, "other_orders_told")
    attempt.expect(attempts, ATTEMPTS, "other_attempts")


def _waits(attempt: Attempt, producer: Any) -> None:
    """Waits may be random: over many runs the last one is longer than the first."""
    runs: list[list[float]] = []
    for _run in range(40):
        waits: list[float] = []
        producer.send(Kinesis(attempt, lambda _order_id, _times: THROTTLED), "orders", _orders(1), waits.append)
        runs.append(waits)
    attempt.require(all(len(waits) >= ATTEMPTS - 1 for waits in runs), "no_wait")
    first, last = (sum(waits[place] for waits in runs) / len(runs) for place in (0, ATTEMPTS - 2))
    attempt.require(last > first * 1.5, "same_wait", first=decimal(first, 2), last=decimal(last, 2))


def _orders(count: int) -> list[dict[str, Any]]:
    return [
        {"order_id": str(uuid.uuid4()), "customer_id": f"customer-{number % 7 + 1}", "quantity": number + 1}
        for number in range(count)
    ]
