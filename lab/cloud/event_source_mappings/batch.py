"""What happens to one batch: a pure state machine from (batch, policy, outcome) to the next action.

The machine never waits, reads a clock or calls anything. Around it, `delivery` performs the action it asks for and
tells it what came of it. The rules are AWS Lambda's for streams (Lambda developer guide, "Using Lambda to process
records from Amazon Kinesis Data Streams": "Configuring partial batch response", "Parameters"):

- the records of a batch keep their order, and a part waits until all parts before it have ended;
- a failed part is retried with a growing wait, `maximum_retry_attempts` times, then discarded;
- a partial answer moves the checkpoint before the lowest failed record, and the retry counter starts again there;
- bisecting splits a failed part in two; a split does not use up a retry;
- a record that became too old is discarded without the function seeing it; the others are delivered;
- a throttle is not the function's failure: it is tried again and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Record:
    """One stream record as the machine sees it: its place and its age.

    Attributes:
        sequence_number: the record's sequence number; greater is later within a shard.
        arrived: approximate arrival (Kinesis) or creation (DynamoDB) time, seconds since the epoch.
    """

    sequence_number: str
    arrived: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How failures are dealt with: the mapping's own parameters.

    Attributes:
        maximum_retry_attempts: retries after the first failure; -1 retries until the records expire.
        maximum_record_age_seconds: records older than this are discarded; -1 keeps them until they expire.
        bisect: whether a failed batch is split in two (BisectBatchOnFunctionError).
    """

    maximum_retry_attempts: int = UNLIMITED
    maximum_record_age_seconds: float = UNLIMITED
    bisect: bool = False


class Condition(Enum):
    """Why records were discarded, in the words of the message to the on-failure destination."""

    RETRY_ATTEMPTS_EXHAUSTED = "RetryAttemptsExhausted"
    RECORD_AGE_EXCEEDED = "RecordAgeExceeded"
    MAXIMUM_PAYLOAD_SIZE_EXCEEDED = "MaximumPayloadSizeExceeded"
    """One record alone is more than a function can be given; `delivery` sees it, this machine never."""


# --- what came of an invocation -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Every record was processed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No record counts as processed: the function raised, timed out, or answered what cannot be understood.

    Attributes:
        function_error: what the invocation's `FunctionError` said; None for an answer that cannot be understood.
    """

    function_error: str | None = "Unhandled"


@dataclass(frozen=True, slots=True)
class PartlyFailed:
    """The function named failed records (ReportBatchItemFailures).

    Attributes:
        lowest: index, within the part that was invoked, of the first failed record.
    """

    lowest: int


@dataclass(frozen=True, slots=True)
class Throttled:
    """The function was not invoked because it had no free concurrency."""


Outcome: TypeAlias = Succeeded | Failed | PartlyFailed | Throttled


# --- what to do next ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke the function with these records."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until this time, then ask again.

    Attributes:
        until: seconds on the clock that never jumps.
    """

    until: float


@dataclass(frozen=True, slots=True)
class Discard:
    """Give these records up: tell the on-failure destination, if there is one, and go on behind them.

    Attributes:
        records: what is given up, in order.
        condition: why.
        invocations: how often the function was invoked with them (`approximateInvokeCount`).
        function_error: the last invocation's `FunctionError`.
    """

    records: tuple[Record, ...]
    condition: Condition
    invocations: int
    function_error: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """Every record of the batch has ended."""


Action: TypeAlias = Invoke | Wait | Discard | Finished


@dataclass(frozen=True, slots=True)
class Part:
    """A run of the batch that is invoked, retried and given up together.

    Attributes:
        records: its records, in order; never empty.
        failures: failed invocations since the checkpoint reached it (what retries are counted by).
        attempts: failed and throttled invocations in a row (what the wait grows by).
        not_before: when it may be invoked again, seconds on the clock that never jumps.
        function_error: what its last invocation said.
    """

    records: tuple[Record, ...]
    failures: int = 0
    attempts: int = 0
    not_before: float = 0.0
    function_error: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The state of one batch: its parts that have not ended, in order. Only the first is ever acted on."""

    policy: Policy
    parts: tuple[Part, ...]

    @property
    def pending(self) -> tuple[Record, ...]:
        """The records that have not ended, in order."""
        return tuple(record for part in self.parts for record in part.records)


Backoff: TypeAlias = Callable[[int], float]
"""From the number of attempts in a row that did not succeed (1 and up) to the wait before the next, in seconds."""


def start(records: tuple[Record, ...], policy: Policy) -> Batch:
    """Form a batch."""
    return Batch(policy, (Part(records),) if records else ())


def next_action(batch: Batch, now: float, monotonic: float) -> Action:
    """Return what is to be done now; the answer changes nothing.

    Args:
        batch: the state.
        now: seconds since the epoch, which a record's age is counted by.
        monotonic: seconds on the clock that never jumps, which waits are counted by: nobody who sets a clock back by
            an hour shall wait for an hour.
    """
    if not batch.parts:
        return Finished()
    part = batch.parts[0]
    # A record can become too old while it waits, so age is looked at first, every time.
    if too_old := _too_old(batch, part, now):
        return Discard(too_old, Condition.RECORD_AGE_EXCEEDED, max(part.failures, 1), None)
    if _exhausted(batch, part):
        return Discard(part.records, Condition.RETRY_ATTEMPTS_EXHAUSTED, part.failures, part.function_error)
    if part.not_before > monotonic:
        return Wait(part.not_before)
    return Invoke(part.records)


def after_invocation(batch: Batch, outcome: Outcome, monotonic: float, backoff: Backoff) -> Batch:
    """Return the state after the invocation that `next_action` asked for.

    Args:
        batch: the state that asked for it.
        outcome: what came of it.
        monotonic: when it ended, on the clock that never jumps.
        backoff: how long to wait before trying again.
    """
    part, others = batch.parts[0], batch.parts[1:]
    match outcome:
        case Succeeded():
            remaining: tuple[Part, ...] = ()
        case Throttled():
            attempts = part.attempts + 1
            remaining = (replace(part, attempts=attempts, not_before=monotonic + backoff(attempts)),)
        case PartlyFailed(lowest=lowest) if lowest > 0:
            # The checkpoint moves to the first failed record, and what is counted starts again there. The records
            # behind it are retried at once with it: with bisect this is the split, without it the retry.
            remaining = (Part(part.records[lowest:], attempts=1, not_before=monotonic + backoff(1)),)
        case PartlyFailed():
            remaining = _after_failure(batch, part, None, monotonic, backoff)
        case Failed(function_error=function_error):
            remaining = _after_failure(batch, part, function_error, monotonic, backoff)
    return replace(batch, parts=remaining + others)


def after_discard(batch: Batch, discard: Discard) -> Batch:
    """Return the state after the records that `next_action` gave up have been dealt with."""
    part, others = batch.parts[0], batch.parts[1:]
    if len(discard.records) == len(part.records):
        return replace(batch, parts=others)
    gone = set(discard.records)
    rest = tuple(record for record in part.records if record not in gone)
    # The checkpoint moved: what is counted starts again, but the wait that is running goes on.
    return replace(batch, parts=(replace(part, records=rest, failures=0), *others))


def _after_failure(
    batch: Batch, part: Part, function_error: str | None, monotonic: float, backoff: Backoff
) -> tuple[Part, ...]:
    if batch.policy.bisect and len(part.records) > 1:
        middle = len(part.records) // 2
        # A split is no retry: each half starts with the count its whole had before this failure, and the wait does
        # not grow by it (a batch of 10,000 splits at most 14 times before the bad record is alone).
        first = Part(part.records[:middle], part.failures, 1, monotonic + backoff(1), function_error)
        second = Part(part.records[middle:], part.failures, 0, 0.0, function_error)
        return (first, second)
    attempts = part.attempts + 1
    not_before = monotonic + backoff(attempts)
    return (replace(part, failures=part.failures + 1, attempts=attempts, not_before=not_before,
                    function_error=function_error),)  # fmt: skip


def _too_old(batch: Batch, part: Part, now: float) -> tuple[Record, ...]:
    limit = batch.policy.maximum_record_age_seconds
    if limit == UNLIMITED:
        return ()
    return tuple(record for record in part.records if now - record.arrived > limit)


def _exhausted(batch: Batch, part: Part) -> bool:
    limit = batch.policy.maximum_retry_attempts
    return limit != UNLIMITED and part.failures > limit
