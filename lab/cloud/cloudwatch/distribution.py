"""The values a metric had in some span of time, small however many there were."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

SIGNIFICANT_DIGITS = 4
"""How exactly single values are kept, for percentiles; sum, smallest and greatest are exact."""
BASIC_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")


@dataclass(slots=True)
class Distribution:
    """Values and how often each was seen.

    Attributes:
        count: how many.
        total: their sum.
        minimum: the smallest.
        maximum: the greatest.
        values: how often each was seen; None when that is not known (a published statistic set): no percentiles then.
    """

    count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    values: dict[float, float] | None = field(default_factory=dict[float, float])

    def add(self, value: float, times: float = 1.0) -> None:
        """Add a value that was seen so many times."""
        self.count += times
        self.total += value * times
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        if self.values is not None:
            kept = value if value == int(value) else float(f"{value:.{SIGNIFICANT_DIGITS}g}")
            self.values[kept] = self.values.get(kept, 0.0) + times

    def merge(self, other: Distribution) -> None:
        """Add all that another one has."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        if self.values is None or other.values is None:
            self.values = None
            return
        for value, times in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + times

    def statistic(self, name: str) -> float | None:
        """Return a statistic by CloudWatch's name for it; None where these values have none."""
        match name:
            case "SampleCount":
                return self.count
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
            case _:
                return self._percentile(float(name.removeprefix("p")))

    def _percentile(self, percent: float) -> float | None:
        """Return a percentile, interpolated linearly; CloudWatch has none where a value is negative."""
        if not self.values or self.minimum < 0:
            return None
        ordered = sorted(self.values.items())
        seen = list(accumulate(times for _, times in ordered))
        rank = percent / 100 * max(0.0, self.count - 1)

        def at(index: float) -> float:
            return ordered[min(bisect_right(seen, index), len(ordered) - 1)][0]

        below = at(math.floor(rank))
        value = below + (at(math.floor(rank) + 1) - below) * (rank % 1)
        return min(max(value, self.minimum), self.maximum)

    def saved(self) -> list[Any]:
        """Return all of it as JSON has it."""
        values = None if self.values is None else list(self.values.items())
        return [self.count, self.total, self.minimum, self.maximum, values]

    @classmethod
    def restored(cls, saved: list[Any]) -> Distribution:
        """Return what was saved."""
        count, total, minimum, maximum, values = saved
        return cls(count, total, minimum, maximum, None if values is None else dict(values))


def statistic_set(count: float, total: float, minimum: float, maximum: float) -> Distribution:
    """Return a published statistic set; it has percentiles only where all its values are the same one."""
    same = minimum == maximum and total == minimum * count
    return Distribution(count, total, minimum, maximum, {minimum: count} if same else None)


def is_percentile(name: str) -> bool:
    """Say whether a statistic is a percentile, such as p99 or p99.9."""
    return _PERCENTILE.fullmatch(name) is not None
