"""How long to wait before something is tried again."""

from __future__ import annotations

import random


def back_off_seconds(attempt: int, *, first: float, longest: float) -> float:
    """Return how long to wait after attempt `attempt` (from 0): twice as long each time, at random within that.

    "Full jitter" (AWS Architecture Blog, Exponential Backoff And Jitter): it keeps many from coming back at once.

    Args:
        attempt: how many were made before this one.
        first: seconds after the first attempt, at most.
        longest: seconds, at most.
    """
    return random.uniform(0, min(longest, first * 2**attempt))  # noqa: S311  (no secret depends on it)
