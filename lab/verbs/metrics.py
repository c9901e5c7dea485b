"""`lab metrics`: a function's figures from CloudWatch."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from lab.command_line import LOCAL_STACK, AsJson, FunctionName, Since, Stack, VerbApp
from lab.numbers import decimal, whole
from lab.target import Target
from lab.terminal import note, say, say_json, styled, table
from lab.times import moment, shown
from languages import gettext as _

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

app = VerbApp()

_STATISTICS = {
    "Invocations": ("Sum",),
    "Errors": ("Sum",),
    "Throttles": ("Sum",),
    "Duration": ("Average", "Maximum"),
    "IteratorAge": ("Average", "Maximum"),
}
_MINUTE = 60
_MOST_POINTS = 1440


@app.verb(
    "metrics",
    details=_(
        "Invocations, Errors, Throttles and Duration are of every invocation. IteratorAge is how old the newest record "
        "of a batch was when the function was called: it grows while a consumer falls behind."
    ),
    json_shape="""\
{"function": NAME, "since": TIME, "Invocations": N, "Errors": N, "Throttles": N,
 "Duration": {"average": MS, "maximum": MS} or null,
 "IteratorAge": {"average": MS, "maximum": MS} or null}""",
    examples=("lab metrics basic", "lab metrics basic --since 10m", "lab metrics basic --json | jq .Errors"),
)
def metrics(
    name: FunctionName,
    *,
    since: Since = "1h",
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Ask for them, print them."""
    oldest = moment(since, option="--since")
    target = Target(stack)
    function = target.function_name(name)
    found = read_metrics(target.clients.cloudwatch, function, oldest)
    if as_json:
        say_json({"function": function, "since": shown(oldest), **found})
        return
    say(styled(_("{function} since {time}").format(function=function, time=shown(oldest)), "bold"))
    rows = [(metric, *_cells(value)) for metric, value in found.items()]
    table((_("metric"), _("sum"), _("average"), _("greatest")), rows)
    if not found["Invocations"]:
        note(_("The function was not invoked in this time. Look further back: --since 1d"))


def _cells(value: int | dict[str, float] | None) -> tuple[str, str, str]:
    """Return the sum, or average and maximum."""
    if isinstance(value, dict):
        return "", f"{decimal(value['average'])} ms", f"{decimal(value['maximum'])} ms"
    return ("-" if value is None else whole(value)), "", ""


def read_metrics(cloudwatch: CloudWatchClient, function: str, oldest: dt.datetime) -> dict[str, Any]:
    """Return the sums, and of times average and maximum in milliseconds (None where there is nothing).

    Args:
        cloudwatch: the client.
        function: its name.
        oldest: from when on.
    """
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=_MINUTE)
    minutes = int((now - oldest).total_seconds() / _MINUTE) + 1
    # A period is a multiple of a minute, and CloudWatch gives at most 1,440 of them at once.
    period = _MINUTE * (minutes // _MOST_POINTS + 1)
    found: dict[str, Any] = {}
    for metric, statistics in _STATISTICS.items():
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=oldest,
            EndTime=now,
            Period=period,
            Statistics=["Sum", "Maximum", "SampleCount"],
        )["Datapoints"]
        total = sum(point.get("Sum", 0.0) for point in points)
        if statistics == ("Sum",):
            found[metric] = round(total)
            continue
        samples = sum(point.get("SampleCount", 0.0) for point in points)
        greatest = max((point.get("Maximum", 0.0) for point in points), default=0.0)
        found[metric] = {"average": total / samples, "maximum": greatest} if samples else None
    return found
