"""A batch of one shard: processed in order, up to the first record that fails.

Mechanism: the answer names the first record that failed. Lambda moves its checkpoint before it, delivers the batch
again from there, and gives up on the record by the mapping's rules: retries, record age, bisect, on-failure
destination (Lambda developer guide, "Configuring partial batch response with Kinesis"). So the handler stops there:
whatever it did after that record, it would do a second time.

Scenario: of five records the third is not JSON. Records 1 and 2 are stored, the answer names 3; Lambda splits 3-5,
delivers 3 until its retries are used up, sends a message about it to the destination, and delivers 4 and 5.

A programming error is not caught: it fails the whole batch, shows in the metric Errors and raises its alarm.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypedDict, TypeVar

from handlers.shared.failures import Failure
from handlers.shared.observability import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class StreamRecord(Protocol):
    """What a record of any stream has."""

    @property
    def event_id(self) -> str:
        """Unique in the stream, and the same in every retry."""
        ...

    @property
    def sequence_number(self) -> str:
        """By which a failure is reported."""
        ...

    @property
    def arrival(self) -> datetime:
        """When the stream took it, UTC."""
        ...


RecordT = TypeVar("RecordT", bound=StreamRecord)
T = TypeVar("T")


class ItemFailure(TypedDict):
    """A record that failed."""

    itemIdentifier: str
    """Its sequence number."""


class BatchResponse(TypedDict):
    """What the function answers to the event source mapping; no failures = the batch is done."""

    batchItemFailures: list[ItemFailure]


def process_batch(
    records: Sequence[RecordT],
    convert: Callable[[RecordT], T],
    store: Callable[[Sequence[T]], None],
) -> BatchResponse:
    """Convert the records one by one, store what came before the first failure, and report that failure.

    Args:
        records: the records of the event, of one shard, in order.
        convert: makes of a record what is stored; raises Failure for a record that cannot be.
        store: stores what it is given, in order; raises Failure with the position of the first that is not stored.
            Storing the same again must change nothing.
    """
    converted, failure = _convert(records, convert)
    try:
        if converted:
            store(converted)
    except Failure as error:
        failure = error  # earlier in the batch than a record that could not be converted
    _log(records, failure)
    if failure is None:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": records[failure.position].sequence_number}]}


def _convert(records: Sequence[RecordT], convert: Callable[[RecordT], T]) -> tuple[list[T], Failure | None]:
    converted: list[T] = []
    for position, record in enumerate(records):
        try:
            converted.append(convert(record))
        except Failure as failure:
            failure.position = position
            return converted, failure
    return converted, None


def _log(records: Sequence[StreamRecord], failure: Failure | None) -> None:
    if failure is not None:
        log = logger.error if failure.kind == "permanent" else logger.warning
        event_id = records[failure.position].event_id
        log("Record failed", failure=failure.kind, reason=failure.reason, event_id=event_id)
    if records:
        last = records[-1]
        logger.info(
            "Batch processed",
            records=len(records),
            processed=len(records) if failure is None else failure.position,
            first_event_id=records[0].event_id,
            last_event_id=last.event_id,
            iterator_age_ms=_age_ms(last),
        )


def _age_ms(record: StreamRecord) -> int:
    return round((datetime.now(UTC) - record.arrival).total_seconds() * 1000)
