"""What was measured: each metric's values, by second while they are young, by minute later."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.cloud.cloudwatch.distribution import Distribution, statistic_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MINUTE = 60
SECONDS_KEPT = 5 * MINUTE
"""For how long a metric is known by the second; CloudWatch knows the usual ones by the minute only."""
HIGH_RESOLUTION_SECONDS_KEPT = 3 * 3600
"""The same of one with a storage resolution of one second, as on AWS ("Metrics retention")."""
MINUTES_KEPT = 15 * 24 * 3600
"""For how long it is known at all: AWS goes on with five minutes and hours, a lab's cloud does not live so long."""


class Metric(NamedTuple):
    """What a metric is identified by: all of it, exactly."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, scope: tuple[str, str], namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """Return the metric of an account and region with these dimensions, in any order."""
        return cls(*scope, namespace, name, tuple(sorted(dimensions.items())))


@dataclass(slots=True)
class _Timeline:
    """One metric in one unit."""

    high_resolution: bool = False
    seconds: dict[int, Distribution] = field(default_factory=dict[int, Distribution])
    minutes: dict[int, Distribution] = field(default_factory=dict[int, Distribution])

    def at(self, moment: float) -> Distribution:
        return self.seconds.setdefault(int(moment), Distribution())

    def between(self, begin: float, end: float) -> Iterator[tuple[int, Distribution]]:
        for kept, width in ((self.seconds, 1), (self.minutes, MINUTE)):
            steps = range(-int(-begin // width) * width, -int(-end // width) * width, width)
            moments: Iterable[int] = steps if len(steps) < len(kept) else sorted(m for m in kept if begin <= m < end)
            for moment in moments:
                if found := kept.get(moment):
                    yield moment, found

    def forget(self, now: float) -> None:
        kept = HIGH_RESOLUTION_SECONDS_KEPT if self.high_resolution else SECONDS_KEPT
        for second in [second for second in self.seconds if second < now - kept]:
            minute = self.minutes.setdefault(second // MINUTE * MINUTE, Distribution())
            minute.merge(self.seconds.pop(second))
        for minute in [minute for minute in self.minutes if minute < now - MINUTES_KEPT]:
            del self.minutes[minute]


class Metrics:
    """All metrics of a cloud."""

    def __init__(self) -> None:
        self._timelines: dict[Metric, dict[str, _Timeline]] = {}

    def record(
        self, metric: Metric, value: float, unit: str = "None", *, at: float | None = None, times: float = 1.0,
        high_resolution: bool = False,
    ) -> None:  # fmt: skip
        """Add a value that was seen so many times.

        Args:
            metric: of what.
            value: the value.
            unit: CloudWatch's name of its unit.
            at: when, in seconds since the epoch; now when None.
            times: how often it was seen.
            high_resolution: whether it is to be known by the second for long.
        """
        self._at(metric, unit, at, high_resolution=high_resolution).add(value, times)

    def record_set(
        self, metric: Metric, statistics: tuple[float, float, float, float], unit: str = "None", *, at: float | None,
        high_resolution: bool = False,
    ) -> None:  # fmt: skip
        """Add a statistic set: sample count, sum, minimum, maximum."""
        self._at(metric, unit, at, high_resolution=high_resolution).merge(statistic_set(*statistics))

    def _at(self, metric: Metric, unit: str, at: float | None, *, high_resolution: bool) -> Distribution:
        timeline = self._timelines.setdefault(metric, {}).setdefault(unit, _Timeline())
        timeline.high_resolution |= high_resolution
        return timeline.at(time.time() if at is None else at)

    def meter(self, metric: Metric, unit: str) -> Callable[[float], None]:
        """Return what adds values of now, for what is measured so often that looking it up would cost.

        Args:
            metric: of what.
            unit: CloudWatch's name of its unit.
        """
        second, values = 0, Distribution()

        def add(value: float) -> None:
            nonlocal second, values
            if (now := int(time.time())) != second:
                second, values = now, self._at(metric, unit, now, high_resolution=False)
            values.add(value)

        return add

    def between(
        self, metric: Metric, begin: float, end: float, unit: str | None = None
    ) -> Iterator[tuple[int, str, Distribution]]:
        """Give what a metric was, from `begin` on and before `end`: the moment, the unit, the values.

        Args:
            metric: which.
            begin: seconds since the epoch.
            end: seconds since the epoch.
            unit: only what was measured in this unit.
        """
        for its_unit, timeline in self._timelines.get(metric, {}).items():
            if unit in (None, its_unit):
                for moment, values in timeline.between(begin, end):
                    yield moment, its_unit, values

    def known(self) -> Iterator[tuple[Metric, float]]:
        """Give each metric and when it was measured last."""
        for metric, timelines in self._timelines.items():
            moments = [max(kept) for line in timelines.values() for kept in (line.seconds, line.minutes) if kept]
            if moments:
                yield metric, max(moments)

    def forget_old(self, now: float) -> None:
        """Make what is old coarser, and forget what is very old."""
        for metric, timelines in list(self._timelines.items()):
            for unit, timeline in list(timelines.items()):
                timeline.forget(now)
                if not timeline.seconds and not timeline.minutes:
                    del timelines[unit]
            if not timelines:
                del self._timelines[metric]

    def clear(self) -> None:
        """Forget everything."""
        self._timelines.clear()

    def saved(self) -> list[Any]:
        """Return everything as JSON has it."""
        return [
            [*metric, unit, line.high_resolution, _saved(line.seconds), _saved(line.minutes)]
            for metric, timelines in self._timelines.items()
            for unit, line in timelines.items()
        ]

    def restore(self, saved: list[Any]) -> None:
        """Take up again what was saved."""
        self.clear()
        for account, region, namespace, name, dimensions, unit, high_resolution, seconds, minutes in saved:
            metric = Metric.of((account, region), namespace, name, dict(dimensions))
            timeline = _Timeline(high_resolution, _restored(seconds), _restored(minutes))
            self._timelines.setdefault(metric, {})[unit] = timeline


def _saved(kept: dict[int, Distribution]) -> list[Any]:
    return [[moment, values.saved()] for moment, values in kept.items()]


def _restored(saved: list[Any]) -> dict[int, Distribution]:
    return {moment: Distribution.restored(values) for moment, values in saved}
