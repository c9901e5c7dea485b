"""Alarms watch by themselves: every second each one looks at its metric, as CloudWatch does every minute.

The periods end now, not with the minute, so that every one of them is complete and a learner need not wait for the
clock: what breaches is seen within a second or two.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from lab.cloud.cloudwatch.alarm import Datapoint, Verdict, evaluate, reason_data
from lab.cloud.cloudwatch.alarm_settings import Watched, watched
from lab.cloud.cloudwatch.distribution import Distribution
from lab.cloud.emulator import alarms

if TYPE_CHECKING:
    from lab.cloud.cloudwatch.metrics import Metrics

_log = logging.getLogger("lab.cloudwatch")


def watch(metrics: Metrics) -> bool:
    """Let every alarm look at its metric; say whether one changed its state."""
    changed = False
    for alarm in alarms.metric_alarms():
        try:
            changed |= _look(metrics, alarm)
        except Exception:  # noqa: BLE001  (one alarm that cannot be evaluated must not blind the others)
            _log.exception("The alarm %s could not be evaluated.", alarm.get("AlarmName"))
    return changed


def _look(metrics: Metrics, alarm: dict[str, Any]) -> bool:
    what = watched(alarm)
    if what is None:
        return False
    now = time.time()
    verdict = evaluate(what.rule, datapoints(metrics, what, now), alarm["StateValue"])
    if verdict.state == alarm["StateValue"]:
        return False
    _change(alarm, what, verdict, now)
    return True


def _change(alarm: dict[str, Any], what: Watched, verdict: Verdict, now: float) -> None:
    data = reason_data(what.rule, verdict, statistic=what.statistic, period=what.period, now=now)
    alarms.change_state(alarm, verdict.state, verdict.reason, data)


def datapoints(metrics: Metrics, what: Watched, now: float) -> list[Datapoint | None]:
    """Return the data points of the periods that are looked at, oldest first; None where there is no data.

    Args:
        metrics: all there are.
        what: what the alarm watches.
        now: where the last period ends, in seconds since the epoch.
    """
    # Values are kept by the second: the second that runs belongs to the last period.
    end = int(now) + 1
    begin = end - what.period * what.rule.periods_looked_at
    periods: list[Distribution | None] = [None] * what.rule.periods_looked_at
    for moment, _unit, values in metrics.between(what.metric, begin, end, what.unit):
        # What is older is known by the minute; a minute may have begun before the first period.
        index = max(0, moment - begin) // what.period
        merged = periods[index] = periods[index] or Distribution()
        merged.merge(values)
    points: list[Datapoint | None] = []
    for index, values in enumerate(periods):
        value = values.statistic(what.statistic) if values else None
        at = begin + index * what.period
        points.append(None if values is None or value is None else Datapoint(at, value, values.count))
    return points
