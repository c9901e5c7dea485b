"""Time as the mappings see it: one place to read it, to wait, and to shorten the long waits."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MOST_SECONDS = 10.0
"""Lambda retries with an increasing wait whose figures AWS does not publish; these are ours."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Real time, with the long waits scaled.

    Attributes:
        scale: 0.1 makes record ages, back-off and windows ten times shorter; the order of events stays.
    """

    scale: float = 1.0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        return time.monotonic()

    def scaled(self, seconds: float) -> float:
        """Return how long a wait of AWS takes here."""
        return seconds * self.scale

    def backoff(self, attempt: int) -> float:
        """Return the wait before the next attempt, in seconds, after `attempt` that did not succeed."""
        longest = min(BACKOFF_MOST_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** min(attempt - 1, 16))
        return self.scaled(longest) * random.uniform(0.8, 1.2)  # noqa: S311  (jitter, no secret)
