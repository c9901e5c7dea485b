"""Checks `window`: the state goes through Lambda's hands, the window's end writes it once, late votes are told."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import random
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.workbook.delivering import Context, batch

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

DRIVERS = ("hamilton", "leclerc", "norris", "piastri", "verstappen")
TIME_SCALE = 0.01
"""A minute's window takes 0.6 s."""
Vote = tuple[str, dt.datetime]


def check(attempt: Attempt) -> None:
    """Play Lambda's part for two windows, then let the mapping of a real one do it."""
    cloud = attempt.cloud(time_scale=TIME_SCALE)
    table = cloud.table("window_id")
    os.environ["DYNAMODB_TABLE_NAME"] = table
    start = dt.datetime(2026, 3, 8, 15, random.randrange(60), tzinfo=dt.UTC)
    windows = _Windows(attempt, start, shard=random.randrange(10))
    first = [_vote(start, 3.2), _vote(start, 10), _vote(start, -1.5), _vote(start, 12.25)]
    second = [_vote(start, 20), _vote(start, -0.1), _vote(start, 59.9), _vote(start, 1.5)]
    windows.add(first)
    windows.add(second, again=True)
    attempt.require(not cloud.items(table), "stored_too_early", items=cloud.items(table))
    windows.end()
    items = cloud.items(table)
    attempt.require(items, "nothing_stored")
    attempt.expect([item["window_id"] for item in items], [windows.window_id], "other_key")
    _right(attempt, items[0], first, second, late=2)
    windows.end()
    after = cloud.items(table)
    attempt.require(after == items, "final_twice", before=_counts(items[0]), after=[_counts(each) for each in after])
    later = _Windows(attempt, start + dt.timedelta(minutes=1), shard=0)
    votes = [_vote(later.start, second) for second in (0.25, 0.5, 7)]
    later.add(votes)
    later.end()
    [item] = [item for item in cloud.items(table) if item["window_id"] == later.window_id]
    _right(attempt, item, votes, [], late=0, otherwise="compared_as_text")
    _in_the_cloud(attempt)


def _right(
    attempt: Attempt, item: dict[str, Any], first: list[Vote], second: list[Vote], *, late: int, otherwise: str = "other_late"
) -> None:
    expected, last = Counter(each for each, _at in first + second), Counter(each for each, _at in second)
    got = _counts(item)
    if got != dict(expected) and got in (dict(last), {name: 2 * count for name, count in last.items()}):
        attempt.fail("state_unused", got=got, expected=dict(expected))
    attempt.expect(got, dict(expected), "other_votes")
    came = item.get("late")
    attempt.expect(int(came) if isinstance(came, Decimal) else came, late, otherwise)


def _counts(item: dict[str, Any]) -> Any:
    votes = item.get("votes")
    return {name: int(count) for name, count in votes.items()} if isinstance(votes, dict) else votes


class _Windows:
    """A window of a shard as Lambda keeps it."""

    def __init__(self, attempt: Attempt, start: dt.datetime, *, shard: int) -> None:
        self.start, self._shard = start, shard
        self._attempt, self._number = attempt, 49 * 10**54 + random.randrange(10**20)
        self._state: Any = {}

    @property
    def window_id(self) -> str:
        return f"{_iso(self.start)}#shardId-{self._shard:012}"

    def add(self, votes: list[Vote], *, again: bool = False) -> None:
        """Bring a batch to a new execution environment; `again`: and once more, as after a failure."""
        self._number += 1000
        event = self._event([{"vote": option, "at": _iso(at)} for option, at in votes])
        handler = self._attempt.load("handler.py")
        state = self._state_of(handler.lambda_handler(copy.deepcopy(event), Context()))
        if again:
            once_more = self._state_of(handler.lambda_handler(copy.deepcopy(event), Context()))
            self._attempt.require(state == once_more, "retry_counted", first=state, second=once_more)
        self._state = state

    def end(self) -> None:
        """Invoke for the last time, in a new execution environment."""
        event = self._event([]) | {"isFinalInvokeForWindow": True}
        self._attempt.load("handler.py").lambda_handler(event, Context())

    def _event(self, payloads: list[dict[str, str]]) -> dict[str, Any]:
        return batch(payloads, self._number, shard=self._shard) | {
            "window": {"start": _iso(self.start), "end": _iso(self.start + dt.timedelta(minutes=1))},
            "state": copy.deepcopy(self._state),
            "shardId": f"shardId-{self._shard:012}",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/f1-vote-stream",
            "isFinalInvokeForWindow": False,
            "isWindowTerminatedEarly": False,
        }

    def _state_of(self, answer: Any) -> Any:
        state = answer.get("state") if isinstance(answer, dict) else None
        self._attempt.require(isinstance(state, dict), "no_state")
        error = self._attempt.error_of(json.dumps, state)
        self._attempt.require(not error, "state_not_json", error=str(error))
        return json.loads(json.dumps(state))


def _in_the_cloud(attempt: Attempt) -> None:
    """Let a mapping with a tumbling window of a minute invoke the handler."""
    cloud = attempt.cloud()
    table, stream = cloud.table("window_id"), cloud.stream()
    function = cloud.function(environment={"DYNAMODB_TABLE_NAME": table})
    cloud.mapping(cloud.stream_arn(stream), function, TumblingWindowInSeconds=60, BatchSize=10)
    now = dt.datetime.now(dt.UTC)
    sent = [{"vote": random.choice(DRIVERS), "at": _iso(now)} for _ in range(30)]
    cloud.put(stream, sent)

    def counted() -> int:
        return sum(int(count) for item in cloud.items(table) for count in item["votes"].values())

    cloud.eventually(lambda: counted() >= len(sent), seconds=8)
    attempt.expect(counted(), len(sent), "not_in_the_cloud")


def _vote(start: dt.datetime, seconds: float) -> Vote:
    return random.choice(DRIVERS), start + dt.timedelta(seconds=seconds)


def _iso(moment: dt.datetime) -> str:
    # As Lambda writes times: with a fraction only where there is one.
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")
