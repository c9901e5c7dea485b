"""What AWS bills for an invocation."""

from __future__ import annotations

import math


def billed_milliseconds(duration_ms: float, init_ms: float | None) -> int:
    """Return what AWS bills: since August 2025 the initialization too, rounded up to a millisecond."""
    return max(1, math.ceil(duration_ms + (init_ms or 0.0)))
