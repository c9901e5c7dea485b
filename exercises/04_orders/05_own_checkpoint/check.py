"""Checks `own_checkpoint`: resumes, a kill, two readers at once, a lease that is over, a reader that slept too long."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

SHARD = "shardId-000000000000"
LEASE_SECONDS = 10
WRITES = ("put_item", "update_item", "delete_item")


class Killed(BaseException):
    """The process is gone in the middle of a record."""


class Scene:
    """A stream with numbered orders, an empty table, and workers that read."""

    def __init__(self, attempt: Attempt, reader: Any, cloud: Workbench) -> None:
        self.attempt, self.reader, self.cloud = attempt, reader, cloud
        self.stream = cloud.stream()
        self.table = boto3.resource("dynamodb").Table(cloud.table("shard"))
        self.now = random.randint(1_700_000_000, 1_800_000_000)
        self.sent = 0

    def send(self, count: int) -> list[int]:
        """Send orders and return their numbers."""
        numbers = list(range(self.sent + 1, self.sent + count + 1))
        self.cloud.put(self.stream, [{"number": number} for number in numbers])
        self.sent += count
        return numbers

    def read(self, worker: str, during: Callable[[int], None] = lambda _number: None, table: Any = None) -> list[int]:
        """Let a worker read; return the numbers that it processed, also when it is killed."""
        processed: list[int] = []

        def process(record: dict[str, Any]) -> None:
            number = json.loads(record["Data"])["number"]
            during(number)
            processed.append(number)

        try:
            self.reader.read_shard(
                self.cloud.clients.kinesis, table or self.table, self.stream, SHARD, worker, process, self.now
            )
        except Killed:
            pass
        return processed


class Interrupted:
    """A table before whose first write something else happens, as it does between a look and a write."""

    def __init__(self, table: Any, happens: Callable[[], None]) -> None:
        self._table, self._happens = table, happens
        self._done = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._table, name)
        if name not in WRITES or self._done:
            return found

        def interrupted(*arguments: Any, **named: Any) -> Any:
            if not self._done:
                self._done = True
                self._happens()
            return found(*arguments, **named)

        return interrupted


def check(attempt: Attempt) -> None:
    """From what every reader needs to what happens once a year."""
    reader = attempt.load("reader.py")
    cloud = attempt.cloud()
    _goes_on(Scene(attempt, reader, cloud))
    _killed(Scene(attempt, reader, cloud))
    _two_at_once(Scene(attempt, reader, cloud))
    _slept(Scene(attempt, reader, cloud))
    _race(Scene(attempt, reader, cloud))


def _goes_on(scene: Scene) -> None:
    first = scene.send(random.randint(5, 9))
    scene.attempt.expect(scene.read("a"), first, "other_records")
    again = scene.read("a")
    scene.attempt.require(not again, "began_again", again=len(again))
    later = scene.send(4)
    got = scene.read("a")
    if not got:
        scene.now += LEASE_SECONDS + 1
        scene.attempt.require(not scene.read("a"), "own_lease")
    scene.attempt.require(got != first + later, "began_again", again=len(first))
    scene.attempt.require(set(later) <= set(got), "skipped", expected=later, got=got)
    scene.attempt.expect(got, later, "other_records")


def _killed(scene: Scene) -> None:
    """A worker dies on the fourth record of eight; another takes over once the lease is over."""
    numbers = scene.send(8)

    def dies(number: int) -> None:
        if number == numbers[3]:
            raise Killed

    before = scene.read("a", dies)
    scene.now += LEASE_SECONDS + 1
    after = scene.read("b")
    later = scene.send(1)
    takes_part = after or scene.read("b") == later
    scene.attempt.require(takes_part, "never_taken_over", seconds=LEASE_SECONDS + 1)
    lost = sorted(set(numbers) - set(before) - set(after))
    scene.attempt.require(not lost, "lost_in_kill", lost=lost, before=before, after=after)


def _two_at_once(scene: Scene) -> None:
    scene.send(5)
    other: list[int] = []
    scene.read("a", lambda number: other.extend(scene.read("b")) if number == 2 else None)  # noqa: PLR2004
    scene.attempt.require(not other, "two_at_once", other=other)
    scene.send(2)
    scene.now += LEASE_SECONDS // 2
    other = scene.read("b")
    scene.attempt.require(not other, "two_at_once", other=other)
    own = scene.read("a")
    scene.attempt.require(own, "own_lease")
    scene.send(2)
    scene.now += LEASE_SECONDS - 2  # over since a took it first, not since a took it again
    scene.attempt.require(not scene.read("b"), "not_renewed")


def _slept(scene: Scene) -> None:
    """A worker stops in the middle for longer than its lease; another reads on; then the first one wakes up."""
    scene.send(4)

    def sleeps(number: int) -> None:
        if number == 2:  # noqa: PLR2004
            scene.now += LEASE_SECONDS + 1
            scene.read("b")
            scene.send(3)
            scene.read("b")

    error = scene.attempt.error_of(scene.read, "a", sleeps)
    if error and "ConditionalCheckFailed" not in str(error):
        raise error
    scene.now += LEASE_SECONDS + 1
    again = scene.read("c")
    scene.attempt.require(not again, "went_back", again=again)


def _race(scene: Scene) -> None:
    """Two workers look at a free lease at the same moment."""
    taken: dict[str, bool] = {}
    take = scene.reader.take_lease

    def other() -> None:
        taken["b"] = bool(take(scene.table, SHARD, "b", scene.now))

    taken["a"] = bool(take(Interrupted(scene.table, other), SHARD, "a", scene.now))
    scene.attempt.require(not (taken["a"] and taken.get("b")), "race")
    scene.attempt.require(taken["a"] or taken.get("b"), "nobody")
