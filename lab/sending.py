"""Sends events to a stream as a good producer does: in batches, resending only what was refused, ever more patiently.

PutRecords answers 200 even when some of its entries were refused (a shard takes 1 MB or 1,000 records a second), so
the answer has to be read entry by entry. What is sent again arrives behind events that were sent later: PutRecords
does not keep the order. Limits: Kinesis API reference, PutRecords.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAXIMUM_RECORDS = 500
MAXIMUM_BYTES = 5 * 1024 * 1024
MAXIMUM_ATTEMPTS = 8
LONGEST_WAIT_SECONDS = 3.2
_BATCHES_PER_SECOND = 10  # at a given rate, so that it is even


@dataclass(frozen=True)
class Event:
    """One event to send: its partition key, which decides the shard, and its payload."""

    key: str
    payload: bytes

    @property
    def size_bytes(self) -> int:
        """What counts towards Kinesis' limits: payload and key."""
        return len(self.payload) + len(self.key.encode())


@dataclass
class Sent:
    """What became of the events."""

    by_shard: Counter[str] = field(default_factory=Counter[str])
    """Accepted events, by the shard they went to."""
    resent: int = 0
    """How often an event was sent again because it had been refused."""

    @property
    def events(self) -> int:
        """How many were accepted."""
        return self.by_shard.total()


def batches(events: Iterable[Event], *, most: int = MAXIMUM_RECORDS) -> Iterator[list[Event]]:
    """Cut events into batches that PutRecords takes, in order."""
    batch: list[Event] = []
    size_bytes = 0
    for event in events:
        if batch and (len(batch) == most or size_bytes + event.size_bytes > MAXIMUM_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(event)
        size_bytes += event.size_bytes
    if batch:
        yield batch


class Sender:
    """Sends to one stream.

    Args:
        kinesis: the client.
        stream: the stream's name.
        advanced: called with the number of newly accepted events.
    """

    def __init__(
        self, kinesis: KinesisClient, stream: str, advanced: Callable[[int], None] = lambda _count: None
    ) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._advanced = advanced
        self.sent = Sent()

    def send(self, events: Iterable[Event], *, rate: float | None = None) -> Sent:
        """Send all events, in order, no faster than `rate` a second.

        Raises:
            LabError: some were refused again and again.
        """
        started = time.monotonic()
        most = MAXIMUM_RECORDS if rate is None else max(1, min(MAXIMUM_RECORDS, int(rate / _BATCHES_PER_SECOND)))
        begun = 0
        for batch in batches(events, most=most):
            if rate is not None:
                # Measured from the start, so that what one call took too long is made good by the next.
                time.sleep(max(0.0, started + begun / rate - time.monotonic()))
            self._send_batch(batch)
            begun += len(batch)
        return self.sent

    def _send_batch(self, batch: list[Event]) -> None:
        refused, reason = batch, ""
        for attempt in range(MAXIMUM_ATTEMPTS):
            if attempt:
                self.sent.resent += len(refused)
                time.sleep(back_off_seconds(attempt))
            refused, reason = self._put(refused)
            if not refused:
                return
        raise LabError(
            _("{count} of the events were refused {attempts} times; {sent} had been sent.").format(
                count=len(refused), attempts=MAXIMUM_ATTEMPTS, sent=self.sent.events
            ),
            why=reason,
            next_step=_("Send more slowly (--rate), or give the stream more shards."),
        )

    def _put(self, batch: list[Event]) -> tuple[list[Event], str]:
        """Send once; return what was refused, and why."""
        entries: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": event.payload, "PartitionKey": event.key} for event in batch
        ]
        answer = self._kinesis.put_records(StreamName=self._stream, Records=entries)
        refused: list[Event] = []
        reason = ""
        for event, result in zip(batch, answer["Records"], strict=True):
            if code := result.get("ErrorCode"):
                refused.append(event)
                reason = f"{code}: {result.get('ErrorMessage', '')}"
            else:
                self.sent.by_shard[result.get("ShardId", "")] += 1
        self._advanced(len(batch) - len(refused))
        return refused, reason


def back_off_seconds(attempt: int) -> float:
    """Return how long to wait before attempt `attempt` (from 1): twice as long each time, at random within that.

    "Full jitter", AWS Architecture Blog, Exponential Backoff And Jitter.
    """
    return random.uniform(0, min(LONGEST_WAIT_SECONDS, 0.1 * 2**attempt))  # noqa: S311  (no secret depends on it)
