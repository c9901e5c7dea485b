"""Checks `count_once`: a vote counts once, whoever repeats it, and wherever the function dies."""

from __future__ import annotations

import os
import random
import uuid
from typing import TYPE_CHECKING, Any

from lab.workbook.api_calls import ApiCall, crashing, watched_calls
from lab.workbook.delivering import Context, batch, deliver_until_done

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

Vote = tuple[str, str]
"""Its id, and what it is for."""
_MORE_VOTES = 20


def check(attempt: Attempt) -> None:
    """Deliver, deliver again, let a voter repeat, let the function die at every call, let transactions collide."""
    counting = _Counting(attempt)
    counting.repeats()
    counting.crashes()
    counting.conflicts()


class _Counting:
    def __init__(self, attempt: Attempt) -> None:
        self._attempt, self._cloud = attempt, attempt.cloud()
        self._table = self._cloud.table("option_id")
        os.environ["DYNAMODB_TABLE_NAME"] = self._table
        self._handler = attempt.load("handler.py")
        self._number = 49 * 10**54 + random.randrange(10**20)

    def repeats(self) -> None:
        """Repeat as Lambda does, then as voters do."""
        attempt = self._attempt
        first, second = _options()
        known = _vote(first)
        votes = self._batch([known, _vote(second), _vote(first), _vote(first)])
        self._deliver(votes)
        self._expect({first: 3, second: 1}, "not_counted")
        self._deliver(votes)
        self._expect({first: 3, second: 1}, "retry_counted")
        self._handler = attempt.load("handler.py")  # a new execution environment
        self._deliver(votes)
        self._expect({first: 3, second: 1}, "memory_forgotten")
        self._deliver(self._batch([known, _vote(second)]))
        self._expect({first: 3, second: 2}, "repeat_counted")
        with watched_calls(before=lambda call: call.parameters.pop("ClientRequestToken", None)):  # 10 minutes later
            self._deliver(votes)
        self._expect({first: 3, second: 2}, "token_forgotten")
        again = _vote(first)
        error = attempt.error_of(self._deliver, self._batch([again, again]))
        counted = self._counted(first)
        attempt.require(not error and counted == 4, "repeat_in_batch", got=error or counted - 3)
        self._keeps_its_size()

    def _keeps_its_size(self) -> None:
        """See that an option does not carry the ids of its votes: an item holds 400 KB."""
        [option] = _options()[:1]
        self._deliver(self._batch([_vote(option)]))
        before = len(str(self._item(option)))
        self._deliver(self._batch([_vote(option) for _ in range(_MORE_VOTES)]))
        grown = len(str(self._item(option))) - before
        self._attempt.require(grown < _MORE_VOTES, "item_grows", votes=_MORE_VOTES, grown=grown)

    def crashes(self) -> None:
        """Die at every call, before and after AWS has done it; the batch comes again."""
        with watched_calls() as calls:
            self._deliver(self._batch([_vote(option) for option in _options() * 2]))
        for number in range(len(calls)):
            for done in (False, True):
                first, second = _options()
                votes = self._batch([_vote(first), _vote(second), _vote(first)])
                operation = calls[number].operation
                with crashing(number, done=done):
                    self._deliver(votes)
                deliver_until_done(self._handler.lambda_handler, votes)
                counted = self._counted(first) + self._counted(second)
                self._attempt.require(counted >= 3, "lost_in_crash", call_made=operation, got=counted)
                self._attempt.require(counted <= 3, "counted_in_crash", call_made=operation, got=counted)

    def conflicts(self) -> None:
        """Let DynamoDB cancel the second transaction because another one wrote the same item."""
        first, second = _options()
        votes = self._batch([_vote(first), _vote(second), _vote(first)])
        writes = iter(range(100))

        def cancel(call: ApiCall) -> None:
            if call.operation == "TransactWriteItems" and next(writes) == 1:
                reasons = [{"Code": "None"} for _ in call.parameters["TransactItems"]]
                reasons[-1] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
                error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
                raise call.client.exceptions.TransactionCanceledException(
                    {"Error": error, "CancellationReasons": reasons}, call.operation
                )

        with watched_calls(before=cancel):
            deliver_until_done(self._handler.lambda_handler, votes)
        counted = self._counted(first) + self._counted(second)
        self._attempt.require(counted == 3, "conflict_swallowed", got=counted)

    def _batch(self, votes: list[Vote]) -> dict[str, Any]:
        """Return a batch, its records with new sequence numbers."""
        self._number += 1000
        return batch([{"vote": option, "id": vote_id} for vote_id, option in votes], self._number)

    def _deliver(self, event: dict[str, Any]) -> Any:
        return self._handler.lambda_handler(event, Context())

    def _counted(self, option: str) -> int:
        return int(self._item(option).get("votes", {}).get("N", "0"))

    def _item(self, option: str) -> dict[str, Any]:
        key = {"option_id": {"S": option}}
        found = self._cloud.clients.dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def _expect(self, expected: dict[str, int], failure: str) -> None:
        got = {option: self._counted(option) for option in expected}
        self._attempt.expect(got, expected, failure)


def _options() -> list[str]:
    """Return two options that nobody has voted for yet."""
    return [f"{name}-{uuid.uuid4().hex[:4]}" for name in ("norris", "piastri")]


def _vote(option: str) -> Vote:
    return uuid.uuid4().hex[:12], option
