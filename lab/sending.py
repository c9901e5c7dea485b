"""Sends events to a stream at a given rate, and counts where they went; handlers/shared has how a producer sends."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handlers.shared.records_producer import MAXIMUM_ATTEMPTS, MAXIMUM_RECORDS, OutgoingRecord, batches, send_batch
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_kinesis.client import KinesisClient

Event = OutgoingRecord
"""One event to send."""

_BATCHES_PER_SECOND = 10  # at a given rate, so that it is even


@dataclass
class Sent:
    """What became of the events."""

    by_shard: Counter[str] = field(default_factory=Counter[str])
    """Accepted events, by the shard they went to."""
    without_shard: int = 0
    """Accepted events whose shard nobody told: a table and an API do not say it."""
    resent: int = 0
    """How often an event was sent again because it had been refused."""

    @property
    def events(self) -> int:
        """How many were accepted."""
        return self.by_shard.total() + self.without_shard


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
        refused = send_batch(self._kinesis, self._stream, batch, self._accepted, resending=self._resending)
        if refused.records:
            raise LabError(
                _("{count} of the events were refused {attempts} times; {sent} had been sent.").format(
                    count=len(refused.records), attempts=MAXIMUM_ATTEMPTS, sent=self.sent.events
                ),
                why=refused.reason,
                next_step=_("Send more slowly (--rate), or give the stream more shards."),
            )

    def _accepted(self, _event: Event, shard: str) -> None:
        self.sent.by_shard[shard] += 1
        self._advanced(1)

    def _resending(self, count: int) -> None:
        self.sent.resent += count
