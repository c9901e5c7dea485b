"""A small model of what happens to one batch, written from the facts alone, to hold the real machine against.

It knows nothing of `batch.py` but what a function may answer. Records are numbers, time is whatever the caller says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, cast

FOR_EVER = -1


@dataclass(frozen=True)
class Rules:
    """The mapping's settings, by their names in the API (shortened)."""

    retries: int = FOR_EVER
    age: float = FOR_EVER
    bisect: bool = False
    reports: bool = False


@dataclass(frozen=True)
class Reply:
    """What one invocation comes to: a throttle, an error of the function's, or an answer."""

    kind: Literal["throttle", "error", "answer"]
    answer: bytes = b"null"


@dataclass(frozen=True)
class Discarded:
    """Records that were given up, as the destination is told."""

    records: tuple[int, ...]
    condition: str
    invocations: int
    error: str | None


@dataclass
class Strand:
    """Records that go to the function together, and how often that has failed since the checkpoint reached them."""

    records: list[int]
    failed: int = 0
    error: str | None = None


@dataclass
class Model:
    """One batch.

    Attributes:
        arrivals: when each record arrived; records are numbered from 0 in this order.
        rules: the mapping's settings.
    """

    arrivals: list[float]
    rules: Rules
    todo: list[Strand] = field(default_factory=list[Strand])

    def __post_init__(self) -> None:
        self.todo = [Strand(list(range(len(self.arrivals))))] if self.arrivals else []

    @property
    def checkpoint(self) -> int:
        """How many records, from the first, have ended."""
        return self.todo[0].records[0] if self.todo else len(self.arrivals)

    def expected(self, now: float) -> list[int] | Discarded | None:
        """Return what is due: records to invoke the function with, records to give up, or nothing any more."""
        if not self.todo:
            return None
        strand, rules = self.todo[0], self.rules
        # "Only the records that are too old are discarded, the others of the batch are delivered."
        if old := [r for r in strand.records if rules.age != FOR_EVER and now - self.arrivals[r] > rules.age]:
            # Recorded: 1 for a record that had been sent; one that never was is told the same way.
            return Discarded(tuple(old), "RecordAgeExceeded", max(1, strand.failed), None)
        # "1 + n invocations, then the batch is discarded."
        if rules.retries != FOR_EVER and strand.failed == 1 + rules.retries:
            return Discarded(tuple(strand.records), "RetryAttemptsExhausted", strand.failed, strand.error)
        return list(strand.records)

    def gave_up(self, discarded: Discarded) -> None:
        """Go on behind what was given up: a new checkpoint, from which failures are counted anew."""
        left = [r for r in self.todo[0].records if r not in discarded.records]
        self.todo[:1] = [Strand(left)] if left else []

    def replied(self, reply: Reply) -> None:
        """Take what the invocation came to."""
        strand = self.todo.pop(0)
        if reply.kind == "throttle":
            self.todo.insert(0, strand)
            return
        if reply.kind == "error":
            self.todo[:0] = self._failed(strand, "Unhandled")
            return
        lowest = self._lowest_failure(reply.answer, strand.records) if self.rules.reports else None
        if lowest is None:
            return
        at = strand.records.index(lowest)
        if at > 0:
            # "The lowest sequence number becomes the checkpoint, everything from it on is retried", counted anew.
            self.todo.insert(0, Strand(strand.records[at:]))
        else:
            self.todo[:0] = self._failed(strand, None)

    def _failed(self, strand: Strand, error: str | None) -> list[Strand]:
        if self.rules.bisect and len(strand.records) > 1:
            # "Split in two, each half retried by itself; a split does not use up a retry."
            half = len(strand.records) // 2
            return [Strand(strand.records[:half]), Strand(strand.records[half:])]
        return [Strand(strand.records, strand.failed + 1, error)]

    @staticmethod
    def _lowest_failure(answer: bytes, records: list[int]) -> int | None:
        """Return the lowest record that an answer names, the first one when it is malformed, None for success."""
        said: Any = json.loads(answer)
        if said in ("", [], None, {}) or (
            isinstance(said, dict) and said in ({"batchItemFailures": []}, {"batchItemFailures": None})
        ):
            return None
        try:
            failures: Any = cast("Any", said)["batchItemFailures"]
            named: list[Any] = [each["itemIdentifier"] for each in failures]
            return min(records[[str(r) for r in records].index(name)] for name in named)
        except (TypeError, KeyError, ValueError):
            return records[0]
