"""Writing metrics and asking for them: PutMetricData, GetMetricStatistics, GetMetricData, ListMetrics.

Limits and messages from the CloudWatch API reference.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from lab.cloud.cloudwatch.distribution import BASIC_STATISTICS, Distribution, is_percentile
from lab.cloud.cloudwatch.metrics import MINUTE, Metric
from lab.cloud.cloudwatch.wire import CloudWatchError, Members, Moment

if TYPE_CHECKING:
    from lab.cloud.cloudwatch.metrics import Metrics

FINE_PERIODS = (1, 5, 10, 20, 30)
MOST_DATAPOINTS = 1440
MOST_METRICS_LISTED = 500
MOST_DIMENSIONS = 30
MOST_DATA = 1000
MOST_VALUES = 150
RECENT_SECONDS = 3 * 3600
OLDEST_SECONDS, NEWEST_SECONDS = 14 * 24 * 3600, 2 * 3600
_BOUND = 2.0**360


def invalid(message: str) -> CloudWatchError:
    """Return the error of a value that is not allowed."""
    return CloudWatchError("InvalidParameterValue", message)


def dimensions_of(members: Members) -> dict[str, str]:
    """Return the dimensions that an object names."""
    given = members.each("Dimensions")
    if len(given) > MOST_DIMENSIONS:
        raise invalid(f"The collection Dimensions must not have a size greater than {MOST_DIMENSIONS}.")
    return {each.needed_text("Name"): each.needed_text("Value") for each in given}


def check_period(period: int | None) -> int:
    """Return a period in seconds.

    Raises:
        CloudWatchError: it is not one.
    """
    if period is None:
        raise CloudWatchError("MissingParameter", "The parameter Period is required.")
    if period < 1 or (period not in FINE_PERIODS and period % MINUTE):
        allowed = ", ".join(map(str, FINE_PERIODS))
        raise invalid(f"The parameter Period must be a value in the set [ {allowed} ] or a multiple of {MINUTE}.")
    return period


def check_statistic(name: str) -> str:
    """Return the name of a statistic.

    Raises:
        CloudWatchError: it is none, or one that this cloud does not know (trimmed means and the like).
    """
    if name in BASIC_STATISTICS or is_percentile(name):
        return name
    raise invalid(f"The value {name} for parameter Stat is not supported.")


# --- writing ---------------------------------------------------------------------------------------------------------


def put_metric_data(metrics: Metrics, scope: tuple[str, str], request: Members) -> dict[str, Any]:
    """Write metrics: all of the request, or nothing."""
    namespace = request.needed_text("Namespace")
    if namespace.startswith("AWS/"):
        raise invalid(f"The value {namespace} for parameter Namespace is invalid.")
    data = request.each("MetricData")
    if len(data) > MOST_DATA:
        raise invalid(f"The collection MetricData must not have a size greater than {MOST_DATA}.")
    for write in [_datum(metrics, scope, namespace, datum) for datum in data]:
        write()
    return {}


def _datum(metrics: Metrics, scope: tuple[str, str], namespace: str, datum: Members) -> Any:
    """Check a datum; return what writes it."""
    metric = Metric.of(scope, namespace, datum.needed_text("MetricName"), dimensions_of(datum))
    unit = datum.text("Unit") or "None"
    at = datum.moment("Timestamp")
    now = time.time()
    if at is not None and not now - OLDEST_SECONDS <= at <= now + NEWEST_SECONDS:
        raise invalid(
            "The parameter MetricData.member.Timestamp must be no more than two weeks old or two hours ahead."
        )
    resolution = datum.whole("StorageResolution")
    if resolution not in (None, 1, MINUTE):
        raise invalid("The parameter StorageResolution must be 1 or 60.")
    fine = resolution == 1
    value, values, statistics = datum.number("Value"), datum.numbers("Values"), datum.part("StatisticValues")
    if sum((value is not None, bool(values), bool(statistics.values))) != 1:
        raise CloudWatchError(
            "InvalidParameterCombination",
            "Exactly one of the parameters Value, Values and StatisticValues must be specified.",
        )
    if statistics.values:
        parts = [statistics.number(name) for name in ("SampleCount", "Sum", "Minimum", "Maximum")]
        numbers = _checked([part for part in parts if part is not None])
        if len(numbers) != len(parts) or numbers[0] <= 0:
            raise invalid("StatisticValues needs SampleCount (more than 0), Sum, Minimum and Maximum.")
        count, total, least, most = numbers
        return lambda: metrics.record_set(metric, (count, total, least, most), unit, at=at, high_resolution=fine)
    seen = _checked(values or [value or 0.0])
    counts = _checked(datum.numbers("Counts")) or [1.0] * len(seen)
    if len(counts) != len(seen) or len(seen) > MOST_VALUES or min(counts) <= 0:
        raise invalid(f"Values and Counts must be of the same length, at most {MOST_VALUES}, and Counts more than 0.")

    def write() -> None:
        for each, times in zip(seen, counts, strict=True):
            metrics.record(metric, each, unit, at=at, times=times, high_resolution=fine)

    return write


def _checked(numbers: list[float]) -> list[float]:
    if not all(math.isfinite(number) and abs(number) <= _BOUND for number in numbers):
        raise invalid("NaN, infinity and values beyond -2^360 to 2^360 are not supported.")
    return numbers


# --- asking ----------------------------------------------------------------------------------------------------------


def get_metric_statistics(metrics: Metrics, scope: tuple[str, str], request: Members) -> dict[str, Any]:
    """Return the statistics of one metric, period by period; oldest first."""
    metric = Metric.of(scope, request.needed_text("Namespace"), request.needed_text("MetricName"),
                       dimensions_of(request))  # fmt: skip
    begin, end = _span(request)
    period = check_period(request.whole("Period"))
    if (points := (end - begin) / period) > MOST_DATAPOINTS:
        raise CloudWatchError(
            "InvalidParameterCombination",
            f"You have requested up to {math.ceil(points):,} datapoints, which exceeds the limit of "
            f"{MOST_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, or decreasing the "
            "time range.",
        )
    basic, extended = request.texts("Statistics"), request.texts("ExtendedStatistics")
    if not basic and not extended:
        raise CloudWatchError(
            "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        )
    if wrong := [name for name in basic if name not in BASIC_STATISTICS]:
        raise invalid(f"The value {wrong[0]} for parameter Statistics is not supported.")
    if wrong := [name for name in extended if not is_percentile(name)]:
        raise invalid(f"The value {wrong[0]} for parameter ExtendedStatistics is not supported.")
    datapoints: list[dict[str, Any]] = []
    for (at, unit), values in _periods(metrics, metric, begin, end, period, request.text("Unit")).items():
        point: dict[str, Any] = {"Timestamp": Moment(at), "Unit": unit}
        point |= {name: values.statistic(name) for name in basic}
        found = {name: values.statistic(name) for name in extended}
        if present := {name: value for name, value in found.items() if value is not None}:
            point["ExtendedStatistics"] = present
        datapoints.append(point)
    return {"Label": metric.name, "Datapoints": datapoints}


def get_metric_data(metrics: Metrics, scope: tuple[str, str], request: Members) -> dict[str, Any]:
    """Return the values of several metrics; newest first unless it is asked otherwise."""
    begin, end = _span(request)
    ascending = request.text("ScanBy") == "TimestampAscending"
    results: list[dict[str, Any]] = []
    for query in request.each("MetricDataQueries"):
        name = query.needed_text("Id")
        stat, metric, period, statistic = metric_stat(scope, query)
        if not query.truth("ReturnData", default=True):
            continue
        merged: dict[float, Distribution] = {}
        for (at, _unit), values in _periods(metrics, metric, begin, end, period, stat.text("Unit")).items():
            merged.setdefault(at, Distribution()).merge(values)
        found = [(at, merged[at].statistic(statistic)) for at in sorted(merged, reverse=not ascending)]
        present = [(at, value) for at, value in found if value is not None]
        results.append(
            {
                "Id": name,
                "Label": query.text("Label") or metric.name,
                "Timestamps": [Moment(at) for at, _ in present],
                "Values": [value for _, value in present],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


def metric_stat(scope: tuple[str, str], query: Members) -> tuple[Members, Metric, int, str]:
    """Return a query's MetricStat: itself, the metric, the period in seconds, the statistic.

    Raises:
        CloudWatchError: it has none: it is an expression, and this cloud knows no metric math.
    """
    if query.has("Expression"):
        raise CloudWatchError("ValidationError", "The local cloud does not compute metric math expressions.")
    stat = query.part("MetricStat")
    metric = stat.part("Metric")
    identity = Metric.of(scope, metric.needed_text("Namespace"), metric.needed_text("MetricName"),
                         dimensions_of(metric))  # fmt: skip
    return stat, identity, check_period(stat.whole("Period")), check_statistic(stat.needed_text("Stat"))


def _span(request: Members) -> tuple[float, float]:
    """Return from when to when; the beginning on a minute, for periods are counted from it."""
    begin, end = request.moment("StartTime"), request.moment("EndTime")
    if begin is None or end is None:
        raise CloudWatchError("MissingParameter", "The parameters StartTime and EndTime are required.")
    if begin >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")
    return begin // MINUTE * MINUTE, end


def _periods(
    metrics: Metrics, metric: Metric, begin: float, end: float, period: int, unit: str | None
) -> dict[tuple[float, str], Distribution]:
    """Return a metric's values by the beginning of their period and their unit, in the order of time."""
    if period < MINUTE:
        begin = begin // period * period
    found: dict[tuple[float, str], Distribution] = {}
    for moment, its_unit, values in metrics.between(metric, begin, end, unit):
        at = begin + (moment - begin) // period * period
        found.setdefault((at, its_unit), Distribution()).merge(values)
    return dict(sorted(found.items()))


def list_metrics(metrics: Metrics, scope: tuple[str, str], request: Members) -> dict[str, Any]:
    """List metrics by namespace, name and dimensions, 500 at once."""
    wanted = [(each.needed_text("Name"), each.text("Value")) for each in request.each("Dimensions")]
    namespace, name = request.text("Namespace"), request.text("MetricName")
    after = request.text("NextToken") or "0"
    if not after.isdecimal():
        raise invalid("The parameter NextToken is invalid.")
    since = time.time() - RECENT_SECONDS if request.text("RecentlyActive") == "PT3H" else 0.0

    def matches(metric: Metric, newest: float) -> bool:
        has = dict(metric.dimensions)
        return (
            (metric.account, metric.region) == scope
            and namespace in (None, metric.namespace)
            and name in (None, metric.name)
            and all(key in has and value in (None, "", has[key]) for key, value in wanted)
            and newest >= since
        )

    found = sorted(metric for metric, newest in metrics.known() if matches(metric, newest))
    begin = int(after)
    page = found[begin : begin + MOST_METRICS_LISTED]
    listed = [
        {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
        }
        for metric in page
    ]
    more = begin + len(page) < len(found)
    return {"Metrics": listed} | ({"NextToken": str(begin + len(page))} if more else {})
