"""Checks `count_cheap`: few writes, and exact whatever Lambda repeats: longer, shorter, after a crash, twice at once."""

from __future__ import annotations

import contextlib
import os
import random
import uuid
from collections import Counter
from decimal import Inexact
from typing import TYPE_CHECKING, Any

from lab.numbers import decimal
from lab.workbook.api_calls import ApiCall, crashing, watched_calls
from lab.workbook.delivering import Context, batch, deliver_until_done, part

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

_BATCH = 60
_UNITS_PER_OPTION = 3
"""Write units that a batch may cost per option: one update needs one; a transaction over all of them some two."""
_USD_PER_MILLION_UNITS = 0.625
_TRANSACTIONAL_UNITS = 4


def check(attempt: Attempt) -> None:
    """Count a batch, look at the bill, then deliver again in every way that Lambda knows."""
    counting = _Counting(attempt)
    counting.bill()
    counting.repeats()
    counting.shards()
    counting.crashes()
    counting.two_at_once()
    counting.other_lengths()
    attempt.note("bill", **counting.costs)


class _Counting:
    def __init__(self, attempt: Attempt) -> None:
        self._attempt, self._cloud = attempt, attempt.cloud()
        self._table = self._cloud.table("option_id")
        os.environ["DYNAMODB_TABLE_NAME"] = self._table
        self._handler = attempt.load("handler.py")
        self._number = 49 * 10**54 + random.randrange(10**20)
        self.costs: dict[str, Any] = {}

    def bill(self) -> None:
        """Count two batches of the same options, and what the second one costs."""
        options = _options(3)
        expected = Counter[str]()
        calls: list[ApiCall] = []
        for _time in range(2):
            votes = options + random.choices(options, k=_BATCH - len(options))
            expected.update(votes)
            with watched_calls() as calls:
                error = self._attempt.error_of(self._deliver, self._batch(votes))
            if isinstance(error, Inexact):
                self._attempt.fail("number_too_long")
            if error:
                raise error
            self._expect(dict(expected), "not_counted")
        units = sum(map(_write_units, calls))
        self._attempt.require(
            units <= _UNITS_PER_OPTION * len(options), "too_dear", votes=_BATCH, options=len(options), units=units
        )
        self.costs = {
            "votes": _BATCH,
            "options": len(options),
            "units": units,
            "transactional_units": _TRANSACTIONAL_UNITS * _BATCH,
            "usd": decimal(units / _BATCH * _USD_PER_MILLION_UNITS, 2),
            "transactional_usd": decimal(_TRANSACTIONAL_UNITS * _USD_PER_MILLION_UNITS, 2),
        }

    def repeats(self) -> None:
        """Bring a batch again: as it was, longer, in halves."""
        first, second = _options(2)
        votes = self._batch([first, second, first, first, second, first, second, second])
        short = part(votes, 0, 5)
        self._deliver(short)
        self._handler = self._attempt.load("handler.py")  # a new execution environment: nothing is in its memory
        self._deliver(short)
        self._expect({first: 3, second: 2}, "retry_counted")
        self._deliver(votes)
        self._expect({first: 4, second: 4}, "longer_batch")
        for half in (part(votes, 0, 4), part(votes, 4, 8)):
            self._deliver(half)
        self._expect({first: 4, second: 4}, "half_batch")

    def shards(self) -> None:
        """Let another shard, whose numbers are lower, count for the same options."""
        [option] = _options(1)
        own = self._batch([option] * 3)
        for votes in (own, batch(_payloads([option] * 3), self._number - 10**10, shard=1)):
            self._deliver(votes)
            self._deliver(votes)
        self._expect({option: 6}, "other_shard")

    def crashes(self) -> None:
        """Die at every call, before and after AWS has done it; the batch comes again, longer than it was."""
        with watched_calls() as calls:
            self._deliver(self._batch(_options(2) * 2))
        for number in range(len(calls)):
            for done in (False, True):
                first, second = _options(2)
                votes = self._batch([first, second, first, second, first])
                with crashing(number, done=done):
                    self._deliver(part(votes, 0, 3))
                deliver_until_done(self._handler.lambda_handler, votes)
                got = {first: self._counted(first), second: self._counted(second)}
                values = {"call_made": calls[number].operation, "got": got, "expected": {first: 3, second: 2}}
                self._attempt.require(sum(got.values()) >= 5, "lost_in_crash", **values)
                self._attempt.require(got == values["expected"], "counted_in_crash", **values)

    def two_at_once(self) -> None:
        """Let an invocation that Lambda has given up, and that still runs, count the same batch in between."""
        first, second = _options(2)
        votes = self._batch([first, second, first])
        busy: list[bool] = []

        def overtake(call: ApiCall) -> None:
            if not busy and call.operation not in ("GetItem", "BatchGetItem", "Query"):
                busy.append(True)
                # Where it, too, cannot count now, Lambda would bring the batch again.
                with contextlib.suppress(Exception):
                    self._deliver(votes)

        with watched_calls(before=overtake):
            deliver_until_done(self._handler.lambda_handler, votes)
        self._expect({first: 2, second: 1}, "two_at_once")

    def other_lengths(self) -> None:
        """Let the numbers grow by a digit, as 9 and 10."""
        [option] = _options(1)
        self._deliver(batch(_payloads([option] * 2), 10**55 - 4, shard=2))
        votes = batch(_payloads([option] * 4), 10**55 - 2, shard=2)
        self._deliver(votes)
        self._deliver(votes)
        self._expect({option: 6}, "compared_as_text")

    def _batch(self, options: list[str]) -> dict[str, Any]:
        """Return a batch of votes, its records with new sequence numbers."""
        self._number += 1000
        return batch(_payloads(options), self._number)

    def _deliver(self, event: dict[str, Any]) -> Any:
        return self._handler.lambda_handler(event, Context())

    def _counted(self, option: str) -> int:
        item = self._cloud.clients.dynamodb.get_item(
            TableName=self._table, Key={"option_id": {"S": option}}, ConsistentRead=True
        ).get("Item", {})
        return int(item.get("votes", {}).get("N", "0"))

    def _expect(self, expected: dict[str, int], failure: str) -> None:
        got = {option: self._counted(option) for option in expected}
        self._attempt.expect(got, expected, failure)


def _options(count: int) -> list[str]:
    """Return options that nobody has voted for yet."""
    return [f"{name}-{uuid.uuid4().hex[:4]}" for name in ("norris", "piastri", "leclerc")[:count]]


def _payloads(options: list[str]) -> list[dict[str, str]]:
    return [{"vote": option, "id": uuid.uuid4().hex[:12]} for option in options]


def _write_units(call: ApiCall) -> int:
    if call.operation in ("UpdateItem", "PutItem", "DeleteItem"):
        return 1
    if call.operation == "TransactWriteItems":
        return 2 * len(call.parameters["TransactItems"])
    if call.operation == "BatchWriteItem":
        return sum(map(len, call.parameters["RequestItems"].values()))
    return 0
