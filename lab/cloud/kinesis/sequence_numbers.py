"""Sequence numbers: 56 digits that grow with time, also over restarts and when the clock jumps back.

A number holds a stamp (microseconds since the epoch, no two alike in one cloud), its stream and its shard:

    49 | stamp, 18 digits | the stream's own stamp, 24 digits | shard, 12 digits

The stamp comes first, so numbers of one stream sort by time whatever their shard. Because a record's arrival time is
its stamp, every position in a shard (a sequence number, a time, LATEST, TRIM_HORIZON) is one integer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = 56
_PREFIX = "49"
MICROSECONDS = 1_000_000


class Place(NamedTuple):
    """What a sequence number says: when, in which stream, in which shard."""

    stamp: int
    stream: int
    shard: int


def suffix(stream: int, shard: int) -> str:
    """Return what all sequence numbers of a shard end with."""
    return f"{stream:024d}{shard:012d}"


def sequence_number(stamp: int, ending: str) -> str:
    """Return the sequence number of a stamp; `ending` is the shard's `suffix`."""
    return f"49{stamp:018d}{ending}"


def parse(text: str) -> Place | None:
    """Read a sequence number; None when it is none of ours."""
    if len(text) != DIGITS or not text.startswith(_PREFIX) or not (text.isascii() and text.isdigit()):
        return None
    return Place(int(text[2:20]), int(text[20:44]), int(text[44:]))


def seconds(stamp: int) -> float:
    """Return a stamp as seconds since the epoch, with AWS's millisecond precision."""
    return stamp // 1000 / 1000


def microseconds(moment: float) -> int:
    """Return seconds since the epoch as a stamp."""
    return round(moment * MICROSECONDS)


class Ticker:
    """Gives out stamps: the time, or one more than the last when the clock stood still or jumped back.

    Args:
        now: the clock, in microseconds since the epoch.
    """

    def __init__(self, now: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._now = now
        self.last = 0
        """The newest stamp that was given out, or seen in what an earlier life wrote."""

    def now(self) -> int:
        """Return the clock's time, without giving out a stamp."""
        return self._now()

    def next(self, count: int = 1) -> int:
        """Give out `count` stamps in a row and return the first."""
        first = max(self._now(), self.last + 1)
        self.last = first + count - 1
        return first

    def seen(self, stamp: int) -> None:
        """Never again give out a stamp up to this one."""
        self.last = max(self.last, stamp)
