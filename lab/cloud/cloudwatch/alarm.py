"""What an alarm makes of the last data points: a pure function, and AWS's words for why.

"Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" of the CloudWatch user guide: more points
are looked at than the evaluation periods, real ones are preferred to missing ones however they are treated, and an
alarm that treats missing as missing does not begin with the newest point alone.
"""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

MORE_PERIODS = 2
"""How many periods beyond the evaluation periods are looked at (three of three look at five, in the guide's tables)."""
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_TREATED_AS = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


@dataclass(frozen=True, slots=True)
class Datapoint:
    """A statistic over one period that begins at `at` (seconds since the epoch), of so many samples."""

    at: float
    value: float
    samples: float


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alarm compares, and how many data points it takes."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: str

    @property
    def periods_looked_at(self) -> int:
        """Return how many periods are looked at."""
        return self.evaluation_periods + MORE_PERIODS

    def breaches(self, point: Datapoint) -> bool:
        """Say whether a data point is beyond the threshold."""
        return COMPARISONS[self.comparison][0](point.value, self.threshold)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state an alarm is in, and why."""

    state: State
    reason: str
    points: tuple[Datapoint, ...]


def evaluate(rule: Rule, points: Sequence[Datapoint | None], state: State) -> Verdict:
    """Return the state an alarm should be in.

    Args:
        rule: the alarm's.
        points: one for each period that is looked at, oldest first; None where there is no data.
        state: the state it is in.
    """
    present = [point for point in points if point]
    considered = present[-rule.evaluation_periods :]
    missing = rule.evaluation_periods - len(considered)
    breaching = [point for point in considered if rule.breaches(point)]
    treat = rule.treat_missing_data
    counted = len(breaching) + (missing if treat == "breaching" else 0)
    if counted >= rule.datapoints_to_alarm:
        return _crossed(rule, "ALARM", considered, breaching, missing)
    if not present:
        return _without_data(rule, treat, missing, state)
    if treat in _TREATED_AS or len(breaching) < len(considered):
        others = [point for point in considered if not rule.breaches(point)]
        return _crossed(rule, "OK", considered, others, missing)
    # All there is breaches, but it is too little. `missing` takes it for an alarm once it is old enough.
    oldest = len(points) - next(index for index, point in enumerate(points) if point)
    if treat == "missing" and oldest >= rule.datapoints_to_alarm:
        return _crossed(rule, "ALARM", considered, breaching, missing)
    return Verdict(state, "", tuple(considered))


def _without_data(rule: Rule, treat: str, missing: int, state: State) -> Verdict:
    if treat == "ignore":
        return Verdict(state, "", ())
    if treat == "notBreaching":
        return _crossed(rule, "OK", [], [], missing)
    were = "datapoint was" if missing == 1 else "datapoints were"
    return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {missing} {were} unknown.", ())


def _crossed(rule: Rule, new: State, considered: list[Datapoint], deciding: list[Datapoint], missing: int) -> Verdict:
    if not deciding:
        periods, points = _plural(missing, "period"), _plural(missing, "missing datapoint")
        were = "was" if missing == 1 else "were"
        treated = _TREATED_AS.get(rule.treat_missing_data, "Missing")
        reason = f"no datapoints were received for {periods} and {points} {were} treated as [{treated}]."
        return Verdict(new, f"Threshold Crossed: {reason}", tuple(considered))
    shown = ", ".join(f"{p.value} ({datetime.fromtimestamp(p.at, UTC):%d/%m/%y %H:%M:%S})" for p in reversed(deciding))
    were = "was" if len(deciding) == 1 else "were"
    against = "" if new == "ALARM" else "not "
    needed = rule.datapoints_to_alarm
    if new == "OK":
        needed = rule.evaluation_periods - needed + 1
    reason = (
        f"{len(deciding)} out of the last {len(considered)} datapoints [{shown}] {were} {against}"
        f"{COMPARISONS[rule.comparison][1]} the threshold ({rule.threshold}) "
        f"(minimum {_plural(needed, 'datapoint')} for {'ALARM -> OK' if new == 'OK' else 'OK -> ALARM'} transition)."
    )
    return Verdict(new, f"Threshold Crossed: {reason}", tuple(considered))


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def reason_data(rule: Rule, verdict: Verdict, *, statistic: str, period: int, now: float) -> str:
    """Return StateReasonData: what the verdict was made of, as JSON."""
    points = verdict.points
    data: dict[str, Any] = {
        "version": "1.0",
        "queryDate": _stamp(now),
        **({"startDate": _stamp(points[0].at)} if points else {}),
        "statistic": statistic,
        "period": period,
        "recentDatapoints": [point.value for point in points],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [
            {"timestamp": _stamp(p.at), "sampleCount": p.samples, "value": p.value} for p in reversed(points)
        ],
    }
    return json.dumps(data, separators=(",", ":"))


def _stamp(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.{int(moment % 1 * 1000):03d}+0000"
