"""What PutMetricAlarm takes, checked as AWS checks it, and what of a stored alarm an evaluation needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.cloud.cloudwatch.alarm import COMPARISONS, Rule
from lab.cloud.cloudwatch.asking import FINE_PERIODS, check_statistic, dimensions_of, invalid, metric_stat
from lab.cloud.cloudwatch.metrics import MINUTE, Metric
from lab.cloud.cloudwatch.wire import CloudWatchError, Members

if TYPE_CHECKING:
    from collections.abc import Mapping

TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
ANOMALY_COMPARISONS = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold",
                       "GreaterThanUpperThreshold")  # fmt: skip
DAY, WEEK, HOUR = 86_400, 604_800, 3600


@dataclass(frozen=True, slots=True)
class Watched:
    """What an alarm watches: a metric's statistic over periods of so many seconds, and its rule."""

    metric: Metric
    unit: str | None
    statistic: str
    period: int
    rule: Rule


def check_alarm(request: Members) -> None:
    """Check what PutMetricAlarm was given.

    Raises:
        CloudWatchError: what is wrong.
    """
    request.needed_text("AlarmName")
    comparison = request.needed_text("ComparisonOperator")
    if comparison not in COMPARISONS and comparison not in ANOMALY_COMPARISONS:
        raise invalid(f"The value {comparison} for parameter ComparisonOperator is not supported.")
    treatment = request.text("TreatMissingData") or "missing"
    if treatment not in TREATMENTS:
        raise invalid(f"The value {treatment} for parameter TreatMissingData is not supported.")
    periods = _check_periods(request)
    if request.has("Metrics"):
        _check_queries(request)
    else:
        _check_metric(request, periods)


def _check_periods(request: Members) -> int:
    """Return the evaluation periods."""
    periods, enough = request.whole("EvaluationPeriods"), request.whole("DatapointsToAlarm")
    if periods is None:
        raise CloudWatchError("MissingParameter", "The parameter EvaluationPeriods is required.")
    if periods < 1:
        raise invalid("The parameter EvaluationPeriods must be greater than or equal to 1.")
    if enough is not None and enough > periods:
        raise CloudWatchError("ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    return periods


def _check_queries(request: Members) -> None:
    if request.has("MetricName") or request.has("Namespace"):
        raise CloudWatchError("ValidationError", "An alarm has either Metrics or one MetricName with Namespace.")
    for query in request.each("Metrics"):
        query.needed_text("Id")
        if not query.has("Expression"):
            metric_stat(("", ""), query)


def _check_metric(request: Members, periods: int) -> None:
    request.needed_text("Namespace")
    request.needed_text("MetricName")
    dimensions_of(request)
    threshold = request.number("Threshold")
    if threshold is None:
        raise CloudWatchError("MissingParameter", "The parameter Threshold is required.")
    if not math.isfinite(threshold):
        raise invalid(f"The value {threshold} for parameter Threshold is invalid.")
    statistics = [name for name in ("Statistic", "ExtendedStatistic") if request.has(name)]
    if len(statistics) != 1:
        raise CloudWatchError(
            "InvalidParameterCombination", "Exactly one of Statistic and ExtendedStatistic must be specified."
        )
    check_statistic(request.needed_text(statistics[0]))
    _check_span(request.whole("Period"), periods)


def _check_span(period: int | None, periods: int) -> None:
    if period is None:
        raise CloudWatchError("MissingParameter", "The parameter Period is required.")
    if period < 1 or (period not in FINE_PERIODS[2:] and period % MINUTE):
        raise invalid("Period must be 10, 20, 30 or a multiple of 60.")
    longest = WEEK if period >= HOUR else DAY
    if period * periods > longest:
        raise CloudWatchError(
            "ValidationError", f"Metrics cannot be checked across more than {longest // DAY} day(s): "
            "EvaluationPeriods * Period is too long.",
        )  # fmt: skip


def watched(alarm: Mapping[str, Any]) -> Watched | None:
    """Return what a stored alarm watches; None when it is something that this cloud cannot compute."""
    _, _, _, region, account, *_ = alarm["AlarmArn"].split(":")
    source = alarm
    if queries := alarm.get("Metrics"):
        returned = [query for query in queries if query.get("ReturnData") not in (False, "false")]
        if len(returned) != 1 or "MetricStat" not in returned[0]:
            return None
        stat = returned[0]["MetricStat"]
        source = {**stat["Metric"], "Period": stat["Period"], "Unit": stat.get("Unit"), "Statistic": stat["Stat"]}
    if alarm["ComparisonOperator"] not in COMPARISONS or not source.get("MetricName"):
        return None
    periods = int(alarm["EvaluationPeriods"])
    namespace = source["Namespace"]
    # Alarms on DynamoDB's metrics always ignore missing data ("PutMetricAlarm", TreatMissingData).
    treatment = "ignore" if namespace == "AWS/DynamoDB" else alarm.get("TreatMissingData") or "missing"
    return Watched(
        metric=Metric.of((account, region), namespace, source["MetricName"], dimensions_of(Members(dict(source)))),
        unit=source.get("Unit") or None,
        statistic=source.get("ExtendedStatistic") or source["Statistic"],
        period=int(source["Period"]),
        rule=Rule(
            comparison=alarm["ComparisonOperator"],
            threshold=float(alarm["Threshold"]),
            evaluation_periods=periods,
            datapoints_to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
            treat_missing_data=treatment,
        ),
    )
