"""When a batch is full: by count, by window, by size; a pure piece of the reader."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.event_source_mappings.batch import Record

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
"""The event as a whole never exceeds Lambda's 6 MB of synchronous payload."""
_OPENING, _SEPARATOR, _CLOSING = '{"Records":[', ",", "]}"
_ENVELOPE_BYTES = len(_OPENING) + len(_CLOSING)


@dataclass(frozen=True, slots=True)
class Collected:
    """One record on its way to the function.

    Attributes:
        record: its place and age.
        text: the record as the function will see it, as JSON in ASCII, so that its length is its size in bytes.
    """

    record: Record
    text: str


def payload(texts: list[str]) -> str:
    """Return the event of a batch: what the function is invoked with."""
    return _OPENING + _SEPARATOR.join(texts) + _CLOSING


class Collector:
    """The records of one lane that wait to become a batch, in order."""

    def __init__(self, batch_size: int, window_seconds: float) -> None:
        self._batch_size = batch_size
        self._window_seconds = window_seconds
        self._waiting: deque[Collected] = deque()
        self._waiting_bytes = 0
        self._window_began: float | None = None

    @property
    def size_bytes(self) -> int:
        """How much waits, as JSON."""
        return self._waiting_bytes

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, collected: Collected, now: float) -> None:
        """Take a record; the window begins with the first."""
        if self._window_began is None:
            self._window_began = now
        self._waiting.append(collected)
        self._waiting_bytes += len(collected.text) + len(_SEPARATOR)

    def arrivals(self) -> tuple[float, float] | None:
        """Return when the first and the last waiting record arrived, None when nothing waits."""
        return (self._waiting[0].record.arrived, self._waiting[-1].record.arrived) if self._waiting else None

    def due(self, now: float, *, closed: bool = False) -> float | None:
        """Return the seconds until a batch is due (0: now), None when nothing waits.

        Args:
            now: a clock that never jumps, seconds.
            closed: the shard has no more records, so waiting would be in vain.
        """
        if self._window_began is None:
            return None
        full = len(self._waiting) >= self._batch_size or self._waiting_bytes + _ENVELOPE_BYTES > PAYLOAD_LIMIT_BYTES
        if full or closed:
            return 0.0
        return max(0.0, self._window_began + self._window_seconds - now)

    def take(
        self, now: float, holds: Callable[[float], bool] = lambda _arrived: True, *, beside_bytes: int = 0
    ) -> list[Collected]:
        """Take the next batch: at most the batch size, at most 6 MB (a single larger record goes alone).

        Args:
            now: a clock that never jumps, seconds.
            holds: says by its arrival time whether a record may go into this batch; those behind one that may not wait.
            beside_bytes: what the event holds beside its records.
        """
        batch: list[Collected] = []
        size = _ENVELOPE_BYTES + beside_bytes
        while self._waiting and len(batch) < self._batch_size and holds(self._waiting[0].record.arrived):
            more = len(self._waiting[0].text) + len(_SEPARATOR)
            if batch and size + more > PAYLOAD_LIMIT_BYTES:
                break
            batch.append(self._waiting.popleft())
            self._waiting_bytes -= more
            size += more
        self._window_began = now if self._waiting else None
        return batch
