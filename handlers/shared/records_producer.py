"""Records into a Kinesis stream, many in one request; what is refused is sent again, and only that.

PutRecords answers 200 even when some of its entries were refused (a shard takes 1 MB or 1,000 records a second), so
the answer has to be read entry by entry. What is sent again arrives behind records that were sent later: PutRecords
does not keep the order. Limits: Kinesis API reference, PutRecords.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from handlers.shared.back_off import back_off_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAXIMUM_RECORDS = 500
MAXIMUM_BYTES = 5 * 1024 * 1024
MAXIMUM_ATTEMPTS = 8
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 3.2


@dataclass(frozen=True)
class OutgoingRecord:
    """A record to send: its partition key, which decides the shard, and its payload."""

    key: str
    payload: bytes

    @property
    def size_bytes(self) -> int:
        """What counts towards Kinesis' limits: payload and key."""
        return len(self.payload) + len(self.key.encode())


RecordT = TypeVar("RecordT", bound=OutgoingRecord)


@dataclass(frozen=True)
class Refused(Generic[RecordT]):
    """What was not accepted in the end."""

    records: Sequence[RecordT]
    reason: str
    """Kinesis' error code and message of the last one refused."""


def batches(records: Iterable[RecordT], *, most: int = MAXIMUM_RECORDS) -> Iterator[list[RecordT]]:
    """Cut records into batches that PutRecords takes, in order."""
    batch: list[RecordT] = []
    size_bytes = 0
    for record in records:
        if batch and (len(batch) == most or size_bytes + record.size_bytes > MAXIMUM_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(record)
        size_bytes += record.size_bytes
    if batch:
        yield batch


def send_batch(
    kinesis: KinesisClient,
    stream: str,
    batch: Sequence[RecordT],
    accepted: Callable[[RecordT, str], None],
    *,
    resending: Callable[[int], None] = lambda _count: None,
    attempts: int = MAXIMUM_ATTEMPTS,
) -> Refused[RecordT]:
    """Send one batch, ever more patiently; return what was refused to the end (nothing, most often).

    Args:
        kinesis: the client.
        stream: the stream's name.
        batch: at most what PutRecords takes.
        accepted: called with each record that was accepted, and its shard's id.
        resending: called with how many are about to be sent again.
        attempts: how often a record is sent at most.
    """
    refused = Refused(batch, "")
    for attempt in range(attempts):
        if attempt:
            resending(len(refused.records))
            time.sleep(back_off_seconds(attempt - 1, first=FIRST_WAIT_SECONDS, longest=LONGEST_WAIT_SECONDS))
        refused = _put(kinesis, stream, refused.records, accepted)
        if not refused.records:
            break
    return refused


def _put(
    kinesis: KinesisClient, stream: str, batch: Sequence[RecordT], accepted: Callable[[RecordT, str], None]
) -> Refused[RecordT]:
    entries: list[PutRecordsRequestEntryTypeDef] = [
        {"Data": record.payload, "PartitionKey": record.key} for record in batch
    ]
    answer = kinesis.put_records(StreamName=stream, Records=entries)
    refused: list[RecordT] = []
    reason = ""
    for record, result in zip(batch, answer["Records"], strict=True):
        if code := result.get("ErrorCode"):
            refused.append(record)
            reason = f"{code}: {result.get('ErrorMessage', '')}"
        else:
            accepted(record, result.get("ShardId", ""))
    return Refused(refused, reason)
