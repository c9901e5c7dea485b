"""The records of one shard in memory: three columns instead of an object per record.

A small record costs its data, its partition key and about 120 bytes; nothing is decoded, encoded or copied before
somebody reads it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple


class KinesisRecord(NamedTuple):
    """A record as it is read in-process.

    Attributes:
        sequence_number: its sequence number.
        arrived: when it arrived, seconds since the epoch with milliseconds.
        partition_key: its partition key.
        data: its bytes.
    """

    sequence_number: str
    arrived: float
    partition_key: str
    data: bytes


class Records:
    """The records of a shard, oldest first.

    Args:
        ending: what the shard's sequence numbers end with.
    """

    __slots__ = ("_data", "_ending", "_keys", "_stamps")

    def __init__(self, ending: str) -> None:
        self._ending = ending
        self._stamps = array("Q")
        self._keys: list[str] = []
        self._data: list[bytes] = []

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._stamps)

    def append(self, stamp: int, key: str, data: bytes) -> None:
        """Add the newest record."""
        self._stamps.append(stamp)
        self._keys.append(key)
        self._data.append(data)

    def read(self, after: int, limit: int, most_bytes: int | None = None) -> list[KinesisRecord]:
        """Return records behind a stamp.

        Args:
            after: the stamp.
            limit: at most so many records.
            most_bytes: stop before the data passes this; the first record is returned whatever its size.
        """
        begin = bisect_right(self._stamps, after)
        end = min(begin + limit, len(self._stamps))
        if most_bytes is not None:
            end = self._end_within(begin, end, most_bytes)
        ending = self._ending
        return [
            KinesisRecord(f"49{stamp:018d}{ending}", stamp // 1000 / 1000, key, data)
            for stamp, key, data in zip(
                self._stamps[begin:end], self._keys[begin:end], self._data[begin:end], strict=True
            )
        ]

    def _end_within(self, begin: int, end: int, most_bytes: int) -> int:
        size = 0
        for position in range(begin, end):
            size += len(self._data[position])
            if size > most_bytes and position > begin:
                return position
        return end

    def count_after(self, stamp: int) -> int:
        """Return how many records lie behind a stamp."""
        return len(self._stamps) - bisect_right(self._stamps, stamp)

    def first_after(self, stamp: int) -> int | None:
        """Return the stamp of the first record behind a stamp."""
        position = bisect_right(self._stamps, stamp)
        return self._stamps[position] if position < len(self._stamps) else None

    def expire(self, horizon: int) -> int:
        """Forget what arrived before a stamp; return how many those were."""
        count = bisect_left(self._stamps, horizon)
        if count:
            del self._stamps[:count], self._keys[:count], self._data[:count]
        return count
